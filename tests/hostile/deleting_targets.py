"""Hostile targets that can be tested and not left clean: deletes that do not delete, or do not end.

They stand in the table of `targets.py`.
"""

from __future__ import annotations

from targets import BROKEN, TARGET, target

ANY = (0, 1, 3, 4)
SOME = "create-version or read-again or search-nothing or delete-unknown"


@target(*ANY, says="answered 200 to its delete and still gives it", good=True, select=SOME, seconds=90)
def says_it_deleted_and_keeps_it(conn):
    if conn.request.method == "DELETE":
        conn.json({"resourceType": "OperationOutcome", "issue": [{"severity": "information", "code": "informational"}]})
    else:
        conn.pass_on()


@target(*ANY, says="429", good=True, select=SOME, seconds=150)
def limits_deletes_for_ever(conn):
    if conn.request.method == "DELETE":
        conn.send("", 429, Retry_After="1")
    else:
        conn.pass_on()


@target(*ANY, says="broke off|CONFORMANT", good=True, select=SOME, seconds=90)
def breaks_off_now_and_then(conn):
    if conn.number % 7 == 0:
        conn.close()
    else:
        conn.pass_on()


@target(BROKEN, TARGET, says="nested", good=True, select=SOME, seconds=90)
def a_report_of_brackets(conn):
    below = conn.request.below
    if conn.request.method == "GET" and below.startswith("MeasureReport/"):
        conn.send(b'{"resourceType": "MeasureReport", "extension": ' + b"[" * 200_000)
    else:
        conn.pass_on()
