"""Hostile targets that speak nearly HTTP and nearly FHIR: odd codings, odd headers, odd Bundles, servers of two minds.

They stand in the table of `targets.py`.
"""

from __future__ import annotations

import gzip
import json
import socket
import struct

from targets import BROKEN, TARGET, target

ANY = (0, 1, 3, 4)
ESCAPES = "\x1b]0;owned\x07\x1b[2J\x1b]8;;http://evil.example\x07click\u202egnp.exe\u2066"


def changed(conn, change, types=("MeasureReport",)) -> None:
    """Pass on what the good server answers, with resources of these types changed."""
    answer = conn.good()
    found = answer.resource
    if isinstance(found, dict) and found.get("resourceType") in types:
        answer.body = json.dumps(change(found)).encode()
    conn.pass_on(answer)


def with_header(conn, name, value, *, add=False) -> None:
    answer = conn.good()
    if not add:
        answer.headers = [(n, v) for n, v in answer.headers if n.lower() != name.lower()]
    answer.headers.append((name, value))
    conn.pass_on(answer)


# ---- HTTP


@target(TARGET, says="HTTP|broke off", seconds=30)
def a_status_line_of_garbage(conn):
    conn.raw(b"HTTP/9.9 abc \xff\xfe\r\n\r\n")
    conn.close()


