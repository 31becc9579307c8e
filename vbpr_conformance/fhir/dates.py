"""Dates as the stretch of time they state, and how search compares them.

A date means all moments its precision allows: `2024-03` is the whole month
(https://hl7.org/fhir/R4/search.html#date, https://hl7.org/fhir/R4/search.html#prefix).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from vbpr_conformance.fhir.fhirpath.temporal import TIME, Temporal
from vbpr_conformance.fhir.match import Match

SLACK = timedelta(days=1)
"""How far a date without a time zone may lie from where UTC puts it."""

_MONTHS = 12
_DAY_PARTS = 3
_CLOCK_PARTS = 6
_STEPS = {3: timedelta(days=1), 4: timedelta(hours=1), 5: timedelta(minutes=1)}


@dataclass(frozen=True, slots=True)
class Bound:
    """One end of an interval, in UTC. `floating`: no time zone is stated, so it may lie up to a day beside."""

    moment: datetime
    floating: bool

    def moved(self, shift: timedelta) -> datetime:
        """Give the moment, moved by the shift if it is floating."""
        if not self.floating:
            return self.moment
        try:
            return self.moment + shift
        except OverflowError:
            return self.moment


@dataclass(frozen=True, slots=True)
class Interval:
    """All moments from `low` up to, and not including, `high`; None for an end that is open."""

    low: Bound | None
    high: Bound | None

    @classmethod
    def of(cls, text: str) -> Interval | None:
        """Give the interval of a date, dateTime or instant; None for what is no date."""
        temporal = Temporal.parse(text)
        if temporal is None or temporal.kind == TIME:
            return None
        floating = temporal.zone is None
        low, high = _ends(temporal)
        return cls(
            None if low is None else Bound(low, floating),
            None if high is None else Bound(high, floating),
        )

    @classmethod
    def of_period(cls, period: dict[str, Any]) -> Interval | None:
        """Give the interval of a Period: without a start or an end it is open there; None if an end is no date."""
        ends: list[Interval] = []
        for name in ("start", "end"):
            text = period.get(name)
            end = cls(None, None) if text is None else cls.of(text) if isinstance(text, str) else None
            if end is None:
                return None
            ends.append(end)
        return cls(ends[0].low, ends[1].high)

    @property
    def bounds(self) -> tuple[Bound, ...]:
        """The ends that are not open."""
        return tuple(bound for bound in (self.low, self.high) if bound is not None)


def surely_before(one: str, other: str) -> bool | None:
    """Whether all moments of one date lie before all of another; None if they are no dates, or times of day.

    Where just one of the two names a time zone they are a day closer than they look.
    """
    first, second = Interval.of(one), Interval.of(other)
    if first is None or second is None:
        return None
    if first.high is None or second.low is None:
        return False
    slack = SLACK if first.high.floating != second.low.floating else timedelta()
    return first.high.moment + slack <= second.low.moment


def interval_of(value: Any) -> Interval | None:
    """Give the interval of a date, dateTime, instant, Period or Timing; None for anything else."""
    if isinstance(value, str):
        return Interval.of(value)
    if not isinstance(value, dict):
        return None
    if "event" in value or "repeat" in value:
        return _of_timing(value)
    if "start" in value or "end" in value:
        return Interval.of_period(value)
    return None


def _of_timing(timing: dict[str, Any]) -> Interval | None:
    """The outer limits of a Timing: its first to its last event, or its bounds."""
    listed = timing.get("event")
    texts = [each for each in listed if isinstance(each, str)] if isinstance(listed, list) else []
    events = [found for each in texts if (found := Interval.of(each))]
    if events:
        lows = [each.low for each in events if each.low is not None]
        highs = [each.high for each in events if each.high is not None]
        return Interval(
            min(lows, key=lambda bound: bound.moment) if len(lows) == len(events) else None,
            max(highs, key=lambda bound: bound.moment) if len(highs) == len(events) else None,
        )
    repeat = timing.get("repeat")
    bounds = repeat.get("boundsPeriod") if isinstance(repeat, dict) else None
    return Interval.of_period(bounds) if isinstance(bounds, dict) else None


def _ends(temporal: Temporal) -> tuple[datetime | None, datetime | None]:
    """The first moment of a date and the first behind it, in UTC; None where that is outside the calendar."""
    parts = temporal.parts
    year, month, day = (*parts[:_DAY_PARTS], 1, 1)[:_DAY_PARTS]
    hour, minute, second = (*parts[_DAY_PARTS:], 0, 0, 0)[:_DAY_PARTS]
    whole = int(second)
    if year < 1:
        return None, None
    start = datetime(year, month, day, hour, minute, tzinfo=UTC)
    offset = timedelta(minutes=temporal.zone or 0)
    low = _moved(start, timedelta(seconds=whole, microseconds=int((second - whole) * 1_000_000)) - offset)
    if len(parts) < _DAY_PARTS:
        months = year * _MONTHS + (month if len(parts) > 1 else _MONTHS)
        next_year, next_month = divmod(months, _MONTHS)
        return low, datetime(next_year, next_month + 1, 1, tzinfo=UTC) if next_year <= MAXYEAR else None
    step = _STEPS.get(len(parts))
    if step is None:
        digits = max(0, -second.as_tuple().exponent) if len(parts) == _CLOCK_PARTS else 0
        step = timedelta(microseconds=max(1, 10 ** (6 - digits)) if digits <= _CLOCK_PARTS else 1)
    return low, None if low is None else _moved(low, step)


def _moved(moment: datetime, by: timedelta) -> datetime | None:
    try:
        return moment + by
    except OverflowError:
        return None


_Ends = tuple[datetime | None, datetime | None]


def _contains(search: _Ends, target: _Ends) -> bool:
    """Whether the search value's range fully contains the target's."""
    low = search[0] is None or (target[0] is not None and search[0] <= target[0])
    return low and (search[1] is None or (target[1] is not None and target[1] <= search[1]))


def _reaches_above(search: _Ends, target: _Ends) -> bool:
    """Whether the range above the search value overlaps with the target's."""
    return search[1] is not None and (target[1] is None or target[1] > search[1])


