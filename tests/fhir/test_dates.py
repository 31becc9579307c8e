"""Dates as intervals, and the prefixes of search: https://hl7.org/fhir/R4/search.html#prefix."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vbpr_conformance.fhir.dates import PREFIXES, SLACK, Bound, Interval, compare, interval_of, surely_before
from vbpr_conformance.fhir.match import Match

EXACT = tuple(prefix for prefix in PREFIXES if prefix != "ap")
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1)).map(lambda moment: moment.replace(microsecond=0))  # noqa: DTZ001
ZONES = st.sampled_from(["", "Z", "+00:00", "+14:00", "-12:00", "+05:30", "-08:00"])


@st.composite
def dates(draw, zones=ZONES):
    """A date of any precision."""
    text = draw(MOMENTS).isoformat()
    length = draw(st.sampled_from([4, 7, 10, 19]))
    return text[:length] + (draw(zones) if length == 19 else "")


@st.composite
def targets(draw, zones=ZONES):
    """What a resource may hold: a date, or a period that may be open and is in order."""
    values = dates(zones)
    kind = draw(st.sampled_from(["date", "period", "start", "end"]))
    if kind == "date":
        return interval_of(draw(values))
    period = {name: draw(values) for name in (("start", "end") if kind == "period" else (kind,))}
    interval = interval_of(period)
    if interval.low and interval.high and interval.low.moment >= interval.high.moment:
        interval = interval_of({"start": period["end"], "end": period["start"]})
    return interval


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("2024", "2024-01-01", "2025-01-01"),
        ("2024-02", "2024-02-01", "2024-03-01"),
        ("2024-12", "2024-12-01", "2025-01-01"),
        ("2024-02-29", "2024-02-29", "2024-03-01"),
        ("2024-03-15T10:30", "2024-03-15T10:30", "2024-03-15T10:31"),
        ("2024-03-15T10:30:00Z", "2024-03-15T10:30:00", "2024-03-15T10:30:01"),
        ("2024-03-15T10:30:00.5Z", "2024-03-15T10:30:00.500", "2024-03-15T10:30:00.600"),
        ("2024-03-15T23:30:00-05:00", "2024-03-16T04:30:00", "2024-03-16T04:30:01"),
    ],
)
def test_date_is_all_that_its_precision_allows(text, low, high):
    """A date lasts as long as it is imprecise, in UTC."""
    interval = Interval.of(text)
    floating = "Z" not in text and "-05:00" not in text
    assert interval == Interval(Bound(at(low), floating), Bound(at(high), floating))


@pytest.mark.parametrize("text", ["", "24", "2024-13", "2023-02-29", "2024-1-1", "10:30", "2024-03-15T25:00", "x"])
def test_what_is_no_date(text):
    """Anything that is no date gives no interval."""
    assert Interval.of(text) is None


def test_limits_of_the_calendar():
    """Where the calendar of the language ends, an interval is open."""
    assert Interval.of("9999").high is None
    assert interval_of({"event": ["9999"]}).high is None
    assert Interval.of("9999-12-31T23:59:59Z").high is None
    assert Interval.of("0001-01-01T00:00:00+14:00").low is None


def test_period_is_open_where_nothing_is_stated():
    """A missing start or end is the beginning or end of time; no date makes no interval."""
    assert interval_of({"start": "2024"}).high is None
    assert interval_of({"end": "2024"}).low is None
    assert interval_of({"start": "soon"}) is None
    assert interval_of({"value": 3}) is None
    assert interval_of({"event": ["2024-03-01", "2024-05-01"]}) == interval_of(
        {"start": "2024-03-01", "end": "2024-05-01"}
    )


def test_a_repeated_timing_has_the_bounds_that_it_states():
    """Those given as a period; any others are not looked at."""
    period = {"start": "2024-03-01", "end": "2024-05-01"}
    assert interval_of({"repeat": {"boundsPeriod": period}}) == interval_of(period)
    assert interval_of({"repeat": {"boundsDuration": {"value": 3}}}) is None
    assert interval_of({"repeat": "daily"}) is None


@pytest.mark.parametrize(
    ("criterion", "target", "answer"),
    [
        ("eq2024", "2024-03-15", True),
        ("eq2024-03-15", "2024", False),
        ("eq2024-03", {"start": "2024-03-01", "end": "2024-03-31"}, True),
        ("eq2024-03", {"start": "2024-03-01", "end": "2024-04-01"}, False),
        ("eq2024", {"start": "2024"}, False),
        ("ne2024-03", {"start": "2024-03-10", "end": "2024-04-01"}, True),
        ("ne2024", "2024-03-15", False),
        ("gt2024-03", "2024-03-15", False),
        ("gt2024-03", "2024-04", True),
        ("gt2024-03-15", "2024-03", True),
        ("gt2024", {"start": "2020"}, True),
        ("lt2024-03", "2024-02-29", True),
        ("lt2024-03-15", "2024-03", True),
        ("lt2024", {"start": "2024-01-01", "end": "2024-02"}, False),
        ("ge2024-03", "2024-03", True),
        ("ge2024-03", "2024-03-15", True),
        ("ge2024-03", {"start": "2024-02-15", "end": "2024-03-15"}, False),
        ("ge2024", "2025", True),
        ("le2024-03", {"start": "2024-03-10", "end": "2024-04-10"}, False),
        ("le2024-03", {"end": "2024-03-10"}, True),
        ("sa2024-03", "2024-04-01", True),
        ("sa2024-03", {"start": "2024-03-31", "end": "2024-05"}, False),
        ("sa2024-03", {"end": "2030"}, False),
        ("eb2024-03", "2024-02", True),
        ("eb2024-03", {"start": "2024-02", "end": "2024-03-01"}, False),
        ("eb9999-12", "2024", True),
        ("eb9999", {"start": "2024"}, False),
        ("sa9999", "9999-12-31", False),
        ("eq9999", "9999-12-31", True),
        ("lt9999", "9998-12", True),
    ],
)
def test_prefixes_to_the_letter(criterion, target, answer):
    """Each prefix finds what its sentence in R4 says, and nothing else."""
    assert compare(criterion[:2], Interval.of(criterion[2:]), interval_of(target)) is Match.of(answer)


def test_approximately_is_sure_only_of_the_exact():
    """How near is near enough for `ap` is the server's choice."""
    day = Interval.of("2024-03-15")
    assert compare("ap", day, day) is Match.YES
    assert compare("ap", day, Interval.of("2024-03-16")) is Match.UNDECIDED
    assert compare("ap", day, Interval.of("1984-03-16")) is Match.UNDECIDED


