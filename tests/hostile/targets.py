"""The hostile targets: what each does, what a run may end with, and what it must say of it.

A target that is no FHIR server at all ends a run with 3. One that speaks FHIR and then breaks it ends with 1, where
what it did is against R4, or with 3, where it says nothing about conformance (it hangs, dies, asks to wait for
ever). Where the cases of the selection do not look at it, or R4 leaves it to the server, the run goes on.
"""

from __future__ import annotations

import json
import re
import socket
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from hostile_server import Answering, Connection

BROKEN, TARGET = 1, 3


@dataclass(frozen=True)
class Target:
    """A hostile target. `says` is a regular expression that the output or a case's message must match.

    `good` tells that a good server stands behind it, `select` which cases are run.
    """

    answering: Answering
    codes: frozenset[int]
    says: str
    good: bool = False
    select: str = "read and not measure"
    seconds: float = 45
    options: tuple[str, ...] = ()


TARGETS: dict[str, Target] = {}


def target(*codes: int, says: str, **options) -> Callable[[Answering], Answering]:
    """Put a function into the table, under its name."""

    def add(answering: Answering) -> Answering:
        TARGETS[answering.__name__.strip("_")] = Target(answering, frozenset(codes), says, **options)
        return answering

    return add


def spoiled(change: Callable[[Connection, bytes], bytes], where: Callable[[Connection], bool]) -> Answering:
    """A good server whose answers are changed where a condition holds."""

    def answering(conn: Connection) -> None:
        answer = conn.good()
        if where(conn) and answer.body:
            answer.body = change(conn, answer.body)
        conn.pass_on(answer)

    return answering


# ---- no FHIR server at all: one sentence, exit 3


@target(TARGET, says="did not answer within|no answer", seconds=25)
def hangs_before_an_answer(conn):
    conn.wait(60)


@target(TARGET, says="did not (answer|end its answer) within", seconds=25)
def hangs_after_the_headers(conn):
    conn.head(Content_Type="application/fhir+json", Content_Length="5000")
    conn.wait(60)


@target(TARGET, says="did not (answer|end its answer) within", seconds=25)
def drips_a_byte_a_moment(conn):
    conn.head(Content_Type="application/fhir+json", Content_Length="500000")
    for _ in range(2000):
        conn.raw(b" ")
        conn.wait(0.1)


@target(TARGET, says="did not (answer|end its answer) within", seconds=25)
def drips_its_headers(conn):
    conn.raw(b"HTTP/1.1 200 OK\r\n")
    for number in range(2000):
        conn.raw(b"X-%d: a\r\n" % number)
        conn.wait(0.1)


