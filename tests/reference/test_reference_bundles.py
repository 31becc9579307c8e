"""Batch and transaction: https://hl7.org/fhir/R4/http.html#transaction."""

from __future__ import annotations

import base64

import pytest
from small_resources import bundle, entry, organization, report

URN = "urn:uuid:7d3f6a54-59f3-4b36-a3c6-30ee3c0f6a01"


def statuses(answer):
    return [each["response"]["status"][:3] for each in answer.json["entry"]]


def test_references_inside_a_transaction(client):
    """References to an entry's full URL become references to what it creates, wherever they stand."""
    div = f'<div xmlns="http://www.w3.org/1999/xhtml"><a href="{URN}">{URN}</a></div>'
    refers = report(
        reporter={"reference": URN},
        text={"status": "generated", "div": div},
        identifier=[{"system": "urn:ietf:rfc:3986", "value": URN}],
        extension=[{"url": "http://example.org/x", "valueUri": URN}],
    )
    answer = client(
        "POST",
        "",
        bundle(
            "transaction", entry("POST", "MeasureReport", refers), entry("POST", "Organization", organization(), URN)
        ),
    )
    assert answer.status == 200, answer.body
    assert answer.json["type"] == "transaction-response"
    assert statuses(answer) == ["201", "201"]
    place = answer.json["entry"][1]["response"]["location"].partition("/fhir/")[2].partition("/_history")[0]
    stored = client.search("").json["entry"][0]["resource"]
    assert stored["reporter"]["reference"] == place
    assert stored["extension"][0]["valueUri"] == place
    assert stored["text"]["div"] == f'<div xmlns="http://www.w3.org/1999/xhtml"><a href="{place}">{URN}</a></div>'
    assert stored["identifier"][0]["value"] == URN


def test_all_or_nothing(client):
    """A refused entry undoes the whole transaction, and the answer says which entry it was."""
    client.put(organization(id="o", name="Old"))
    answer = client(
        "POST",
        "",
        bundle(
            "transaction",
            entry("DELETE", "Organization/o"),
            entry("POST", "Organization", organization()),
            entry("PUT", "Organization/p", organization(id="p", name="")),
        ),
    )
    assert answer.status == 422
    assert answer.json["issue"][0]["expression"] == ["Bundle.entry[2]"]
    assert client.search("", "Organization").ids == ["o"]
    assert client.get("Organization/o").json["meta"]["versionId"] == "1"


def test_order(client):
    """Entries are carried out as DELETE, POST, PUT, GET; answers stand in the order of the entries."""
    client.put(organization(id="o", name="Old"))
    answer = client(
        "POST",
        "",
        bundle(
            "transaction",
            entry("GET", "Organization?_sort=name"),
            entry("PUT", "Organization/p", organization(id="p", name="Put")),
            entry("POST", "Organization", organization(name="Posted")),
            entry("DELETE", "Organization/o"),
        ),
    )
    assert statuses(answer) == ["200", "201", "201", "204"]
    found = answer.json["entry"][0]["resource"]["entry"]
    assert [each["resource"]["name"] for each in found] == ["Posted", "Put"]


def test_conditional_entries(client):
    """Conditional creates and references inside a transaction find what is there."""
    there = organization(identifier=[{"system": "urn:x", "value": "1"}])
    client.put(there | {"id": "o"})
    both = bundle(
        "transaction",
        entry("POST", "Organization", there, URN, ifNoneExist="identifier=urn:x|1"),
        entry("POST", "MeasureReport", report(id="x", reporter={"reference": URN})),
        entry("POST", "MeasureReport", report(reporter={"reference": "Organization?identifier=urn:x|1"})),
        entry("PUT", "Organization?identifier=urn:x|2", organization(identifier=[{"system": "urn:x", "value": "2"}])),
    )
    answer = client("POST", "", both)
    assert statuses(answer) == ["200", "201", "201", "201"]
    assert len(client.search("reporter=Organization/o").ids) == 2


@pytest.mark.parametrize(
    ("entries", "status"),
    [
        ([entry("POST", "MeasureReport", report(reporter={"reference": "Organization?name=nobody"}))], 412),
        ([entry("PUT", "Organization/o", organization(id="o")), entry("DELETE", "Organization/o")], 400),
        ([entry("PUT", "Organization/o", organization(id="o"), ifMatch='W/"7"')], 412),
        ([entry("GET", "Organization/none")], 404),
        ([entry("JUMP", "Organization")], 400),
        ([{"resource": organization()}], 400),
        ([entry("POST", "", bundle("batch"))], 400),
        ([entry("POST", "Organization")], 400),
    ],
)
def test_transactions_that_cannot_be(client, entries, status):
    """What cannot be carried out is refused as a whole, with an OperationOutcome."""
    answer = client("POST", "", bundle("transaction", *entries))
    assert answer.status == status, answer.body
    assert answer.json["resourceType"] == "OperationOutcome"
    assert client.search("", "Organization").json["total"] == 0


def test_batch(client):
    """In a batch each entry stands for itself."""
    answer = client(
        "POST",
        "",
        bundle(
            "batch",
            entry("GET", "Organization/none"),
            entry("POST", "Organization", organization(name="")),
            entry("POST", "Organization", organization()),
            entry("GET", "metadata"),
        ),
    )
    assert answer.status == 200
    assert answer.json["type"] == "batch-response"
    assert statuses(answer) == ["404", "422", "201", "200"]
    assert answer.json["entry"][1]["response"]["outcome"]["resourceType"] == "OperationOutcome"
    assert answer.json["entry"][3]["resource"]["resourceType"] == "CapabilityStatement"


def test_patch_in_a_bundle(client):
    """A JSON Patch travels as a Binary."""
    client.put(organization(id="o"))
    data = base64.b64encode(b'[{"op":"replace","path":"/name","value":"New"}]').decode()
    binary = {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": data}
    answer = client(
        "POST", "", bundle("transaction", entry("PATCH", "Organization/o", binary)), prefer="return=representation"
    )
    assert answer.json["entry"][0]["resource"]["name"] == "New"
    bad = bundle("batch", entry("PATCH", "Organization/o", organization()))
    assert client("POST", "", bad).status == 400


def test_what_is_no_batch(client):
    """Only Bundles of type batch and transaction are carried out."""
    assert client("POST", "", organization()).status == 400
    assert client("POST", "", bundle("collection")).status == 400
    assert client("POST", "", bundle("transaction")).json["type"] == "transaction-response"
