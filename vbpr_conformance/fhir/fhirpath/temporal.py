"""Dates, times and date-times of any precision (https://hl7.org/fhirpath/N1/#date-time-arithmetic)."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass, replace
from datetime import MAXYEAR, MINYEAR, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from vbpr_conformance.fhir.fhirpath.expression_error import ExpressionError
from vbpr_conformance.fhir.fhirpath.quantity import Quantity

_CLOCK = r"(?P<hour>[01]\d|2[0-3])(?::(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d|60)(?P<fraction>\.\d+)?)?)?"
_DATE_TIME = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>0[1-9]|1[0-2])(?:-(?P<day>0[1-9]|[12]\d|3[01])"
    rf"(?:(?P<T>T)(?:{_CLOCK}(?P<zone>Z|[+-]\d\d:\d\d)?)?)?)?)?(?P<T2>T)?"
)
_TIME = re.compile(_CLOCK)

DATE, DATE_TIME, TIME = "Date", "DateTime", "Time"
_FIELDS = ("year", "month", "day", "hour", "minute", "second")
_YEAR, _MONTH, _DAY, _HOUR, _MINUTE, _SECOND = range(1, 7)
_LAST_MONTH = 12
_MAX_OFFSET = 14 * 60
_MIN_OFFSET = -12 * 60
_DURATION_SECONDS = {
    "week": Decimal(604800),
    "day": Decimal(86400),
    "hour": Decimal(3600),
    "minute": Decimal(60),
    "second": Decimal(1),
    "millisecond": Decimal("0.001"),
}


@dataclass(frozen=True, slots=True)
class Temporal:
    """A date, date-time or time, known as far as `parts` go.

    `parts` are year, month, day, hour, minute (of a time: hour, minute), then the second with its fraction as a
    Decimal; `zone` is the offset from UTC in minutes, or None where none is given.
    """

    kind: str
    parts: tuple[Any, ...]
    zone: int | None = None

    @staticmethod
    @lru_cache(maxsize=4096)
    def parse(text: str) -> Temporal | None:
        """Read a FHIR date, dateTime, instant (`2024-03-15T10:30:00Z`); None for anything else."""
        match = _DATE_TIME.fullmatch(text)
        if match is None or (match["T"] and match["T2"]):
            return None
        parts = _parts(match, _FIELDS)
        if len(parts) >= _DAY and (parts[0] < 1 or parts[2] > calendar.monthrange(parts[0], parts[1])[1]):
            return None
        return Temporal(DATE_TIME if "T" in text else DATE, parts, _offset(match["zone"]))

    @classmethod
    def parse_time(cls, text: str) -> Temporal | None:
        """Read a time of day (`10:30:00`); None for anything else."""
        match = _TIME.fullmatch(text)
        return None if match is None else cls(TIME, _parts(match, _FIELDS[3:]))

    @classmethod
    def parse_literal(cls, text: str) -> Temporal | None:
        """Read a literal of an expression, which starts with `@`."""
        return cls.parse_time(text[2:]) if text.startswith("@T") else cls.parse(text[1:])

    def __str__(self) -> str:
        if self.kind == TIME:
            return _clock(self.parts)
        text = "-".join([f"{self.parts[0]:04}", *(f"{part:02}" for part in self.parts[1:_DAY])])
        if len(self.parts) > _DAY:
            text += f"T{_clock(self.parts[_DAY:])}{_zone_text(self.zone)}"
        return text

    def _in_utc(self) -> Temporal:
        """The same moment in UTC, as precise as before; without a zone or a minute it stays as it is."""
        if not self.zone or len(self.parts) < _MINUTE:
            return self
        try:
            moment = datetime(*self.parts[:_MINUTE]) - timedelta(minutes=self.zone)  # noqa: DTZ001 - plain arithmetic
        except OverflowError:
            return self  # within hours of the calendar's end
        moved = (moment.year, moment.month, moment.day, moment.hour, moment.minute)
        return replace(self, parts=moved + self.parts[_MINUTE:], zone=0)

    def compare(self, other: Temporal) -> int | None:
        """Give -1, 0 or 1, or None where the stated precision leaves it open."""
        if (self.kind == TIME) != (other.kind == TIME):
            raise ExpressionError(f"{self} and {other} cannot be compared: one is a time of day, the other is not")
        if (self.zone is None) != (other.zone is None) and min(len(self.parts), len(other.parts)) > _DAY:
            return self._compare_floating(other)
        mine, its = self, other
        if self.zone != other.zone and min(len(self.parts), len(other.parts)) > _DAY:
            mine, its = self._in_utc(), other._in_utc()
        for here, there in zip(mine.parts, its.parts, strict=False):
            if here != there:
                return -1 if here < there else 1
        return 0 if len(mine.parts) == len(its.parts) else None

    def _compare_floating(self, other: Temporal) -> int | None:
        """Compare where one side has no zone: decided only if it is the same in every zone there is."""
        if self.zone is None:
            results = {replace(self, zone=zone).compare(other) for zone in (_MIN_OFFSET, _MAX_OFFSET)}
        else:
            results = {self.compare(replace(other, zone=zone)) for zone in (_MIN_OFFSET, _MAX_OFFSET)}
        return results.pop() if len(results) == 1 else None

    def plus(self, amount: Quantity, sign: int = 1) -> Temporal:
        """Add a time-valued quantity; what is finer than the stated precision is left out."""
        word = amount.duration
        if word is None:
            raise ExpressionError(f"{amount} cannot be added to {self}: a duration such as 3 days is expected")
        if word in {"year", "month"}:
            return self._plus_months(int(amount.value) * (12 if word == "year" else 1) * sign)
        value = amount.value if word in {"second", "millisecond"} else Decimal(int(amount.value))
        return self._plus_seconds(sign * value * _DURATION_SECONDS[word])

    def _plus_months(self, months: int) -> Temporal:
        if self.kind != TIME and not MINYEAR <= self.parts[0] + months // 12 < MAXYEAR:
            raise ExpressionError(f"{self} plus {months} months is outside the calendar")
        if self.kind == TIME:
            raise ExpressionError(f"a time of day such as {self} has no months")
        if len(self.parts) == _YEAR:
            return replace(self, parts=(self.parts[0] + int(months / 12),))
        year, month = divmod(self.parts[0] * 12 + self.parts[1] - 1 + months, 12)
        parts = (year, month + 1, *self.parts[2:])
        if len(parts) >= _DAY:
            day = min(parts[2], calendar.monthrange(year, month + 1)[1])
            parts = (*parts[:2], day, *parts[3:])
        return replace(self, parts=parts)

    def _plus_seconds(self, seconds: Decimal) -> Temporal:
        """Add on the clock; a date without a day moves by 365 days a year and 30 days a month."""
        if self.kind == TIME:
            on_a_day = replace(self, kind=DATE_TIME, parts=(2000, 1, 1, *self.parts))
            moved = on_a_day.plus(Quantity(seconds, "s"))
            return replace(self, parts=moved.parts[_DAY:])
        days = int(seconds / 86400)
        if len(self.parts) == _YEAR:
            return self._plus_months(int(days / 365) * 12)
        if len(self.parts) == _MONTH:
            return self._plus_months(int(days / 30))
        second = self.parts[5] if len(self.parts) == _SECOND else Decimal(0)
        unit = {_DAY: 86400, _HOUR: 3600, _MINUTE: 60}.get(len(self.parts))
        if unit:
            seconds = Decimal(int(seconds / unit) * unit)
        whole, fraction = divmod(second + seconds, 1)
        if fraction < 0:
            whole, fraction = whole - 1, fraction + 1
        try:
            moment = datetime(*self.parts[:_MINUTE]) + timedelta(seconds=int(whole))  # noqa: DTZ001 - plain arithmetic
        except OverflowError:
            raise ExpressionError(f"{self} plus {seconds} seconds is outside the calendar") from None
        parts: tuple[Any, ...] = (moment.year, moment.month, moment.day, moment.hour, moment.minute)
        if len(self.parts) == _SECOND:
            digits = max(0, -int(second.as_tuple().exponent))
            exact = moment.second + fraction
            parts += (exact.quantize(Decimal(1).scaleb(-max(digits, _significant(exact)))),)
        return replace(self, parts=parts[: len(self.parts)])

    def boundary(self, digits: int | None, *, high: bool) -> Temporal | None:
        """Give the first or last moment it may mean, as precise as `digits` asks (4 a year … 17 a millisecond)."""
        lengths = _TIME_DIGITS if self.kind == TIME else _DATE_DIGITS
        default = {TIME: 9, DATE: 8, DATE_TIME: 17}[self.kind]
        wanted = lengths.get(default if digits is None else digits)
        if wanted is None:
            return None
        parts = list(self.parts)
        if self.kind != TIME and len(parts) == _HOUR:
            parts.append(0)  # FHIR knows no hour without minutes
        clock = 0 if self.kind != TIME else _DAY
        while len(parts) < wanted:
            field = len(parts) + clock
            parts.append(_last(field, parts) if high else (1 if field in {_YEAR, _MONTH} else 0))
        if len(parts) + clock == _SECOND and len(self.parts) + clock < _SECOND:
            parts[-1] = Decimal("59.999") if high else Decimal("0.000")
        parts = parts[:wanted]
        zone = self.zone
        if self.kind != TIME and len(parts) > _DAY and zone is None:
            zone = _MIN_OFFSET if high else _MAX_OFFSET
        return Temporal(self.kind, tuple(parts), zone if len(parts) > _DAY else None)

    def precision(self) -> int:
        """Give the number of digits that are stated, as `precision()` counts them."""
        count = len(self.parts)
        if self.kind == TIME:
            return 9 if count == _SECOND - _DAY and self.parts[-1].as_tuple().exponent else 2 * count
        return 17 if count == _SECOND and self.parts[-1].as_tuple().exponent else 2 + 2 * count


_DATE_DIGITS = {4: 1, 6: 2, 8: 3, 10: 4, 12: 5, 14: 6, 17: 6}
_TIME_DIGITS = {2: 1, 4: 2, 6: 3, 9: 3}


def _last(field: int, parts: list[Any]) -> int:
    """The last value of the next part: of the month, day, hour, minute or second."""
    if field == _MONTH:
        return calendar.monthrange(parts[0], parts[1])[1]
    return {_YEAR: _LAST_MONTH, _DAY: 23, _HOUR: 59, _MINUTE: 59}[field]


def _parts(match: re.Match[str], fields: tuple[str, ...]) -> tuple[Any, ...]:
    given = [match[name] for name in fields if match[name] is not None]
    if match["second"] is None:
        return tuple(map(int, given))
    return (*map(int, given[:-1]), Decimal(match["second"] + (match["fraction"] or "")))


def _offset(zone: str | None) -> int | None:
    if zone is None:
        return None
    if zone == "Z":
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[4:6])
    return -minutes if zone[0] == "-" else minutes


def _zone_text(zone: int | None) -> str:
    if zone is None:
        return ""
    if zone == 0:
        return "Z"
    hours, minutes = divmod(abs(zone), 60)
    return f"{'-' if zone < 0 else '+'}{hours:02}:{minutes:02}"


def _clock(parts: tuple[Any, ...]) -> str:
    words = [f"{part:02}" for part in parts[:2]]
    if len(parts) == 3:  # noqa: PLR2004 - hour, minute and second
        second = f"{parts[2]:f}"
        words.append(second if parts[2] >= 10 else f"0{second}")  # noqa: PLR2004 - two digits
    return ":".join(words)


def _significant(value: Decimal) -> int:
    return max(0, -int(value.normalize().as_tuple().exponent))
