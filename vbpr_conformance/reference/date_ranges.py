"""Dates as the index compares them: ranges of microseconds since 1970, the end not included.

Read here and not by `fhir.dates`, on purpose: the cases of a run expect what that says, and an error in it would be
invisible to every fault of this server if both read dates by the same code.
https://hl7.org/fhir/R4/search.html#date
"""

from __future__ import annotations

import re
import time
from calendar import monthrange
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

DateRange = tuple[int, int]
"""Start and end, in microseconds since 1970."""

FIRST, LAST = -(10**18), 10**18
"""Stand for an open start and an open end."""
_EPOCH = date(1970, 1, 1).toordinal()
_SECOND = 1_000_000
_MINUTE = 60 * _SECOND
_DAY = 24 * 60 * _MINUTE
_DATE = re.compile(
    r"(?P<year>[0-9]{4})(-(?P<month>[0-9]{2})(-(?P<day>[0-9]{2})"
    r"(T(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(:(?P<second>[0-9]{2})(\.(?P<fraction>[0-9]+))?)?"
    r"(?P<zone>Z|[-+][0-9]{2}:[0-9]{2})?)?)?)?"
)


def range_of_text(text: str) -> DateRange | None:
    """Give the range of a date, dateTime or instant by its precision; None for what is none.

    What states no time zone is taken as UTC.
    """
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    part = match.groupdict()
    try:
        days = _days(part["year"], part["month"], part["day"])
    except ValueError:  # no such day, no such month
        return None
    if part["hour"] is None:
        return days
    hour, minute, second = (int(part[name] or 0) for name in ("hour", "minute", "second"))
    if hour > 23 or minute > 59 or second > 60:  # noqa: PLR2004  # a clock; 60 is a leap second
        return None
    digits = (part["fraction"] or "")[:6]
    start = (
        days[0] + (hour * 60 + minute) * _MINUTE + second * _SECOND + int(digits.ljust(6, "0")) - _offset(part["zone"])
    )
    width = _MINUTE if part["second"] is None else 10 ** (6 - len(digits))
    return start, start + width


def range_of(value: Any) -> DateRange | None:
    """Give the range of what a date parameter finds: a date, a Period or a Timing; None for anything else."""
    if isinstance(value, str):
        return range_of_text(value)
    if not isinstance(value, dict):
        return None
    events = value.get("event")
    if isinstance(events, list) and events:
        return _around(events)
    repeat = value.get("repeat")
    period = repeat.get("boundsPeriod") if isinstance(repeat, dict) else value
    return _of_period(period) if isinstance(period, dict) and {"start", "end"} & set(period) else None


def widened(found: DateRange) -> DateRange:
    """Give the range that `ap` accepts: a tenth of the distance from now, at least a day, on either side.

    https://hl7.org/fhir/R4/search.html#prefix
    """
    now = time.time_ns() // 1000
    slack = max(abs(now - found[0]) // 10, _DAY)
    return found[0] - slack, found[1] + slack


def _days(year: str, month: str | None, day: str | None) -> DateRange:
    """The range of a whole year, month or day; raises `ValueError` for one that the calendar does not have."""
    first = date(int(year), int(month or 1), int(day or 1))
    if day is not None:
        last = first
    elif month is not None:
        last = first.replace(day=monthrange(first.year, first.month)[1])
    else:
        last = date(first.year, 12, 31)
    return (first.toordinal() - _EPOCH) * _DAY, (last.toordinal() + 1 - _EPOCH) * _DAY


def _offset(zone: str | None) -> int:
    if zone is None or zone == "Z":
        return 0
    amount = (int(zone[1:3]) * 60 + int(zone[4:])) * _MINUTE
    return -amount if zone[0] == "-" else amount


def _of_period(period: Mapping[str, Any]) -> DateRange | None:
    start = range_of_text(str(period["start"])) if "start" in period else (FIRST, FIRST)
    end = range_of_text(str(period["end"])) if "end" in period else (LAST, LAST)
    return None if start is None or end is None else (start[0], end[1])


def _around(events: Iterable[Any]) -> DateRange | None:
    """From the first to the last of several dates."""
    found = [each for each in map(range_of_text, map(str, events)) if each is not None]
    return (min(low for low, _ in found), max(high for _, high in found)) if found else None
