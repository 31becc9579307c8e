"""Dates as the index compares them: intervals of microseconds since 1970, the end not included."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from vbpr_conformance.fhir.dates import Bound, Interval

Ends = tuple[int, int]

FIRST, LAST = -(10**18), 10**18
"""Stand for an open start and an open end."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DAY = 86_400_000_000


def ends(interval: Interval) -> Ends:
    """Give the ends of an interval; what states no time zone is taken as UTC."""
    return _number(interval.low, FIRST), _number(interval.high, LAST)


def widened(found: Ends) -> Ends:
    """Give the interval that `ap` accepts: a tenth of the distance from now, at least a day, on either side.

    https://hl7.org/fhir/R4/search.html#prefix
    """
    now = (datetime.now(UTC) - _EPOCH) // _MICROSECOND
    slack = max(abs(now - found[0]) // 10, _DAY)
    return found[0] - slack, found[1] + slack


def _number(bound: Bound | None, otherwise: int) -> int:
    return otherwise if bound is None else (bound.moment - _EPOCH) // _MICROSECOND