@pytest.mark.parametrize(
    ("search", "target", "answer"),
    [
        ("2024-03-15", "2024-03-15T12:00:00Z", Match.UNDECIDED),
        ("2024-03", "2024-03-15T12:00:00Z", Match.YES),
        ("2024-03", "2024-03-31T23:30:00Z", Match.UNDECIDED),
        ("2024-03", "2024-04-02T00:00:00Z", Match.NO),
        ("2024-03-15T12:00:00Z", "2024-03-15", Match.NO),
        ("2024-03-15T12:00:00Z", "2024-03-15T12:00:00", Match.UNDECIDED),
        ("2024-03-15T12:00:00Z", "2024-03-17T12:00:00", Match.NO),
    ],
)
def test_slack_of_a_day_without_a_zone(search, target, answer):
    """Where one side has no time zone, what a day could change is undecided."""
    assert compare("eq", Interval.of(search), Interval.of(target)) is answer


def test_plus_zero_is_utc():
    """`+00:00` and `Z` are the same."""
    assert Interval.of("2024-03-15T12:00:00+00:00") == Interval.of("2024-03-15T12:00:00Z")


@given(dates(), targets())
def test_not_equal_is_the_opposite(text, target):
    """`ne` finds exactly what `eq` does not."""
    search = Interval.of(text)
    assert compare("ne", search, target) is compare("eq", search, target).opposite


@given(dates(), targets())
def test_or_equal_adds_the_equal(text, target):
    """`ge` finds what `gt` or `eq` finds, `le` what `lt` or `eq` finds."""
    search = Interval.of(text)
    found = {prefix: compare(prefix, search, target) for prefix in EXACT}
    for either, strict in (("ge", "gt"), ("le", "lt")):
        parts = {found[strict], found["eq"]}
        if Match.YES in parts:
            assert found[either] is Match.YES
        elif parts == {Match.NO}:
            assert found[either] is Match.NO


@given(dates(), targets())
def test_wholly_after_is_also_greater(text, target):
    """What starts after is greater, is not equal, and does not end before."""
    search = Interval.of(text)
    if compare("sa", search, target) is Match.YES:
        assert compare("gt", search, target) is Match.YES
        assert compare("eq", search, target) is Match.NO
        assert compare("eb", search, target) is Match.NO
        assert compare("lt", search, target) is Match.NO


@given(dates())
def test_date_finds_itself(text):
    """Every date equals itself and lies neither before nor after itself."""
    same = Interval.of(text)
    found = {prefix: compare(prefix, same, same) for prefix in PREFIXES}
    assert [prefix for prefix, match in found.items() if match is Match.YES] == ["eq", "ge", "le", "ap"]


@given(dates(st.just("Z")), targets(st.just("Z")), st.sampled_from(EXACT))
def test_decided_answers_stand_in_every_zone(text, target, prefix):
    """A decided answer about floating dates stays the same wherever within a day they lie."""
    search = Interval.of(text)
    answer = compare(prefix, search, target)
    if answer is Match.UNDECIDED:
        return
    for hours in (-24, -13, -1, 1, 13, 24):
        shift = timedelta(hours=hours)
        fixed = [_fixed(each, shift) for each in (search, target)]
        if _mixed(search, target):
            assert compare(prefix, *fixed) is answer


def _mixed(*intervals):
    return len({bound.floating for each in intervals for bound in each.bounds}) > 1


def _fixed(interval, shift):
    """The interval with its floating ends moved and nailed down."""
    ends = [end and Bound(end.moved(shift), floating=False) for end in (interval.low, interval.high)]
    return Interval(*ends)


@given(targets(), dates(), st.sampled_from(EXACT))
def test_same_shift_of_both_changes_nothing(target, text, prefix):
    """Moving both sides alike leaves every answer as it is."""
    search = Interval.of(text)

    def moved(interval):
        ends = [end and Bound(end.moment + SLACK * 40, end.floating) for end in (interval.low, interval.high)]
        return Interval(*ends)

    assert compare(prefix, moved(search), moved(target)) is compare(prefix, search, target)


@pytest.mark.parametrize(
    ("one", "other", "answer"),
    [
        ("2024", "2025", True),
        ("2024-03", "2024-03-31", False),
        ("2024-03-15", "2024-03-16", True),
        ("2024-03-15T10:00:00Z", "2024-03-15T10:00:01Z", True),
        ("2024-03-15T10:00:00Z", "2024-03-15T10:00:00Z", False),
        ("2024-03-15T10:00:00Z", "2024-03-16", False),
        ("2024-03-15T10:00:00Z", "2024-03-17", True),
        ("9999", "9999-12-31", False),
        ("12:00:00", "13:00:00", None),
        ("2024", "soon", None),
    ],
)
def test_what_lies_before_something_for_sure(one, other, answer):
    """All moments of the one, whatever the zone of what names none."""
    assert surely_before(one, other) is answer
