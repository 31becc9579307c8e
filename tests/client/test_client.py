"""Each interaction asks for what R4 says, and every answer comes back as an exchange."""

from __future__ import annotations

import json
import tarfile
from decimal import Decimal

import httpx
import pytest

from vbpr_conformance.client.client import FhirClient
from vbpr_conformance.errors import UsageError
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.edition_structure import EditionStructure

BASE = "http://payer.example/fhir"
REPORT = {"resourceType": "MeasureReport", "id": "a"}
OPERATIONS = [{"op": "replace", "path": "/status", "value": "error"}]

INTERACTIONS = [
    (lambda c: c.capabilities(), "GET /metadata", {}, None),
    (lambda c: c.read("MeasureReport", "a"), "GET /MeasureReport/a", {}, None),
    (
        lambda c: c.read("MeasureReport", "a", params={"_summary": "true"}),
        "GET /MeasureReport/a?_summary=true",
        {},
        None,
    ),
    (lambda c: c.vread("MeasureReport", "a", "2"), "GET /MeasureReport/a/_history/2", {}, None),
    (lambda c: c.create(REPORT), "POST /MeasureReport", {}, REPORT),
    (lambda c: c.create(REPORT, prefer="minimal"), "POST /MeasureReport", {"Prefer": "return=minimal"}, REPORT),
    (lambda c: c.update(REPORT, if_match="3"), "PUT /MeasureReport/a", {"If-Match": 'W/"3"'}, REPORT),
    (lambda c: c.update(REPORT, if_match='W/"4"'), "PUT /MeasureReport/a", {"If-Match": 'W/"4"'}, REPORT),
    (
        lambda c: c.patch("MeasureReport", "a", OPERATIONS, if_match="1"),
        "PATCH /MeasureReport/a",
        {"If-Match": 'W/"1"', "Content-Type": "application/json-patch+json"},
        OPERATIONS,
    ),
    (lambda c: c.delete("MeasureReport", "a", if_match="1"), "DELETE /MeasureReport/a", {"If-Match": 'W/"1"'}, None),
    (
        lambda c: c.conditional_create(REPORT, {"identifier": "s|v w"}),
        "POST /MeasureReport",
        {"If-None-Exist": "identifier=s%7Cv%20w"},
        REPORT,
    ),
    (lambda c: c.conditional_update(REPORT, "identifier=a"), "PUT /MeasureReport?identifier=a", {}, REPORT),
    (
        lambda c: c.conditional_patch("MeasureReport", OPERATIONS, "identifier=a"),
        "PATCH /MeasureReport?identifier=a",
        {"Content-Type": "application/json-patch+json"},
        OPERATIONS,
    ),
    (lambda c: c.conditional_delete("MeasureReport", [("_id", "a")]), "DELETE /MeasureReport?_id=a", {}, None),
    (
        lambda c: c.search("MeasureReport", {"date": ["ge2024", "lt2025"], "code": "s|a+b"}),
        "GET /MeasureReport?date=ge2024&date=lt2025&code=s%7Ca%2Bb",
        {"Cache-Control": "no-cache"},
        None,
    ),
    (lambda c: c.search(None, "_type=Measure"), "GET ?_type=Measure", {}, None),
    (
        lambda c: c.search("MeasureReport", {"date": "ge2024"}, method="POST"),
        "POST /MeasureReport/_search",
        {"Content-Type": "application/x-www-form-urlencoded", "Cache-Control": "no-cache"},
        "date=ge2024",
    ),
    (
        lambda c: c.search(None, "a=b", method="POST"),
        "POST /_search",
        {"Content-Type": "application/x-www-form-urlencoded"},
        "a=b",
    ),
    (lambda c: c.history("MeasureReport", "a"), "GET /MeasureReport/a/_history", {}, None),
    (lambda c: c.history("MeasureReport", params={"_count": "1"}), "GET /MeasureReport/_history?_count=1", {}, None),
    (lambda c: c.history(), "GET /_history", {}, None),
    (lambda c: c.batch([{"x": 1}]), "POST ", {}, {"resourceType": "Bundle", "type": "batch", "entry": [{"x": 1}]}),
    (lambda c: c.transaction(REPORT), "POST ", {}, REPORT),
    (lambda c: c.request("GET", "/Measure/$op?x=1", params={"y": "2"}), "GET /Measure/$op?x=1&y=2", {}, None),
    (lambda c: c.request("GET", f"{BASE}/Measure?u=http://x"), "GET /Measure?u=http://x", {}, None),
]


@pytest.mark.parametrize("asked", INTERACTIONS, ids=[each[1] for each in INTERACTIONS])
@pytest.mark.parametrize("slash", ["", "/"])
def test_interactions_ask_as_r4_says(client_of, asked, slash):
    """Method, URL, headers and body of every interaction, for a base URL with and without a slash at its end."""
    call, line, headers, body = asked
    requests = []

    def answer(request):
        requests.append(request)
        return httpx.Response(200)

    call(client_of(answer, base=BASE + slash))
    method, _, path = line.partition(" ")
    at_root = slash if path in {"", "?_type=Measure"} else ""
    assert (requests[0].method, str(requests[0].url)) == (method, BASE + at_root + path)
    assert requests[0].headers["Accept"] == "application/fhir+json"
    expected = {"Content-Type": "application/fhir+json", **headers} if body is not None else headers
    assert {name: requests[0].headers.get(name) for name in expected} == expected
    content = requests[0].content.decode()
    assert (json.loads(content) if content[:1] in {"{", "["} else content or None) == body


