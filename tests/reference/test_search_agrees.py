"""The search of the server and that which cases expect are written apart: where R4 decides, they agree."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_resources import report

from vbpr_conformance.fhir.match import Match
from vbpr_conformance.fhir.search_match import matches
from vbpr_conformance.reference.date_ranges import FIRST, LAST, range_of

BASE = "http://testserver/fhir"
PREFIXES = ("", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")
MOMENTS = st.datetimes(datetime(2023, 12, 30), datetime(2024, 3, 2))  # noqa: DTZ001  # the zone is drawn apart
ZONES = st.sampled_from(["Z", "+00:00", "+05:00", "-11:30"])


@st.composite
def dates(draw):
    """A date of any precision, near others so that they touch."""
    moment = draw(MOMENTS)
    form = draw(st.sampled_from(["%Y", "%Y-%m", "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f"]))
    text = moment.strftime(form)
    return text + draw(ZONES) if "T" in text else text


PERIODS = st.fixed_dictionaries({}, optional={"start": dates(), "end": dates()}).filter(
    lambda period: bool(period) and (len(period) == 1 or range_of(period["start"])[0] < range_of(period["end"])[1])
)
CODES = st.sampled_from(["a", "b", r"a\,b", "a b"])
SYSTEMS = st.sampled_from(["urn:1", "urn:2", "http://example.org/s|t"])
IDENTIFIERS = st.fixed_dictionaries({"value": CODES}, optional={"system": SYSTEMS})
REFERENCES = st.sampled_from(["Organization/a", "Organization/b", "Practitioner/a", f"{BASE}/Organization/a"])
CANONICALS = st.sampled_from(["http://example.org/m", "http://example.org/m|1", "http://example.org/m|2", "urn:x"])


def escaped(text):
    return text.replace("\\", "\\\\").replace(",", "\\,").replace("|", "\\|")


TOKENS = st.one_of(
    CODES.map(escaped),
    st.builds("{}|{}".format, SYSTEMS.map(escaped), CODES.map(escaped)),
    CODES.map(lambda code: f"|{escaped(code)}"),
    SYSTEMS.map(lambda system: f"{escaped(system)}|"),
)
DATES = st.builds("{}{}".format, st.sampled_from(PREFIXES), dates())
ASKED = st.one_of(
    st.tuples(st.sampled_from(["date", "period"]), st.lists(DATES, min_size=1, max_size=2).map(",".join)),
    st.tuples(st.sampled_from(["identifier", "identifier:not"]), TOKENS),
    st.tuples(
        st.just("reporter"), st.sampled_from(["a", "Organization/a", f"{BASE}/Organization/b", "Practitioner/a"])
    ),
    st.tuples(st.just("measure"), CANONICALS),
)
REPORTS = st.builds(
    report,
    date=dates(),
    period=PERIODS,
    identifier=st.lists(IDENTIFIERS, min_size=1, max_size=2),
    reporter=REFERENCES.map(lambda text: {"reference": text}),
    measure=CANONICALS,
)


@pytest.fixture(scope="module")
def lenient(edition):
    """A server that takes reports as they are drawn."""
    from straight_client import Client

    from vbpr_conformance.reference.app import make_app
    from vbpr_conformance.reference.store import Store

    return Client(make_app(edition, Store(), validate=False))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(report=REPORTS, asked=st.lists(ASKED, min_size=4, max_size=8))
def test_both_find_the_same(lenient, report, asked):
    """A report is found by the server if, and only if, R4 says that it matches."""
    lenient.put(report | {"id": "drawn"})
    for name, value in asked:
        parameter = lenient.server.parameters["MeasureReport"][name.partition(":")[0]]
        expected = matches(parameter, name.partition(":")[2] or None, value, report, base=BASE)
        answer = lenient.search(urlencode({name: value}))
        assert answer.status == 200, answer.body
        found = answer.ids == ["drawn"]
        assert expected is Match.UNDECIDED or found is (expected is Match.YES), (name, value, expected)


@pytest.mark.parametrize(
    ("text", "days"),
    [("2024", 366), ("2023", 365), ("2024-02", 29), ("9999", 365), ("0001-01", 31), ("2024-02-29", 1)],
)
def test_a_date_is_as_wide_as_its_precision(text, days):
    """Years and months are whole ones, to the ends of the calendar."""
    low, high = range_of(text)
    assert timedelta(microseconds=high - low) == timedelta(days=days)


@pytest.mark.parametrize(
    "text", ["2023-02-29", "2024-13", "24", "2024-1-1", "2024-01-01T25:00Z", "2024-01-01T10:61Z", "2024-01-01T10", "x"]
)
def test_what_is_no_date_has_no_range(text):
    """Days and times that do not exist are no dates."""
    assert range_of(text) is None


def test_open_ends():
    """A period without start or end is open there; a timing reaches from its first to its last event."""
    assert range_of({"start": "2024"})[1] == LAST
    assert range_of({"end": "2024"})[0] == FIRST
    assert range_of({"event": ["2024-03", "2024-01"]}) == (range_of("2024-01")[0], range_of("2024-03")[1])
    assert range_of({"repeat": {"boundsPeriod": {"start": "2024", "end": "2024"}}}) == range_of("2024")
    assert range_of({"value": 1}) is None
