"""Search: what each type of parameter, modifier and prefix finds, as https://hl7.org/fhir/R4/search.html has it."""

from __future__ import annotations

import pytest
from small_resources import organization, report

CODES = "http://example.org/codes"


@pytest.fixture(scope="module")
def searched(edition):
    """A server with reports that differ in one thing each."""
    from straight_client import Client

    from vbpr_conformance.reference.app import make_app
    from vbpr_conformance.reference.store import Store

    client = Client(make_app(edition, Store()))
    client.put(organization(id="o1", name="Árbol Clinic", identifier=[{"system": "urn:o", "value": "1"}]))
    client.put(organization(id="o2", name="Birch Clinic", partOf={"reference": "Organization/o1"}))
    client.put(report(id="month", date="2024-03", identifier=[{"system": "urn:a", "value": "x"}]))
    client.put(report(id="day", date="2024-03-15", identifier=[{"system": "urn:b", "value": "x"}, {"value": "y,z"}]))
    client.put(report(id="instant", date="2024-03-15T23:30:00-05:00", reporter={"reference": "Organization/o1"}))
    client.put(report(id="open", period={"start": "2025-01-01"}, status="pending"))
    client.put(report(id="other", reporter={"reference": "http://other.example/fhir/Organization/o1"}))
    client.put(report(id="version", measure="http://example.org/Measure/v|1.2.0"))
    client.put(report(id="local", reporter={"reference": "http://testserver/fhir/Organization/o2/_history/1"}))
    client.put(report(id="logical", reporter={"identifier": {"system": "urn:o", "value": "7"}}))
    return client


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("date=2024-03", {"month", "day", "instant"}),
        ("date=2024-03-15", {"day"}),
        ("date=2024-03-16", {"instant"}),
        ("date=2024-03-15T23:30:00-05:00", {"instant"}),
        ("date=2024-03-16T04:30:00Z", {"instant"}),
        ("date=gt2024-03-15", {"month", "instant"}),
        ("date=lt2024-03-15", {"month"}),
        ("date=ge2024-03-15", {"month", "day", "instant"}),
        ("date=le2024-03-15", {"month", "day"}),
        ("date=sa2024-03-15", {"instant"}),
        ("date=eb2024-03-15", set()),
        ("date=ne2024-03-15", {"month", "instant"}),
        ("date=ap2024-03-15", {"month", "day", "instant"}),
        ("date=2024-03-15,2024-03-16", {"day", "instant"}),
        ("date=ge2024-03-15&date=lt2024-03-16", {"month", "day"}),
        ("period=ge2026", {"open"}),
        ("period=2025", set()),
        ("period=sa2024-12-31", {"open"}),
        ("status=pending", {"open"}),
        ("status=http://hl7.org/fhir/measure-report-status|pending", {"open"}),
        ("status=http://example.org/other|pending", set()),
        ("status:not=complete", {"open"}),
        ("identifier=x", {"month", "day"}),
        ("identifier=urn:a|x", {"month"}),
        ("identifier=urn:a|", {"month"}),
        ("identifier=|x", set()),
        (r"identifier=|y\,z", {"day"}),
        (r"identifier=y\,z,urn:a|x", {"day", "month"}),
        ("identifier=X", set()),
        ("date:missing=true&status=pending", {"open"}),
        ("date:missing=false", {"month", "day", "instant"}),
        ("reporter=Organization/o1", {"instant"}),
        ("reporter=o1", {"instant"}),
        ("reporter:Organization=o1", {"instant"}),
        ("reporter:Practitioner=o1", set()),
        ("reporter=Practitioner/o1", set()),
        ("reporter=http://testserver/fhir/Organization/o1", {"instant"}),
        ("reporter=http://other.example/fhir/Organization/o1", {"other"}),
        ("reporter=Organization/o2", {"local"}),
        ("reporter:identifier=urn:o|7", {"logical"}),
        ("reporter:missing=false", {"instant", "other", "local", "logical"}),
        ("reporter.name=arbol", {"instant"}),
        ("reporter:Organization.partof.name=arbol", {"local"}),
        ("reporter.name=oak", set()),
        ("measure=http://example.org/Measure/v", {"version"}),
        ("measure=http://example.org/Measure/v|1.2.0", {"version"}),
        ("measure=http://example.org/Measure/v|1.0.0", set()),
        ("measure:below=http://example.org/Measure/v|1", {"version"}),
        ("_id=day,open", {"day", "open"}),
        ("_lastUpdated=lt2020", set()),
    ],
)
def test_matches(searched, query, expected):
    """Each search finds exactly these reports, by GET and by POST."""
    answer = searched.search(query)
    assert answer.status == 200, answer.body
    assert set(answer.ids) == expected
    assert answer.json["total"] == len(expected)
    form = "application/x-www-form-urlencoded"
    assert searched("POST", "MeasureReport/_search", query, content_type=form).ids == answer.ids


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("name=árb", {"o1"}),
        ("name=ARB", {"o1"}),
        ("name=clinic", set()),
        ("name:contains=clinic", {"o1", "o2"}),
        ("name:exact=Birch Clinic", {"o2"}),
        ("name:exact=birch clinic", set()),
        ("name=arb,bir", {"o1", "o2"}),
    ],
)
def test_strings(searched, query, expected):
    """Strings match from their start without case and accents, unless a modifier says otherwise."""
    assert set(searched.search(query, "Organization").ids) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("url=http://a.example/m/1", {"1"}),
        ("url:below=http://a.example/m", {"0", "1"}),
        ("url:above=http://a.example/m/1/x", {"0", "1"}),
    ],
)
def test_uris(client, query, expected):
    """URIs match whole, or by what stands above or below them."""
    for number, url in enumerate(("http://a.example/m", "http://a.example/m/1", "http://a.example/mm")):
        client.put({"resourceType": "Measure", "id": str(number), "status": "active", "url": url})
    assert set(client.search(query, "Measure").ids) == expected