@target(TARGET, says="interim|did not (answer|end its answer) within|broke off", seconds=25)
def interim_answers_without_end(conn):
    for _ in range(100_000):
        conn.raw(b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n")
        conn.wait(0.001)


@target(TARGET, says="interim|did not (answer|end its answer) within|broke off", seconds=25)
def interim_answers_slowly(conn):
    for _ in range(1000):
        conn.raw(b"HTTP/1.1 100 Continue\r\n\r\n")
        conn.wait(0.1)


@target(TARGET, says="broke off|not the base URL")
def resets_before_an_answer(conn):
    conn.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    conn.socket.close()
    raise OSError


@target(TARGET, says="broke off|not the base URL")
def closes_without_an_answer(conn):
    conn.close()


@target(TARGET, says="broke off")
def resets_in_the_body(conn):
    conn.head(Content_Type="application/fhir+json", Content_Length="50000")
    conn.raw(b'{"resourceType": "CapabilityStatement"')
    conn.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    conn.socket.close()
    raise OSError


@target(TARGET, says="broke off")
def promises_more_than_it_sends(conn):
    conn.head(Content_Type="application/fhir+json", Content_Length="50000", Connection="close")
    conn.raw(b'{"resourceType": "CapabilityStatement"}')
    conn.close()


@target(TARGET, says="did not (answer|end its answer) within|MiB", seconds=40)
def chunks_without_end(conn):
    conn.head(Content_Type="application/fhir+json", Transfer_Encoding="chunked")
    for _ in range(100_000):
        conn.raw(b"400\r\n" + b" " * 1024 + b"\r\n")
        conn.wait(0.001)


@target(TARGET, says="broke off")
def chunks_that_are_none(conn):
    conn.head(Content_Type="application/fhir+json", Transfer_Encoding="chunked")
    conn.raw(b"zzzz\r\n{}\r\n0\r\n\r\n")


@target(TARGET, says="broke off")
def answers_no_http(conn):
    conn.raw(b"SSH-2.0-OpenSSH_9.6\r\n")
    conn.close()


@target(TARGET, says="broke off|not the base URL")
def answers_binary(conn):
    conn.raw(bytes(range(256)) * 40)
    conn.close()


@target(TARGET, says="broke off")
def headers_of_a_megabyte(conn):
    conn.raw(b"HTTP/1.1 200 OK\r\n")
    conn.raw(b"X-A: " + b"a" * 1_000_000 + b"\r\n\r\n")


@target(TARGET, says="broke off|not the base URL")
def headers_by_the_thousand(conn):
    conn.raw(
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: a\r\n" % n for n in range(50_000)) + b"Content-Length: 0\r\n\r\n"
    )


@target(TARGET, says="not the base URL of a FHIR server.*text/html")
def html_for_everything(conn):
    conn.send("<html><body><h1>It works</h1></body></html>", content_type="text/html")


@target(TARGET, says="not the base URL of a FHIR server|answers 502")
def html_error_pages(conn):
    conn.send("<html><body>502 Bad Gateway</body></html>", 502, "text/html")


@target(TARGET, says="not the base URL of a FHIR server.*nothing else|empty")
def empty_answers(conn):
    conn.send("")


@target(TARGET, says="not the base URL of a FHIR server|204")
def a_204_with_a_body(conn):
    conn.send("{}", 204)


@target(TARGET, says="not the base URL of a FHIR server")
def json_that_is_no_object(conn):
    conn.send("[1, 2, 3]")


@target(TARGET, says="not the base URL of a FHIR server")
def objects_without_resource_type(conn):
    conn.json({"status": "UP"})


@target(TARGET, says="not the base URL of a FHIR server")
def null_for_everything(conn):
    conn.send("null")


@target(TARGET, says="not the base URL of a FHIR server")
def invalid_utf8(conn):
    conn.send(b'{"resourceType": "\xff\xfe\xfa"}')


@target(TARGET, says="not the base URL of a FHIR server|nested deeper")
def json_nested_100000_deep(conn):
    conn.send('{"resourceType": "CapabilityStatement", "a": ' + "[" * 100_000 + "]" * 100_000 + "}")


@target(TARGET, says="not the base URL of a FHIR server|nested|elements")
def xml_nested_100000_deep(conn):
    body = "<CapabilityStatement xmlns='http://hl7.org/fhir'>" + "<a>" * 100_000 + "</a>" * 100_000
    conn.send(body + "</CapabilityStatement>", content_type="application/fhir+xml")


@target(TARGET, says="not the base URL of a FHIR server|MiB", seconds=60)
def answers_of_a_gigabyte(conn):
    conn.head(Content_Type="application/fhir+json", Content_Length=str(1 << 30))
    piece = b" " * (1 << 20)
    for _ in range(1 << 10):
        conn.raw(piece)


@target(TARGET, says="not the base URL of a FHIR server|MiB", seconds=60)
def answers_of_ten_megabytes(conn):
    conn.send(" " * 10_000_000)


@target(TARGET, says="MiB|did not (answer|end its answer) within", seconds=60)
def a_gzip_bomb(conn):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(b" " * (1 << 20)) for _ in range(500)) + packer.flush()
    conn.head(Content_Type="application/fhir+json", Content_Encoding="gzip", Content_Length=str(len(bomb)))
    conn.raw(bomb)


@target(TARGET, says="Content-Encoding|not the base URL")
def gzip_that_is_none(conn):
    conn.send('{"resourceType": "CapabilityStatement"}', Content_Encoding="gzip")