@target(0, 1, 4, says="CONFORMANT|INCOMPLETE", good=True)
def early_hints_and_trailers(conn):
    answer = conn.good()
    conn.raw(b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n")
    if not answer.body:
        conn.pass_on(answer)
        return
    skipped = {"content-length", "transfer-encoding", "connection"}
    head = [f"HTTP/1.1 {answer.status} X", "Transfer-Encoding: chunked", "Trailer: X-Sum"]
    head += [f"{n}: {v}" for n, v in answer.headers if n.lower() not in skipped]
    conn.raw("\r\n".join([*head, "", ""]).encode("latin-1"))
    for start in range(0, len(answer.body), 7):
        piece = answer.body[start : start + 7]
        conn.raw(b"%x;ext=1\r\n" % len(piece) + piece + b"\r\n")
    conn.raw(b"0\r\nX-Sum: 1\r\n\r\n")


@target(0, 1, 4, says="CONFORMANT|INCOMPLETE", good=True)
def gzip_upon_gzip(conn):
    answer = conn.good()
    answer.body = gzip.compress(gzip.compress(answer.body)) if answer.body else answer.body
    if answer.body:
        answer.headers.append(("Content-Encoding", "gzip, gzip"))
    conn.pass_on(answer)


@target(TARGET, says="encoded|not the base", seconds=30)
def a_hundred_codings(conn):
    conn.send(gzip.compress(b"{}"), Content_Encoding=", ".join(["gzip"] * 5000))


@target(TARGET, BROKEN, says="zstd", good=True)
def an_unknown_coding(conn):
    if conn.request.below == "metadata":
        conn.pass_on()
    else:
        conn.send(b"\x28\xb5\x2f\xfd", Content_Encoding="zstd")


@target(*ANY, says=".", good=True)
def no_content_type(conn):
    answer = conn.good()
    answer.headers = [(n, v) for n, v in answer.headers if n.lower() != "content-type"]
    conn.pass_on(answer)


@target(*ANY, says=".", good=True)
def multipart(conn):
    with_header(conn, "Content-Type", 'multipart/mixed; boundary="a;b\\"c"; charset=\x22utf-7')


@target(TARGET, says=".", seconds=30)
def cookies_by_the_thousand(conn):
    lines = b"".join(b"Set-Cookie: a%d=%s\r\n" % (i, b"x" * 900) for i in range(90))
    conn.raw(b"HTTP/1.1 200 OK\r\n" + lines + b"Content-Length: 2\r\n\r\n{}")


@target(*ANY, says=".", good=True)
def etags_that_are_junk(conn):
    with_header(conn, "ETag", 'W/W/"""\\\x01é<script>' + "9" * 3000)


@target(*ANY, says=".", good=True)
def dates_beyond_the_calendar(conn):
    answer = conn.good()
    answer.headers = [(n, v) for n, v in answer.headers if n.lower() != "last-modified"]
    answer.headers += [("Last-Modified", "Mon, 99 Foo 99999 99:99:99 XXX"), ("Date", "Thu, 01 Jan 0000 00:00:00 -9999")]
    answer.headers += [("Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT"), ("RateLimit", 'x;r=-1;t=9e99, "')]
    answer.body = answer.body.replace(b'"lastUpdated":"20', b'"lastUpdated":"99')
    conn.pass_on(answer)


@target(*ANY, says=".", good=True, seconds=120)
def rate_limits_that_are_junk(conn):
    answer = conn.good()
    answer.headers += [("RateLimit-Remaining", "0"), ("RateLimit-Reset", "1e999"), ("X-RateLimit-Reset", "NaN")]
    answer.headers += [("RateLimit-Policy", '"a";q=9999999999999999999999;w=-1'), ("RateLimit-Limit", "inf")]
    conn.pass_on(answer)


@target(*ANY, says=".", good=True)
def a_location_with_dots(conn):
    answer = conn.good()
    answer.headers = [
        (n, v.replace("/MeasureReport/", "/MeasureReport/../../%2e%2e/MeasureReport/../") if n == "location" else v)
        for n, v in ((n.lower(), v) for n, v in answer.headers)
    ]
    conn.pass_on(answer)


@target(*ANY, says="redirect|30[0-8]", good=True)
def redirects_every_write_to_itself(conn):
    if conn.request.method in {"GET", "HEAD"}:
        conn.pass_on()
    else:
        conn.send("", (300, 301, 302, 303, 304, 305, 306, 307, 308)[conn.number % 9], Location=conn.request.path)


@target(TARGET, says="redirect|not the base", seconds=30)
def redirects_to_data(conn):
    conn.send("", 301, Location="data:application/fhir+json,%7B%22resourceType%22%3A%22CapabilityStatement%22%7D")


@target(TARGET, says="redirects to another server", seconds=30)
def redirects_to_another_port(conn):
    conn.send("", 308, Location=f"http://127.0.0.1:{conn.server.port + 1}/fhir/metadata")


@target(TARGET, says="421|not the base", seconds=30)
def misdirected(conn):
    conn.send("", 421)


@target(TARGET, says="451|not the base", seconds=30)
def for_legal_reasons(conn):
    conn.send("<html>censored</html>", 451, "text/html", Link='<https://x.example>; rel="blocked-by"')


@target(TARGET, says="511|not the base|log in", seconds=30)
def a_captive_portal(conn):
    conn.send("<html><a href='http://portal/login'>log in</a></html>", 511, "text/html")


@target(TARGET, BROKEN, says="did not answer|broke off|continue", good=True, seconds=60)
def continues_without_end_at_writes(conn):
    if conn.request.method == "GET":
        conn.pass_on()
        return
    for _ in range(5000):
        conn.raw(b"HTTP/1.1 100 Continue\r\n\r\n")
        conn.wait(0.01)


@target(*ANY, says="broke off|reached|CONFORMANT|INCOMPLETE", good=True, seconds=60)
def resets_every_second_request(conn):
    if conn.number % 2:
        conn.pass_on()
        return
    conn.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    conn.socket.close()
    raise OSError


@target(TARGET, BROKEN, says=".", good=True, seconds=60)
def answers_before_the_body_and_closes(conn):
    if conn.request.method in {"POST", "PUT"}:
        conn.raw(b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        conn.close()
    else:
        conn.pass_on()


@target(*ANY, says=".", good=True)
def escapes_in_every_header(conn):
    answer = conn.good()
    text = ESCAPES.encode().decode("latin-1")
    lines = [f"HTTP/1.1 {answer.status} {text}", f"Content-Length: {len(answer.body)}", f"X-A: {text}"]
    lines += [f"{n}: {v}{text}" for n, v in answer.headers if n.lower() not in {"content-length", "connection"}]
    conn.raw("\r\n".join([*lines, "", ""]).encode("latin-1") + answer.body)


@target(BROKEN, TARGET, says=".", good=True)
def two_answers_for_one_request(conn):
    answer = conn.good()
    conn.pass_on(answer)
    conn.pass_on(answer)


@target(*ANY, says=".", good=True)
def ids_of_sixty_thousand_characters(conn):
    answer = conn.good()
    if conn.request.method == "POST":
        place = f"{conn.server.url}/MeasureReport/{'x' * 60_000}"
        answer.headers = [(n, place if n.lower() == "location" else v) for n, v in answer.headers]
    conn.pass_on(answer)


# ---- FHIR


@target(*ANY, says=".", good=True)
def utf16_json(conn):
    answer = conn.good()
    answer.body = answer.body.decode().encode("utf-16") if conn.request.below != "metadata" else answer.body
    conn.pass_on(answer)


@target(*ANY, says=".", good=True)
def numbers_and_texts_for_everything(conn):
    if conn.request.below == "metadata":
        conn.pass_on()
    else:
        conn.send(("1e400", '"text"', "true", "[]", "-0", '{"resourceType":[]}')[conn.number % 6])


@target(*ANY, says=".", good=True, seconds=90)
def a_text_of_11_megabytes(conn):
    changed(conn, lambda found: {**found, "implicitRules": "x" * 11_000_000})


@target(BROKEN, TARGET, says="MiB", good=True, seconds=90)
def a_text_of_20_megabytes(conn):
    changed(conn, lambda found: {**found, "implicitRules": "x" * 20_000_000})


@target(BROKEN, TARGET, says="resourceType|.", good=True)
def odd_resource_types(conn):
    kinds = (
        "measurereport",
        "MEASUREREPORT",
        "X" * 1_000_000,
        "MeasureReport ",
        "../../x",
        "\uff2d",
        "\x1b[31mRed",
        "",
    )
    changed(conn, lambda found: {**found, "resourceType": kinds[conn.number % len(kinds)]})


@target(BROKEN, TARGET, says=".", good=True)
def ids_of_other_types(conn):
    ids = (7, None, [], {}, True, 1e300, "x" * 100_000, "%2e%2e", "a b", "\x00")
    changed(conn, lambda found: {**found, "id": ids[conn.number % len(ids)], "meta": None})


@target(*ANY, says=".", good=True, select="search-status or paging or histor")
def bundles_of_objects(conn):
    totals = ("7", -1, [], {}, None, "many")
    kinds = ({"link": {"relation": "next", "url": 1}}, {"entry": {"resource": {}}}, {"entry": "x"}, {"link": "next"})
    answer = conn.good()
    found = answer.resource
    if isinstance(found, dict) and found.get("resourceType") == "Bundle":
        spoilt = {**found, **kinds[conn.number % 4], "total": totals[conn.number % 6]}
        answer.body = json.dumps(spoilt).encode().replace(b'"total": -1', b'"total": 1e400')
    conn.pass_on(answer)


@target(BROKEN, TARGET, 4, says=".", good=True, select="transaction or batch", seconds=90)
def responses_of_other_types(conn):
    odd = (None, [], "200", {"status": 200}, {"status": None, "location": 7}, {"status": "999 \x1b[31m", "etag": {}})
    changed(
        conn,
        lambda found: {
            **found,
            "entry": [
                {**each, "response": odd[i % 6], "fullUrl": [1]} for i, each in enumerate(found.get("entry", []))
            ],
        },
        ("Bundle",),
    )


@target(BROKEN, TARGET, 0, 4, says=".", good=True, select="search-status", seconds=120)
def ten_thousand_entries_a_page(conn):
    def grown(found):
        each = (found.get("entry") or [{"resource": {"resourceType": "MeasureReport", "id": "a"}}])[0]
        more = [{**each, "resource": {**each.get("resource", {}), "id": f"x{i}"}} for i in range(10_000)]
        link = [{"relation": "next", "url": f"{conn.server.url}/MeasureReport?page={conn.number}"}]
        return {**found, "entry": more, "link": link}

    changed(conn, grown, ("Bundle",))


@target(BROKEN, TARGET, says=".", good=True, seconds=90)
def an_outcome_of_100000_issues(conn):
    if conn.request.method == "GET":
        conn.pass_on()
        return
    issue = {"severity": "error", "code": "invalid", "diagnostics": "no", "expression": ["a"] * 3}
    conn.json({"resourceType": "OperationOutcome", "issue": [issue] * 100_000}, 422)


@target(BROKEN, TARGET, says=".", good=True)
def xml_with_a_doctype_and_instructions(conn):
    if conn.request.below == "metadata":
        conn.pass_on()
        return
    conn.send(
        "<?xml version='1.1' encoding='x-evil'?><?php die ?><!DOCTYPE a [<!ENTITY b '\x1b'>]><MeasureReport"
        " xmlns='http://hl7.org/fhir' xmlns:x='urn:x' x:y='1'><x:id/><id value='&b;'/><!-- -- --></MeasureReport>",
        content_type="application/fhir+xml",
    )


@target(*ANY, says=".", good=True, select="capabilities or read or claim")
def two_minds(conn):
    if conn.request.below == "metadata" and conn.number % 2 == 0:
        conn.json(
            {
                "resourceType": "CapabilityStatement",
                "fhirVersion": "5.0.0",
                "software": {"name": ["a"]},
                "rest": [{"mode": "server", "resource": [{"type": "MeasureReport"}, {"type": 7}, 3]}],
            }
        )
    else:
        conn.pass_on()


@target(*ANY, says=".", good=True, seconds=90)
def deletes_accepted_for_ever(conn):
    if conn.request.method == "DELETE":
        conn.send("", 202)
    else:
        conn.pass_on()


@target(*ANY, says=".", good=True)
def right_to_left_everywhere(conn):
    def turned(value):
        if isinstance(value, dict):
            return {k: turned(v) for k, v in value.items()}
        if isinstance(value, list):
            return [turned(v) for v in value]
        return f"{value}{ESCAPES}" if isinstance(value, str) else value

    changed(conn, lambda found: {**turned(found), "resourceType": found["resourceType"]}, ("MeasureReport", "Bundle"))


@target(BROKEN, TARGET, 4, 0, says=".", good=True, select="histor or vread or update or versions", seconds=90)
def versions_of_other_types(conn):
    odd = (1, None, "", "a/b", ["1"], {"a": 1}, "9" * 5000, "\x1b[2J")
    changed(conn, lambda found: {**found, "meta": {"versionId": odd[conn.number % 8], "lastUpdated": 7, "tag": "x"}})


@target(BROKEN, TARGET, says=".", good=True, select="patch or update or conditional", seconds=90)
def a_200_with_a_stranger_for_every_write(conn):
    if conn.request.method in {"PUT", "PATCH", "POST"}:
        conn.json({"resourceType": "Patient", "id": "1", "contained": [None], "extension": {"url": 1}})
    else:
        conn.pass_on()


@target(BROKEN, TARGET, says=".", seconds=40)
def is_a_statement_and_nothing_else(conn):
    conn.json({"resourceType": "CapabilityStatement", "rest": [{"mode": "server", "resource": None}] * 3})
