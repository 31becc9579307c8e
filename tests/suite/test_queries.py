"""What a search family asks for, what has to be found, and what R4 leaves open."""

from __future__ import annotations

import pytest
from plain_evidence import BASE, report

from vbpr_conformance.fhir.match import Match
from vbpr_conformance.suite.created_resource import CreatedResource
from vbpr_conformance.suite.queries import (
    Query,
    is_mere_id,
    judge,
    parameter_of,
    queries,
    reason,
    refers_elsewhere,
    values_of,
)


@pytest.fixture
def parameter(edition):
    """Find a search parameter of MeasureReport by its code."""
    return lambda code: parameter_of({"type": "MeasureReport", "param": code}, edition)


@pytest.fixture
def asked(parameter):
    """Give the values that a form of a parameter asks for, over these reports."""

    def make(code: str, form: str, *reports: dict) -> list[str]:
        row = {"type": "MeasureReport", "param": code, "form": form, "query": code}
        made = [CreatedResource(f"r{n}", f"r{n}", report(**each)) for n, each in enumerate(reports)]
        return [each.value for each in queries(row, parameter(code), made, (BASE,))]

    return make


@pytest.fixture
def judged(parameter):
    """Judge a query over one report."""

    def make(name: str, value: str, **members) -> Match:
        query = Query("MeasureReport", parameter(name.partition(":")[0]), name, value)
        return judge(query, CreatedResource("r", "r", report(**members)), BASE)

    return make


MARCH = {"start": "2024-03-01", "end": "2024-03-31"}


def test_codes_are_asked_for_as_they_are_and_cut_short(asked):
    """A beginning of a code matches nothing: a server that searches by beginnings is seen."""
    assert asked("status", "code", {"status": "complete"}) == ["complete", "complet"]
    assert asked("status", "not", {"status": "complete"}) == ["complete"]
    assert asked("status", "or", {"status": "complete"}) == ["complete", "complete,not-complete"]
    assert asked("status", "missing", {}) == ["false", "true"]


def test_tokens_are_asked_for_in_each_form(asked):
    """With another system, too, and with none."""
    holds = {"identifier": [{"system": "urn:a", "value": "1,2"}]}
    assert (
        asked("identifier", "system-code", holds)
        == [
            "urn:a|1\\,2",
            "urn:vbpr-conformance:other|1\\,2",
            "urn:a|1\\,",
        ]
        or asked("identifier", "system-code", holds)[0] == "urn:a|1\\,2"
    )
    assert asked("identifier", "no-system", holds) == ["|1\\,2"]
    assert asked("identifier", "system-only", holds) == ["urn:a|", "urn:vbpr-conformance:other|"]


def test_dates_are_asked_for_around_what_is_there(asked):
    """As written, the day, the days around it, its month and its year, each with the prefix."""
    assert asked("date", "ge", {"date": "2024-03-15"}) == [
        "ge2024-03-15",
        "ge2024-03-14",
        "ge2024-03-16",
        "ge2024-03",
        "ge2024",
    ]
    assert asked("date", "day", {"date": "2024"}) == ["2024"]
    assert asked("date", "or", {"date": "2024"}, {"date": "2023"}) == ["2023,2024"]


def test_references_are_asked_for_as_others_too(asked):
    """Another type with the same id, and another id; elsewhere only as they are."""
    local = {"reporter": {"reference": "Organization/1"}}
    found = asked("reporter", "type-and-id", local)
    assert found[0] == "Organization/1"
    assert {each.partition("/")[0] for each in found} > {"Organization"}
    assert asked("reporter", "id", local) == ["1", "x"]
    assert asked("reporter", "absolute", local)[0] == f"{BASE}/Organization/1"
    below_the_base = {"reporter": {"reference": f"{BASE}/Organization/1"}}
    assert asked("reporter", "id", below_the_base) == ["1", "x"]


def test_canonicals_are_asked_for_with_and_without_version(asked):
    """And with another version."""
    holds = {"measure": "http://m.example/a|1"}
    assert asked("measure", "url", holds) == ["http://m.example/a", "http://m.example/"]
    assert asked("measure", "url-and-version", holds) == ["http://m.example/a|1", "http://m.example/a|0.0.0-other"]


