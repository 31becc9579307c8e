"""Dates as intervals of microseconds since 1970, in which the index compares them; the end is not included.

https://hl7.org/fhir/R4/search.html#date
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

Interval = tuple[int, int]

FIRST, LAST = -(10**18), 10**18
"""Stand for the missing start and end of a period."""
_FORM = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?)?)?)?", re.ASCII
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def interval(text: str) -> Interval | None:
    """Give the interval that a date, dateTime or instant covers at its precision; without a zone it is read as UTC."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    try:
        start = datetime(int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), tzinfo=UTC)
        low = (start - _EPOCH) // _MICROSECOND
        if zone and zone != "Z":
            shift = (int(zone[1:3]) * 60 + int(zone[4:6])) * 60_000_000
            low += -shift if zone[0] == "+" else shift
        if second is not None:
            return _seconds(low, int(second), fraction)
        if hour is not None:
            return low, low + 60_000_000
        return low, (_next(start, month, day) - _EPOCH) // _MICROSECOND
    except (ValueError, OverflowError):
        return None


def _seconds(low: int, second: int, fraction: str | None) -> Interval:
    low += second * 1_000_000
    if not fraction:
        return low, low + 1_000_000
    digits = fraction[:6]
    return low + int(digits.ljust(6, "0")), low + int(digits.ljust(6, "0")) + 10 ** (6 - len(digits))


def _next(start: datetime, month: str | None, day: str | None) -> datetime:
    if day is not None:
        return start + timedelta(days=1)
    if month is not None and start.month < 12:  # noqa: PLR2004  # December
        return start.replace(month=start.month + 1)
    return start.replace(year=start.year + 1, month=1)


def of_period(period: Mapping[str, Any]) -> Interval:
    """Give the interval of a Period; a missing start or end is open (https://hl7.org/fhir/R4/datatypes.html#Period)."""
    start = interval(str(period["start"])) if "start" in period else None
    end = interval(str(period["end"])) if "end" in period else None
    return (start[0] if start else FIRST, end[1] if end else LAST)


def widened(found: Interval) -> Interval:
    """Give the interval that `ap` accepts: a tenth of the distance from now, at least a day, on either side."""
    now = (datetime.now(UTC) - _EPOCH) // _MICROSECOND
    slack = max(abs(now - found[0]) // 10, 86_400_000_000)
    return found[0] - slack, found[1] + slack
