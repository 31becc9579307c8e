"""Quantities and the units that can be converted here (https://hl7.org/fhirpath/N1/#quantity).

Units are read by the grammar of UCUM with the metric prefixes and the few atoms below, the ones in everyday use.
A unit with any other atom is comparable only with itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

CALENDAR = {
    f"{word}{plural}": word
    for word in ("year", "month", "week", "day", "hour", "minute", "second", "millisecond")
    for plural in ("", "s")
}
"""The calendar durations, each word with its singular."""

_UCUM_OF_CALENDAR = {"week": "wk", "day": "d", "hour": "h", "minute": "min", "second": "s", "millisecond": "ms"}
_CALENDAR_OF_UCUM = {code: word for word, code in _UCUM_OF_CALENDAR.items()}
_INDEFINITE = {"a": "year", "mo": "month"}

_PREFIXES = {
    "T": Decimal("1e12"),
    "G": Decimal("1e9"),
    "M": Decimal("1e6"),
    "k": Decimal(1000),
    "h": Decimal(100),
    "da": Decimal(10),
    "d": Decimal("0.1"),
    "c": Decimal("0.01"),
    "m": Decimal("0.001"),
    "u": Decimal("1e-6"),
    "n": Decimal("1e-9"),
    "p": Decimal("1e-12"),
}
_METRIC: dict[str, tuple[Decimal, dict[str, int]]] = {
    "m": (Decimal(1), {"m": 1}),
    "g": (Decimal(1), {"g": 1}),
    "s": (Decimal(1), {"s": 1}),
    "L": (Decimal("0.001"), {"m": 3}),
    "l": (Decimal("0.001"), {"m": 3}),
    "mol": (Decimal(1), {"mol": 1}),
    "K": (Decimal(1), {"K": 1}),
    "A": (Decimal(1), {"A": 1}),
    "cd": (Decimal(1), {"cd": 1}),
    "Hz": (Decimal(1), {"s": -1}),
    "N": (Decimal(1000), {"g": 1, "m": 1, "s": -2}),
    "Pa": (Decimal(1000), {"g": 1, "m": -1, "s": -2}),
    "J": (Decimal(1000), {"g": 1, "m": 2, "s": -2}),
    "W": (Decimal(1000), {"g": 1, "m": 2, "s": -3}),
}
_OTHERS: dict[str, tuple[Decimal, dict[str, int]]] = {
    "1": (Decimal(1), {}),
    "%": (Decimal("0.01"), {}),
    "min": (Decimal(60), {"s": 1}),
    "h": (Decimal(3600), {"s": 1}),
    "d": (Decimal(86400), {"s": 1}),
    "wk": (Decimal(604800), {"s": 1}),
    "[in_i]": (Decimal("0.0254"), {"m": 1}),
    "[ft_i]": (Decimal("0.3048"), {"m": 1}),
    "[lb_av]": (Decimal("453.59237"), {"g": 1}),
    "[oz_av]": (Decimal("28.349523125"), {"g": 1}),
}
_TERM = re.compile(r"(?P<atom>\[[^\]]*\]|[A-Za-z%]+(?:\[[^\]]*\])?|1(?!\d))(?P<power>-?\d+)?$")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with a unit: a UCUM code, or a calendar duration such as `days`."""

    value: Decimal
    unit: str = "1"
    calendar: bool = False

    def __str__(self) -> str:
        return f"{self.value} {self.unit}" if self.calendar else f"{self.value} '{self.unit}'"

    @property
    def duration(self) -> str | None:
        """The calendar word of the unit for date arithmetic, where it is a time; `a` and `mo` are none."""
        return CALENDAR.get(self.unit) or _CALENDAR_OF_UCUM.get(self.unit)

    def canonical(self, *, loose: bool = False) -> tuple[Decimal, Any]:
        """Give the value in base units and what identifies them; `loose` takes a month for `mo` and a year for `a`."""
        unit = self.unit
        if unit in CALENDAR:
            word = CALENDAR[unit]
            if word not in _UCUM_OF_CALENDAR:
                return self.value, word
            unit = _UCUM_OF_CALENDAR[word]
        elif loose and unit in _INDEFINITE:
            return self.value, _INDEFINITE[unit]
        factor, dimensions = _unit(unit)
        return self.value * factor, dimensions

    def in_unit_of(self, other: Quantity) -> Decimal | None:
        """Give the value in the unit of another quantity, or None where the two do not compare."""
        if self.unit == other.unit:
            return self.value
        mine, here = self.canonical()
        one, there = Quantity(Decimal(1), other.unit, other.calendar).canonical()
        return mine / one if here == there else None

    def times(self, other: Quantity, sign: int) -> Quantity | None:
        """Multiply (`sign` 1) or divide (-1); the unit is that of base units. None where a unit is not known."""
        mine, here = self.canonical()
        its, there = other.canonical()
        if not isinstance(here, frozenset) or not isinstance(there, frozenset):
            return None
        powers = dict(here)
        for name, power in there:
            powers[name] = powers.get(name, 0) + sign * power
        unit = ".".join(f"{name}{power if power != 1 else ''}" for name, power in sorted(powers.items()) if power)
        return Quantity(mine * its if sign > 0 else mine / its, unit or "1")


def quantity_of(value: Any) -> Quantity | None:
    """Read a FHIR Quantity, or a number as a quantity without unit; None for anything else."""
    if isinstance(value, Quantity):
        return value
    if isinstance(value, dict) and not isinstance(number := value.get("value"), bool):
        if isinstance(number, int | Decimal) and not value.keys() - _QUANTITY_KEYS:
            unit = value.get("code") or value.get("unit") or "1"
            return Quantity(Decimal(number), unit if isinstance(unit, str) else "1")
        return None
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Quantity(Decimal(value))
    return None


_QUANTITY_KEYS = frozenset({"id", "extension", "value", "comparator", "unit", "system", "code", "_value", "_unit"})


@lru_cache(maxsize=512)
def _unit(text: str) -> tuple[Decimal, Any]:
    """Give a unit's factor and its dimensions; a unit that is not known here is a dimension of its own."""
    factor = Decimal(1)
    powers: dict[str, int] = {}
    sign = 1
    for each in re.split(r"([./])", text):
        if each in {".", "/", ""}:
            sign = -1 if each == "/" else 1 if each == "." else sign
            continue
        match = _TERM.match(each)
        known = _atom(match["atom"]) if match else None
        if match is None or known is None:
            return Decimal(1), text
        power = sign * int(match["power"] or 1)
        factor *= known[0] ** power
        for name, one in known[1].items():
            powers[name] = powers.get(name, 0) + one * power
    return factor, frozenset((name, power) for name, power in powers.items() if power)


def _atom(text: str) -> tuple[Decimal, dict[str, int]] | None:
    if text in _OTHERS:
        return _OTHERS[text]
    if text in _METRIC:
        return _METRIC[text]
    for prefix, factor in _PREFIXES.items():
        if text.startswith(prefix) and text[len(prefix) :] in _METRIC:
            base, dimensions = _METRIC[text[len(prefix) :]]
            return base * factor, dimensions
    return None