@target(TARGET, says="not the base URL|entit|DOCTYPE", seconds=45)
def an_xml_bomb(conn):
    entities = '<!ENTITY a0 "lol">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    body = f"<!DOCTYPE x [{entities}]><CapabilityStatement xmlns='http://hl7.org/fhir'><id value='&a9;'/>"
    conn.send(body + "</CapabilityStatement>", content_type="application/fhir+xml")


@target(TARGET, says="not the base URL|entit|DOCTYPE")
def external_entities(conn):
    body = "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><CapabilityStatement xmlns='http://hl7.org/fhir'>"
    body += "<publisher value='p'/><name>&e;</name></CapabilityStatement>"
    conn.send(body, content_type="application/fhir+xml")


@target(TARGET, says="redirect")
def redirects_in_a_loop(conn):
    conn.send("", 302, Location=f"{conn.server.url}/metadata?{conn.number}")


@target(TARGET, says="redirects to another server")
def redirects_to_another_host(conn):
    conn.send("", 307, Location="http://127.0.0.2:9/fhir/metadata")


@target(TARGET, says="not the base URL|location header")
def redirects_to_no_url(conn):
    conn.send("", 302, Location="http://[::bad/%zz")


@target(TARGET, says="not the base URL|redirect")
def redirects_to_a_file(conn):
    conn.send("", 302, Location="file:///etc/passwd")


@target(TARGET, says="401|403|log in|token|credentials")
def asks_who_is_there(conn):
    conn.send('{"resourceType": "OperationOutcome"}', 401, WWW_Authenticate='Bearer realm="x"')


@target(TARGET, says="too often|429|wait", seconds=60)
def too_many_requests_for_ever(conn):
    conn.send("", 429, Retry_After="600")


@target(TARGET, says="unavailable|503|not the base URL", seconds=60)
def unavailable_for_ever(conn):
    conn.send("", 503, Retry_After="600")


@target(TARGET, says="not the base URL|wait|429", seconds=60)
def retry_after_that_is_nonsense(conn):
    conn.send("", 429, Retry_After="soon, -5 or 99999999999999999999")


