"""More hostile targets: what HTTP does not let a server do, and what a FHIR server sends that is too much of it.

They stand in the table of `targets.py`.
"""

from __future__ import annotations

import json

from hostile_server import Answering
from targets import BROKEN, TARGET, spoiled, target

_STATEMENT = b'{"resourceType": "CapabilityStatement"}'


def _raw(head: str, body: bytes = _STATEMENT) -> Answering:
    """A target that answers everything with these lines and this body."""

    def answering(conn) -> None:
        conn.raw("\r\n".join([*head.splitlines(), "", ""]).encode("latin-1") + body)
        conn.close()

    return answering


# ---- no HTTP/1.1 that can be read: one sentence, exit 3


@target(TARGET, says="HTTP")
def speaks_http_2(conn):
    conn.raw(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + b"\x00\x03\x00\x00\x00\x80" * 3)
    conn.close()


@target(TARGET, says="HTTP|length", seconds=30)
def a_negative_length(conn):
    _raw("HTTP/1.1 200 OK\nContent-Type: application/fhir+json\nContent-Length: -1")(conn)


@target(TARGET, says="HTTP|length", seconds=30)
def two_lengths(conn):
    _raw("HTTP/1.1 200 OK\nContent-Type: application/fhir+json\nContent-Length: 5\nContent-Length: 39")(conn)


@target(TARGET, says="HTTP|ncoding", seconds=30)
def a_transfer_that_is_encoded_otherwise(conn):
    _raw("HTTP/1.1 200 OK\nContent-Type: application/fhir+json\nTransfer-Encoding: gzip")(conn)


@target(TARGET, says="brotli|br\\b|ncod|JSON")
def brotli_that_nobody_asked_for(conn):
    conn.send(b"\x8b\x0a\x80no brotli", Content_Encoding="br")


@target(TARGET, says="304")
def a_304_without_a_condition(conn):
    conn.head(304, ETag='W/"1"')


@target(TARGET, says="206|.")
def a_part_of_an_answer(conn):
    conn.send(b'{"resourceType": "Bund', 206, Content_Range="bytes 0-21/500")


@target(TARGET, says="HTTP|101|no answer|protocol", seconds=30)
def switches_protocols(conn):
    conn.head(101, Upgrade="websocket", Connection="Upgrade")
    conn.raw(b"\x81\x05hello" * 100)
    conn.close()


@target(TARGET, says="HTTP|trailer|header|MB|no answer|ended", seconds=30)
def trailers_of_a_megabyte(conn):
    conn.raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n")
    conn.raw(b"".join(b"X-%d: %s\r\n" % (i, b"y" * 1000) for i in range(1000)) + b"\r\n")


@target(TARGET, says="HTTP|.", seconds=30)
def a_size_of_a_chunk_that_is_huge(conn):
    conn.raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nTransfer-Encoding: chunked\r\n\r\n")
    conn.raw(b"f" * 30 + b"\r\n" + _STATEMENT)
    conn.close()


# ---- a FHIR server, and too much or too little of one


def _in_statement(change) -> Answering:
    return spoiled(
        lambda _conn, body: json.dumps(change(json.loads(body))).encode(),
        lambda conn: conn.request.below == "metadata",
    )


def _in_reports(change) -> Answering:
    def answering(conn) -> None:
        answer = conn.good()
        found = answer.resource
        if conn.request.below.startswith("MeasureReport") and isinstance(found, dict):
            answer.body = json.dumps(change(found)).encode()
        conn.pass_on(answer)

    return answering


@target(BROKEN, 0, 4, says=".", good=True, select="read or capabilities", seconds=90)
def claims_a_hundred_thousand_parameters(conn):
    def grown(statement):
        for each in statement["rest"][0]["resource"]:
            each["searchParam"] = [{"name": f"p{i}", "type": "token"} for i in range(100_000 // 8)]
        return statement

    _in_statement(grown)(conn)


@target(BROKEN, says=".", good=True)
def names_of_members_with_nul(conn):
    _in_reports(lambda found: {**found, "\x00": 1, "a\x00b": {"\x1b[31m": []}, "": None})(conn)


@target(BROKEN, TARGET, says=".", good=True)
def one_id_for_everything(conn):
    def same(found):
        return {**found, "id": "same"} if found.get("resourceType") == "MeasureReport" else found

    if conn.request.method == "POST" and conn.request.below == "MeasureReport":
        answer = conn.good()
        answer.headers = [
            (n, f"{conn.server.url}/MeasureReport/same/_history/1" if n.lower() == "location" else v)
            for n, v in answer.headers
        ]
        answer.body = json.dumps(same(answer.resource or {})).encode()
        conn.pass_on(answer)
        return
    _in_reports(same)(conn)


@target(BROKEN, TARGET, says="Location", good=True, select="create and not measure")
def a_location_that_is_junk(conn):
    answer = conn.good()
    answer.headers = [(n, "javascript:[::::%zz" if n.lower() == "location" else v) for n, v in answer.headers]
    conn.pass_on(answer)


@target(BROKEN, TARGET, 0, 4, says=".", good=True, select="search-status or read-unknown")
def totals_beyond_all_numbers(conn):
    _in_reports(lambda found: {**found, "total": int("9" * 4000)} if found.get("resourceType") == "Bundle" else found)(
        conn
    )


@target(0, says="CONFORMANT", good=True)
def ends_the_connection_after_every_answer(conn):
    answer = conn.good()
    answer.headers.append(("Connection", "close"))
    conn.raw(f"HTTP/1.1 {answer.status} X\r\nConnection: close\r\nContent-Length: {len(answer.body)}\r\n".encode())
    kept = [(n, v) for n, v in answer.headers if n.lower() not in {"content-length", "connection", "date", "server"}]
    conn.raw("".join(f"{n}: {v}\r\n" for n, v in kept).encode("latin-1") + b"\r\n" + answer.body)
    conn.close()