@pytest.mark.parametrize(
    ("value", "start", "end"),
    [
        ("ge2024-03", "2024-02-20", "2024-03-10"),
        ("le2024-03", "2024-03-20", "2024-04-10"),
        ("gt2024-03-15T14:00:00Z", "2024-01-01", "2024-03-15T14:00:00Z"),
        ("lt2024-03-15T14:00:00Z", "2024-03-15T14:00:00Z", "2024-12-31"),
    ],
)
def test_the_border_of_a_comparison_is_open(judged, value, start, end):
    """Where ranges overlap at the border R4 says two things, so that a server may answer either way."""
    assert judged("period", value, period={"start": start, "end": end}) is Match.UNDECIDED


@pytest.mark.parametrize(
    ("value", "date", "expected"),
    [
        ("ge2024-03-15", "2024-03-14", Match.NO),
        ("le2024-03-15", "2024-03-16", Match.NO),
        ("gt2024-03-15", "2024-03-15", Match.NO),
        ("lt2024-03-15", "2024-03-15", Match.NO),
        ("gt2024-03-15T14:00:00Z", "2024-03-15T14:00:00Z", Match.NO),
        ("ge2024-03-15", "2024-03-15", Match.YES),
        ("ge2024-03", "2024-03-31", Match.YES),
        ("gt2024-03-15", "2024-03", Match.YES),
    ],
)
def test_away_from_the_border_a_comparison_is_closed(judged, value, date, expected):
    """What is equal is neither greater nor less."""
    assert judged("date", value, date=date) is expected


def test_missing_is_open_where_nothing_can_be_searched_for(judged):
    """The element is there, and holds no literal reference."""
    assert judged("reporter:missing", "true", reporter={"display": "x"}) is Match.UNDECIDED
    assert judged("reporter:missing", "true", reporter={"reference": "#a"}) is Match.UNDECIDED
    assert judged("reporter:missing", "true", reporter={"reference": "Organization/1"}) is Match.NO
    assert judged("reporter:missing", "true") is Match.YES


def test_a_canonical_without_its_version_is_open(judged):
    """R4 does not say whether it is found; with it, it is."""
    assert judged("measure", "http://m.example/a", measure="http://m.example/a|1") is Match.UNDECIDED
    assert judged("measure", "http://m.example/a\\|1", measure="http://m.example/a|1") is not Match.NO
    assert judged("measure", "http://m.example/b", measure="http://m.example/a|1") is Match.NO


def test_the_reason_tells_what_the_resource_holds(parameter):
    """And so what has to be found."""
    query = Query("MeasureReport", parameter("period"), "period", "2024-03-15")
    inside = CreatedResource("r", "r", report(period={"start": "2024-03-15", "end": "2024-03-15"}))
    outside = CreatedResource("r", "r", report(period={"start": "2023-01-01"}))
    assert reason(query, inside, BASE) == "period is 2024-03-15 to 2024-03-15; has to be found"
    assert reason(query, outside, BASE).startswith("period is 2023-01-01 to …; ")
    assert reason(query, CreatedResource("r", "r", report()), BASE) == "period is nothing; does not match"
    assert values_of(outside, parameter("period")) == [{"start": "2023-01-01"}]


def test_what_leads_elsewhere_is_not_searched_by_a_local_id(parameter):
    """All references are absolute and of another server."""
    row = {"type": "MeasureReport", "param": "reporter"}

    def elsewhere(*references: str) -> bool:
        made = [CreatedResource("r", "r", report(reporter={"reference": each})) for each in references]
        return refers_elsewhere(row, parameter("reporter"), made, (BASE,))

    assert elsewhere("https://other.example/Organization/1")
    assert not elsewhere("https://other.example/Organization/1", "Organization/2")
    assert not elsewhere(f"{BASE}/Organization/1")
    assert not elsewhere()


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [("reporter", "a-1", True), ("reporter", "Organization/1", False), ("status", "complete", False)],
)
def test_a_mere_id_is_a_reference_without_its_type(parameter, name, value, expected):
    """A server that has several resources of that id should refuse it."""
    assert is_mere_id(Query("MeasureReport", parameter(name), name, value)) is expected