@target(TARGET, says="wrong base|not the base URL|404")
def not_found_for_everything(conn):
    conn.json({"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "not-found"}]}, 404)


@target(TARGET, says="not the base URL|another|did not|broke")
def status_0(conn):
    conn.raw(b"HTTP/1.1 000 Zero\r\nContent-Length: 0\r\n\r\n")


@target(TARGET, says="not the base URL|broke off")
def status_999(conn):
    conn.raw(b"HTTP/1.1 999 Beyond\r\nContent-Length: 0\r\n\r\n")


# ---- FHIR servers that break at one place: the rest of a run is judged


@target(BROKEN, TARGET, says="CapabilityStatement", good=True, select="capabilities")
def capabilities_of_other_types(conn):
    wrong = {"resourceType": "CapabilityStatement", "rest": {"mode": 7}, "format": "json", "status": [], "kind": {}}
    if conn.request.below == "metadata":
        conn.json(wrong)
    else:
        conn.pass_on()


def _walked(value, change, path=()):
    """The value with every leaf and list changed by a function."""
    value = change(value, path)
    if isinstance(value, dict):
        return {key: _walked(each, change, (*path, key)) for key, each in value.items()}
    if isinstance(value, list):
        return [_walked(each, change, (*path, 0)) for each in value]
    return value


@target(BROKEN, TARGET, says="CapabilityStatement", good=True, select="capabilities or read")
def capabilities_with_nulls(conn):
    answer = conn.good()
    if conn.request.below == "metadata":
        answer.body = json.dumps(_walked(answer.resource, lambda v, p: None if len(p) > 3 else v)).encode()
    conn.pass_on(answer)


@target(BROKEN, TARGET, says="CapabilityStatement", good=True, select="capabilities or read")
def capabilities_whose_lists_are_objects(conn):
    answer = conn.good()
    if conn.request.below == "metadata":
        changed = _walked(answer.resource, lambda v, p: {"0": v[0]} if isinstance(v, list) and v and p else v)
        answer.body = json.dumps(changed).encode()
    conn.pass_on(answer)


@target(BROKEN, TARGET, says="CapabilityStatement", good=True, select="capabilities or read")
def capabilities_whose_texts_are_numbers(conn):
    answer = conn.good()
    if conn.request.below == "metadata":
        changed = _walked(answer.resource, lambda v, p: 7 if isinstance(v, str) and p and p != ("resourceType",) else v)
        answer.body = json.dumps(changed).encode()
    conn.pass_on(answer)


@target(BROKEN, TARGET, says=".", good=True, select="search-status")
def bundles_whose_entry_is_null(conn):
    answer = conn.good()
    if isinstance(answer.resource, dict) and answer.resource.get("resourceType") == "Bundle":
        answer.body = json.dumps({**answer.resource, "entry": None}).encode()
    conn.pass_on(answer)


@target(BROKEN, TARGET, says=".", good=True, select="search-status")
def entries_that_are_texts(conn):
    answer = conn.good()
    if isinstance(answer.resource, dict) and answer.resource.get("resourceType") == "Bundle":
        answer.body = json.dumps({**answer.resource, "entry": ["a", None, 7, [], {"resource": 1}]}).encode()
    conn.pass_on(answer)


@target(0, 1, 4, says=".", good=True, select="search-status")
def links_of_other_types(conn):
    answer = conn.good()
    if isinstance(answer.resource, dict) and answer.resource.get("resourceType") == "Bundle":
        link = {"relation": ["next"], "url": {"a": 1}}
        answer.body = json.dumps({**answer.resource, "link": [link, None, "x"], "total": "many"}).encode()
    conn.pass_on(answer)


@target(BROKEN, TARGET, says=".", good=True, select="search-status")
def bundles_of_another_type(conn):
    answer = conn.good()
    if isinstance(answer.resource, dict) and answer.resource.get("resourceType") == "Bundle":
        answer.body = json.dumps({**answer.resource, "type": "document"}).encode()
    conn.pass_on(answer)


@target(1, 3, 4, says="page|next|another server", good=True, select="search-status or paging")
def next_leads_to_another_host(conn):
    answer = conn.good()
    if (
        conn.request.method == "GET"
        and isinstance(answer.resource, dict)
        and answer.resource.get("type") == "searchset"
    ):
        link = [{"relation": "next", "url": "http://127.0.0.2:9/fhir?page=2"}]
        answer.body = json.dumps({**answer.resource, "link": link}).encode()
    conn.pass_on(answer)


@target(BROKEN, TARGET, says="page|next|itself", good=True, select="search-status or paging")
def next_leads_to_itself(conn):
    answer = conn.good()
    if isinstance(answer.resource, dict) and answer.resource.get("type") == "searchset":
        link = [{"relation": "next", "url": f"http://127.0.0.1:{conn.server.port}{conn.request.path}"}]
        answer.body = json.dumps({**answer.resource, "link": link}).encode()
    conn.pass_on(answer)


@target(BROKEN, TARGET, says="page", good=True, select="search-status or paging", seconds=90)
def pages_without_end(conn):
    answer = conn.good()
    if isinstance(answer.resource, dict) and answer.resource.get("type") == "searchset":
        link = [{"relation": "next", "url": f"{conn.server.url}/MeasureReport?status=complete&page={conn.number}"}]
        answer.body = json.dumps({**answer.resource, "link": link}).encode()
    conn.pass_on(answer)


@target(BROKEN, TARGET, says="twice|duplicate", good=True)
def duplicate_keys(conn):
    spoiled(lambda _, body: body[:-1] + b',"resourceType":"MeasureReport"}', _reads_a_report)(conn)


@target(BROKEN, TARGET, says="NaN", good=True)
def not_a_number(conn):
    spoiled(lambda _, body: body[:-1] + b',"x":NaN}', _reads_a_report)(conn)


@target(BROKEN, TARGET, says="number", good=True)
def numbers_of_10000_digits(conn):
    spoiled(lambda _, body: body[:-1] + b',"x":' + b"9" * 10_000 + b"}", _reads_a_report)(conn)


@target(BROKEN, TARGET, says="number|exponent|x", good=True)
def numbers_of_huge_exponents(conn):
    spoiled(lambda _, body: body[:-1] + b',"x":1e999999999}', _reads_a_report)(conn)


@target(BROKEN, TARGET, says="surrogate|character", good=True)
def half_a_surrogate_pair(conn):
    spoiled(lambda _, body: body[:-1] + b',"x":"\\ud83d"}', _reads_a_report)(conn)


@target(0, 1, 4, says=".", good=True)
def a_byte_order_mark(conn):
    spoiled(lambda _, body: b"\xef\xbb\xbf" + body, _reads_a_report)(conn)


@target(BROKEN, TARGET, says=".", good=True)
def utf16(conn):
    spoiled(lambda _, body: body.decode().encode("utf-16"), _reads_a_report)(conn)


def _reads_a_report(conn: Connection) -> bool:
    return conn.request.method == "GET" and bool(re.fullmatch(r"MeasureReport/[^/]+", conn.request.below))


@target(BROKEN, TARGET, 0, 4, says=".", good=True)
def a_wrong_charset(conn):
    answer = conn.good()
    answer.headers = [
        (n, "application/fhir+json; charset=klingon" if n.lower() == "content-type" else v) for n, v in answer.headers
    ]
    conn.pass_on(answer)


@target(BROKEN, TARGET, says="nothing|empty|no resource|body", good=True)
def a_200_without_a_body(conn):
    spoiled(lambda _c, _b: b"", _reads_a_report)(conn)


@target(BROKEN, TARGET, says=".", good=True)
def ids_with_slashes(conn):
    answer = conn.good()
    if conn.request.method == "POST":
        answer.headers = [
            (n, f"{conn.server.url}/MeasureReport/../../etc/passwd" if n.lower() == "location" else v)
            for n, v in answer.headers
        ]
        if isinstance(answer.resource, dict):
            answer.body = json.dumps({**answer.resource, "id": "../../etc/passwd"}).encode()
    conn.pass_on(answer)


@target(BROKEN, TARGET, says=".", good=True)
def location_of_another_server(conn):
    answer = conn.good()
    if conn.request.method == "POST":
        answer.headers = [
            (n, "http://127.0.0.2:9/fhir/MeasureReport/1" if n.lower() == "location" else v) for n, v in answer.headers
        ]
    conn.pass_on(answer)


@target(BROKEN, TARGET, says=".", good=True)
def ids_that_change(conn):
    answer = conn.good()
    if _reads_a_report(conn) and isinstance(answer.resource, dict):
        answer.body = json.dumps({**answer.resource, "id": f"x{conn.number}"}).encode()
    conn.pass_on(answer)


@target(BROKEN, TARGET, says=".", good=True)
def answers_of_another_request(conn):
    answer = conn.good()
    before, conn.server.state["before"] = conn.server.state.get("before"), answer
    conn.pass_on(answer if conn.number < 4 or before is None else before)


ESCAPES = "\x1b[2J\x1b]0;owned\x07\x1b[31mred\u202e\x9b2J\r\n\x00\x08<script>alert(1)</script>"


@target(BROKEN, TARGET, says=".", good=True)
def control_characters_in_texts(conn):
    answer = conn.good()
    if conn.request.method == "POST":
        outcome = {"severity": "error", "code": "invalid", "diagnostics": ESCAPES, "details": {"text": ESCAPES}}
        conn.json({"resourceType": "OperationOutcome", "issue": [outcome]}, 422)
        return
    if conn.request.below == "metadata":
        software = {"name": ESCAPES, "version": ESCAPES}
        answer.body = json.dumps({**answer.resource, "software": software, "fhirVersion": ESCAPES}).encode()
    conn.pass_on(answer)


@target(BROKEN, TARGET, says=".", good=True)
def control_characters_in_headers(conn):
    conn.raw(b"HTTP/1.1 200 \x1b[31mOK\r\nContent-Type: application/\x1b[2J\r\n")
    conn.raw(b'ETag: W/"\x1b[31m"\r\nContent-Length: 2\r\n\r\n{}')


@target(BROKEN, TARGET, 0, 4, says=".", good=True)
def cookies(conn):
    answer = conn.good()
    assert "cookie" not in conn.request.headers
    answer.headers.append(("Set-Cookie", "session=stolen; Path=/"))
    conn.pass_on(answer)


@target(BROKEN, TARGET, 0, 4, says=".", good=True)
def http_1_0(conn):
    answer = conn.good()
    lines = [
        f"HTTP/1.0 {answer.status} X",
        *(f"{n}: {v}" for n, v in answer.headers if n.lower() not in {"content-length", "connection"}),
    ]
    conn.raw("\r\n".join([*lines, "", ""]).encode("latin-1") + answer.body)
    conn.close()


@target(TARGET, says="broke|reached", good=True, select="read or create or search-status", seconds=60)
def dies_in_the_middle(conn):
    if conn.number > 12:
        conn.server.close()
        return
    conn.pass_on()


@target(BROKEN, TARGET, 0, 4, says=".", good=True, select="read or create or search-status", seconds=60)
def dies_and_comes_back(conn):
    if 8 <= conn.number < 12:
        conn.close()
        return
    conn.pass_on()


@target(BROKEN, TARGET, 0, 4, says=".", good=True)
def a_clock_that_is_a_century_ahead(conn):
    answer = conn.good()
    answer.headers.append(("Date", "Fri, 01 Jan 2126 00:00:00 GMT"))
    answer.body = answer.body.replace(b'"lastUpdated":"20', b'"lastUpdated":"21')
    conn.pass_on(answer)


@target(BROKEN, TARGET, says="500", good=True)
def a_500_for_every_write(conn):
    if conn.request.method == "POST":
        conn.send("<html>stack trace</html>", 500, "text/html")
    else:
        conn.pass_on()


@target(BROKEN, TARGET, 0, 4, says="left", good=True)
def refuses_deletes(conn):
    if conn.request.method == "DELETE":
        conn.json({"resourceType": "OperationOutcome", "issue": []}, 405)
    else:
        conn.pass_on()


@target(BROKEN, TARGET, 0, 4, says="left", good=True, seconds=60)
def hangs_at_deletes(conn):
    if conn.request.method == "DELETE":
        conn.wait(60)
    else:
        conn.pass_on()


@target(0, 1, 4, says=".", good=True, select="search-status", seconds=60)
def goes_on_finding_what_was_deleted(conn):
    if conn.request.method == "DELETE":
        conn.send("", 204)
    else:
        conn.pass_on()


@target(BROKEN, TARGET, says="did not|broke", good=True, seconds=60)
def hangs_at_every_read(conn):
    if _reads_a_report(conn):
        conn.wait(60)
    else:
        conn.pass_on()


@target(BROKEN, TARGET, says="429|often|wait", good=True, seconds=90)
def too_many_requests_after_some(conn):
    if conn.number > 6:
        conn.send("", 429, Retry_After="600")
    else:
        conn.pass_on()


@target(BROKEN, TARGET, says=".", good=True, seconds=60)
def xml_where_json_was_asked(conn):
    conn.send(
        "<MeasureReport xmlns='http://hl7.org/fhir'><id value='1'/></MeasureReport>",
        content_type="application/fhir+xml",
    )


@target(BROKEN, TARGET, says=".", good=True)
def outcomes_of_other_types(conn):
    if conn.request.method == "POST":
        conn.json(
            {"resourceType": "OperationOutcome", "issue": {"severity": None, "details": "x", "diagnostics": [1]}}, 400
        )
    else:
        conn.pass_on()


@target(BROKEN, TARGET, says=".", good=True)
def metas_of_other_types(conn):
    answer = conn.good()
    if isinstance(answer.resource, dict) and answer.resource.get("resourceType") == "MeasureReport":
        answer.body = json.dumps({**answer.resource, "meta": ["x"], "group": "y", "identifier": 7}).encode()
    conn.pass_on(answer)