def _reaches_below(search: _Ends, target: _Ends) -> bool:
    return search[0] is not None and (target[0] is None or target[0] < search[0])


def _starts_after(search: _Ends, target: _Ends) -> bool:
    return search[1] is not None and target[0] is not None and target[0] >= search[1]


def _ends_before(search: _Ends, target: _Ends) -> bool:
    return search[0] is not None and target[1] is not None and target[1] <= search[0]


_PREDICATES: dict[str, Callable[[_Ends, _Ends], bool]] = {
    "eq": _contains,
    "ne": lambda search, target: not _contains(search, target),
    "gt": _reaches_above,
    "lt": _reaches_below,
    "ge": lambda search, target: _reaches_above(search, target) or _contains(search, target),
    "le": lambda search, target: _reaches_below(search, target) or _contains(search, target),
    "sa": _starts_after,
    "eb": _ends_before,
}

PREFIXES = (*_PREDICATES, "ap")
"""The prefixes of ordered search values: https://hl7.org/fhir/R4/search.html#prefix."""


def compare(prefix: str, search: Interval, target: Interval) -> Match:
    """Answer whether a date in a resource (`target`) is found by a search value with this prefix.

    Where one side states a time zone and the other none, it is decided only if the answer is the same wherever the
    floating side lies within a day. How near is near enough for `ap` is the server's choice: only a target that
    `eq` would find is sure to be found.
    """
    if prefix == "ap":
        return Match.YES if compare("eq", search, target) is Match.YES else Match.UNDECIDED
    predicate = _PREDICATES[prefix]
    bounds = (*search.bounds, *target.bounds)
    if len({bound.floating for bound in bounds}) < 2:  # noqa: PLR2004 - both kinds
        return Match.of(predicate(_at(search), _at(target)))
    answers = {predicate(_at(search, shift), _at(target, shift)) for shift in _shifts(bounds)}
    return Match.of(answers.pop()) if len(answers) == 1 else Match.UNDECIDED


def _at(interval: Interval, shift: timedelta = timedelta()) -> _Ends:
    return (
        None if interval.low is None else interval.low.moved(shift),
        None if interval.high is None else interval.high.moved(shift),
    )


def _shifts(bounds: tuple[Bound, ...]) -> list[timedelta]:
    """Give shifts that meet every order the bounds can have: where two coincide, between those, and the ends."""
    fixed = [bound.moment for bound in bounds if not bound.floating]
    floating = [bound.moment for bound in bounds if bound.floating]
    meeting = {there - here for there in fixed for here in floating}
    edges = sorted({-SLACK, SLACK, *(shift for shift in meeting if abs(shift) < SLACK)})
    return [*edges, *(low + (high - low) / 2 for low, high in pairwise(edges))]