def test_exchanges_hold_everything(client_of):
    """An exchange tells what was asked and answered, and is recorded and counted."""

    def answer(_):
        return httpx.Response(200, headers={"ETag": 'W/"3"'}, content=b'{"resourceType":"Measure","x":1.50}')

    client = client_of(answer)
    exchange = client.read("Measure", "m", headers={"If-None-Match": 'W/"2"'})
    assert client.seen == [exchange]
    assert client.requests == 1
    assert (exchange.interaction, exchange.method, exchange.url) == ("read", "GET", f"{BASE}/Measure/m")
    assert exchange.request_headers["if-none-match"] == 'W/"2"'
    assert (exchange.status, exchange.etag, exchange.headers["etag"]) == (200, "3", 'W/"3"')
    assert exchange.resource == {"resourceType": "Measure", "x": Decimal("1.50")}
    assert (exchange.parse_error, exchange.error) == (None, None)
    assert exchange.elapsed >= 0


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<html>", "line 1, column 1: this is XML or HTML, not JSON"),
        (b'{"a":1,"a":2}', "line 1, column 8: the property 'a' is there twice"),
        (b"[]", "a resource is a JSON object, found list"),
        (b"\xff\xfe", "line 1, column 1: not UTF-8: byte 0xFF"),
        (b"", None),
    ],
)
def test_what_is_no_resource_is_kept_with_the_reason(client_of, body, message):
    """A body that cannot be read as a resource stays as it is, with a sentence that says why."""
    exchange = client_of(lambda _: httpx.Response(200, content=body)).read("Measure", "m")
    assert (exchange.body, exchange.resource, exchange.parse_error) == (body, None, message)


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        ({"Location": f"{BASE}/Measure/7/_history/2"}, b"", ("Measure", "7", "2")),
        ({"Location": "Measure/7"}, b"", ("Measure", "7", None)),
        ({"Location": "/fhir/Measure/7", "ETag": 'W/"9"'}, b"", ("Measure", "7", "9")),
        ({"Content-Location": "Measure/7/_history/1"}, b"", ("Measure", "7", "1")),
        ({}, b'{"resourceType":"Measure","id":"8","meta":{"versionId":"4"}}', ("Measure", "8", "4")),
        ({"Location": "nowhere"}, b'{"resourceType":"Measure","id":"8"}', ("Measure", "8", None)),
        ({}, b'{"resourceType":"OperationOutcome","id":"8"}', (None, None, None)),
        ({}, b"", (None, None, None)),
        ({"ETag": "3"}, b'{"resourceType":"Measure","id":7}', (None, None, None)),
    ],
)
def test_what_was_created_is_read_off_the_answer(client_of, headers, body, expected):
    """Type, id and version come from Location, ETag or the body, whichever tells."""
    exchange = client_of(lambda _: httpx.Response(201, headers=headers, content=body)).create(REPORT)
    assert exchange.located == expected
    assert exchange.located.reference == (f"{expected[0]}/{expected[1]}" if expected[0] else None)


@pytest.fixture(scope="module")
def structure(packages):
    names = {"MeasureReport", "Extension", "Quantity", "Meta", "Resource", "Narrative", "Element"}
    names = {f"package/StructureDefinition-{name}.json" for name in names}
    with tarfile.open(packages / "hl7.fhir.r4.core-4.0.1.tgz") as archive:
        found = [(each.name, json.loads(archive.extractfile(each).read())) for each in archive if each.name in names]
    return EditionStructure(Edition("R4", found))


def test_xml_is_spoken_where_asked(client_of, structure):
    """A client of XML sends and reads XML; a single header does the same for one request."""
    sent = []

    def answer(request):
        sent.append(request)
        return httpx.Response(200, headers={"Content-Type": request.headers["Accept"]}, content=request.content)

    xml = "application/fhir+xml"
    whole = client_of(answer, structure=structure, media_type=xml).update(REPORT)
    one = client_of(answer, structure=structure).update(REPORT, headers={"Content-Type": xml, "Accept": xml})
    assert sent[0].content == sent[1].content
    assert sent[0].content.startswith(b"<?xml")
    assert whole.resource == one.resource == REPORT


def test_xml_needs_the_structure(client_of):
    """Without the structure of the types XML is neither sent nor read, and both say so."""
    client = client_of(lambda _: httpx.Response(200, content=b"<?xml version='1.0'?><x/>"))
    assert (
        client.read("Measure", "m").parse_error
        == "the answer is XML, and no structure of the types was given to read it"
    )
    with pytest.raises(UsageError, match="cannot be sent as XML"):
        client.create(REPORT, headers={"Content-Type": "application/fhir+xml"})


@pytest.mark.parametrize(
    "url", ["", "payer.example/fhir", "ftp://x/y", "http://", "http://x:port/", "http://x/fhir?a=b", "http://x/#y"]
)
def test_what_is_no_base_url_is_said(url):
    """A URL that can be no base is a sentence for the user."""
    with pytest.raises(UsageError, match="base URL"):
        FhirClient(url)


def test_nothing_is_sent_to_another_server(client_of):
    """An absolute URL of another server is refused before anything is sent, credentials above all."""
    client = client_of(lambda _: httpx.Response(200))
    for url in ("http://other.example/fhir/Measure", "https://payer.example/fhir", "http://payer.example:8080/fhir"):
        with pytest.raises(UsageError, match="nothing is sent to another server"):
            client.request("GET", url)
    assert client.seen == []


def test_cookies_are_not_kept(client_of):
    """What a server wants remembered is forgotten: each request stands alone."""
    requests = []

    def answer(request):
        requests.append(request)
        return httpx.Response(200, headers={"Set-Cookie": "session=1"})

    client = client_of(answer)
    client.capabilities()
    client.capabilities()
    assert "Cookie" not in requests[1].headers
    assert client.seen[0].headers["set-cookie"] == "***"