def test_quantities(client):
    """Quantities match within the precision of the number searched for, and by unit."""
    context = {"code": {"system": CODES, "code": "a"}}
    weight = {"value": 100.0, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"}
    client.put(
        {"resourceType": "Measure", "id": "m", "status": "active", "useContext": [context | {"valueQuantity": weight}]}
    )
    for query, found in (
        ("100", True), ("100.00", True), ("99", False), ("1e2", True), ("gt99.9", True), ("lt100", False),
        ("100|http://unitsofmeasure.org|kg", True), ("100||kg", True), ("100||g", False),
    ):  # fmt: skip
        assert client.search(f"context-quantity={query}", "Measure").ids == (["m"] if found else []), query


def test_several_codings(client):
    """A token is found by any coding of a concept, and by its text."""
    concept = {"coding": [{"system": "urn:1", "code": "a"}, {"system": "urn:2", "code": "b"}], "text": "Some Thing"}
    client.put({"resourceType": "Measure", "id": "m", "status": "active", "topic": [concept]})
    for query in ("topic=a", "topic=urn:2|b", "topic:text=some th"):
        assert client.search(query, "Measure").ids == ["m"]
    assert client.search("topic=urn:1|b", "Measure").ids == []
    assert client.search("topic:not=a", "Measure").ids == []


@pytest.mark.parametrize(
    "query",
    [
        "date=tomorrow",
        "date=zz2024",
        "status:nonsense=x",
        "date:missing=maybe",
        "identifier=|",
        "_count=many",
    ],
)
def test_values_that_are_none(searched, query):
    """A value or modifier that is not understood is refused with 400 and an OperationOutcome."""
    answer = searched.search(query)
    assert answer.status == 400
    assert answer.json["issue"][0]["diagnostics"]


def test_unknown_parameter(searched):
    """An unknown parameter is left out of the self link and told, or refused if the client is strict."""
    answer = searched.search("nonsense=1&status=pending")
    assert answer.ids == ["open"]
    assert answer.links["self"] == "http://testserver/fhir/MeasureReport?status=pending"
    assert answer.json["entry"][-1]["search"]["mode"] == "outcome"
    assert searched.get("MeasureReport?nonsense=1", prefer="handling=strict").status == 400
    assert searched.get("MeasureReport?reporter.nonsense=1", prefer="handling=strict").status == 400


def test_sort(searched):
    """Results come in the order asked for, those without a value last."""
    assert searched.search("_sort=date&date:missing=false").ids == ["month", "day", "instant"]
    assert searched.search("_sort=-date").ids[:3] == ["month", "instant", "day"]
    assert searched.search("_sort=status,-_id").ids[0] == "version"


def test_include(searched):
    """_include and _revinclude bring what matches refer to, marked as such, each once."""
    answer = searched.search("_id=instant&_include=MeasureReport:reporter")
    assert answer.ids == ["instant"]
    assert [each["resource"]["id"] for each in answer.json["entry"] if each["search"]["mode"] == "include"] == ["o1"]
    iterated = searched.search("_id=local&_include=MeasureReport:reporter&_include:iterate=Organization:partof")
    assert [each["fullUrl"].rpartition("/")[2] for each in iterated.json["entry"]] == ["local", "o2", "o1"]
    back = searched.search("_id=o1&_revinclude=MeasureReport:reporter", "Organization")
    assert [each["resource"]["id"] for each in back.json["entry"]] == ["o1", "instant"]
    assert len(searched.search("_id=instant&_include=*").json["entry"]) == 2


def test_include_by_canonical(client):
    """A Measure that a report names by canonical URL can be included."""
    client.put({"resourceType": "Measure", "id": "m", "status": "active", "url": "http://example.org/Measure/m"})
    client.put(report(id="r", measure="http://example.org/Measure/m|1.0"))
    answer = client.search("_include=MeasureReport:measure")
    assert [each["resource"]["id"] for each in answer.json["entry"]] == ["r"]
    client.put(
        {
            "resourceType": "Measure",
            "id": "m",
            "status": "active",
            "url": "http://example.org/Measure/m",
            "version": "1.0",
        }
    )
    answer = client.search("_include=MeasureReport:measure")
    assert [each["resource"]["id"] for each in answer.json["entry"]] == ["r", "m"]
    assert client.search("measure.url=http://example.org/Measure/m").ids == ["r"]


def test_summary_and_elements(searched):
    """Parts of resources are marked as such; a count has no entries."""
    count = searched.search("_summary=count").json
    assert (count["total"], "entry" in count) == (8, False)
    part = searched.search("_id=day&_elements=date").json["entry"][0]["resource"]
    assert {"date", "status"} < set(part)
    assert "identifier" not in part
    assert part["meta"]["tag"][0]["code"] == "SUBSETTED"
    summary = searched.get("MeasureReport/day?_summary=true").json
    assert "identifier" in summary
    assert searched.get("MeasureReport/day?_summary=data").json["status"] == "complete"
    assert set(searched.get("MeasureReport/day?_summary=text").json) >= {"id", "status", "period"}
    assert searched.get("MeasureReport/day?_summary=nonsense").status == 400


def test_search_of_all_types(searched):
    """A search without a type uses the parameters that all types share."""
    answer = searched.get("?_id=o1,day")
    assert set(answer.ids) == {"o1", "day"}
    assert searched.get("?_type=Organization").json["total"] == 2
    form = "application/x-www-form-urlencoded"
    assert searched("POST", "_search", "_id=o1", content_type=form).ids == ["o1"]


def test_updates_and_deletes_are_seen(client):
    """Only the current version of what is there is found."""
    client.put(report(id="r", status="pending"))
    client.put(report(id="r", status="complete"))
    assert client.search("status=pending").ids == []
    assert client.search("status=complete").ids == ["r"]
    client("DELETE", "MeasureReport/r")
    assert client.search("status=complete").ids == []
