"""Habits: each changes what the server does, within what R4 allows."""

from __future__ import annotations

import gzip
import json

import pytest
from small_resources import bundle, entry, organization, report
from straight_client import washed

from vbpr_conformance.errors import UsageError
from vbpr_conformance.reference.permitted_variations import PERMITTED_VARIATIONS, find_variation


def test_own_ids_only(serve):
    """The server may refuse ids of clients, and says so."""
    client = serve(variations=["own-ids-only"])
    assert client.put(organization(id="mine")).status == 405
    place = client.create(organization()).place
    assert client.put(organization(id=place.partition("/")[2])).status == 200
    assert client.get("metadata").json["rest"][0]["resource"][0]["updateCreate"] is False


def test_uuids(serve):
    """Ids and versions may be UUIDs; concurrency works with them."""
    client = serve(variations=["uuid-ids", "uuid-versions"])
    answer = client.create(organization())
    assert len(answer.json["id"]) == len(answer.json["meta"]["versionId"]) == 36
    changed = organization(id=answer.json["id"], name="New")
    assert client.put(changed, if_match='W/"1"').status == 412
    assert client.put(changed, if_match=answer.headers["ETag"]).status == 200
    assert client.get(f"{answer.place}/_history").json["total"] == 2


def test_absolute_references(serve):
    """References may come back as absolute URLs, and are found in either form."""
    client = serve(variations=["absolute-references"])
    client.put(organization(id="o"))
    client.put(report(id="r", reporter={"reference": "Organization/o"}))
    assert client.get("MeasureReport/r").json["reporter"]["reference"] == "http://testserver/fhir/Organization/o"
    assert client.search("reporter=Organization/o").ids == ["r"]


def test_unchanged_no_version(serve):
    """An update that changes nothing may keep the version."""
    client = serve(variations=["unchanged-no-version"])
    client.put(organization(id="o", meta={"versionId": "9"}))
    assert client.put(organization(id="o")).headers["ETag"] == 'W/"1"'
    assert client.put(organization(id="o", name="New")).headers["ETag"] == 'W/"2"'


def test_references_must_exist(serve):
    """References to what is not there may be refused, but not those to what the same transaction creates."""
    client = serve(variations=["references-must-exist"])
    assert client.create(report(reporter={"reference": "Organization/o"})).status == 422
    assert client.create(report(reporter={"reference": "http://other.example/fhir/Organization/o"})).status == 201
    urn = "urn:uuid:7d3f6a54-59f3-4b36-a3c6-30ee3c0f6a01"
    both = bundle(
        "transaction",
        entry("POST", "MeasureReport", report(reporter={"reference": urn})),
        entry("POST", "Organization", organization(), urn),
    )
    assert client("POST", "", both).status == 200


def test_small_pages(serve):
    """A server may grant smaller pages than were asked for."""
    client = serve(variations=["small-pages", "relative-links"])
    for _ in range(6):
        client.create(organization())
    answer = client.get("Organization?_count=100")
    assert len(answer.ids) == 5
    assert answer.links["next"].startswith("/fhir?_page=")
    assert len(client.get(answer.links["next"].removeprefix("/fhir")).ids) == 1


def test_gzip_and_pretty(serve):
    """Answers may be compressed and indented."""
    client = serve(variations=["gzip", "pretty"])
    answer = client.get("metadata", accept_encoding="gzip, deflate")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert b'\n  "resourceType"' in gzip.decompress(answer.body)
    assert client.get("metadata").body.startswith(b"{")


@pytest.mark.parametrize("name", PERMITTED_VARIATIONS)
def test_each_variation_is_visible_and_valid(serve, edition, name):
    """Each variation shows in what a client sees, and what it sees stays valid FHIR."""
    from vbpr_conformance.validate.validator import validator_for

    good, seen = _seen(serve(countable=True)), _seen(serve(countable=name != "uuid-ids", variations=[name]))
    assert [washed(each) for each in seen] != [washed(each) for each in good]
    assert [washed(each) for each in _seen(serve(countable=True))] == [washed(each) for each in good]
    for each in seen:
        content = gzip.decompress(each.body) if each.body[:2] == b"\x1f\x8b" else each.body
        if content and name != "unvalidated":
            issues = validator_for(edition).issues(json.loads(content))
            assert [each for each in issues if each.is_error] == []


def _seen(client):
    """What a short conversation shows."""
    client.put(organization(id="o"))
    return [
        client.create(organization()),
        client.put(organization(id="o")),
        client.put(report(id="r", reporter={"reference": "Organization/o"}), prefer="return=OperationOutcome"),
        client.put(report(id="s", reporter={"reference": "Organization/nobody"})),
        client.get("metadata", accept_encoding="gzip"),
        client.get("MeasureReport?_count=1&nonsense=1"),
        client.get("Organization?_count=7"),
        client.get("MeasureReport?_sort=-_id"),
        client.create(report(date="2024-03-15T10:00:00+00:00", reporter={"reference": "Organization/o"})),
        client.create(report(status="no-such-status")),
        client.get("MeasureReport/r", if_none_match='W/"1"'),
        client.get("MeasureReport/r"),
        client.put(report(id="r", date="2024"), if_match='W/"no-such-version"'),
        client(
            "POST", "", bundle("transaction", entry("PUT", "MeasureReport/t", report(id="t", status="no-such-status")))
        ),
        *(client.create(organization()) for _ in range(7)),
        client.get("Organization?_count=7"),
        client("DELETE", "Organization/o"),
        client.get("Organization/o"),
    ]


def test_unknown_variation():
    """A variation that is not known is refused with the names of those that are."""
    with pytest.raises(UsageError, match="no variation nonsense: own-ids-only"):
        find_variation("nonsense")
