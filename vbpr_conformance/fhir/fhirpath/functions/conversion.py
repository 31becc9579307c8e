"""From one kind of value to another (https://hl7.org/fhirpath/N1/#conversion)."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from vbpr_conformance.fhir.fhirpath.equality import system
from vbpr_conformance.fhir.fhirpath.evaluation import EMPTY, Environment, Items, boolean
from vbpr_conformance.fhir.fhirpath.expression_error import ExpressionError
from vbpr_conformance.fhir.fhirpath.functions.signature import Function
from vbpr_conformance.fhir.fhirpath.quantity import CALENDAR, Quantity, quantity_of
from vbpr_conformance.fhir.fhirpath.temporal import DATE, DATE_TIME, TIME, Temporal

_INTEGER = re.compile(r"[+-]?\d+")
_DECIMAL = re.compile(r"[+-]?\d+(\.\d+)?")
_QUANTITY = re.compile(r"(?P<value>[+-]?\d+(?:\.\d+)?)\s*(?:'(?P<unit>[^']+)'|(?P<word>[a-zA-Z]+))?")
_TRUE = frozenset({"true", "t", "yes", "y", "1", "1.0"})
_FALSE = frozenset({"false", "f", "no", "n", "0", "0.0"})
_LARGEST = 2**31


def _to_boolean(value: Any) -> bool | None:
    if type(value) is bool:
        return value
    if isinstance(value, str):
        word = value.lower()
        return True if word in _TRUE else False if word in _FALSE else None
    if isinstance(value, int | Decimal):
        return {1: True, 0: False}.get(int(value)) if value == int(value) else None
    return None


def _to_integer(value: Any) -> int | None:
    if isinstance(value, str):
        value = int(value) if _INTEGER.fullmatch(value) else None
    if not isinstance(value, int):
        return None
    return int(value) if -_LARGEST <= value < _LARGEST else None


def _to_decimal(value: Any) -> Decimal | None:
    if isinstance(value, str):
        return Decimal(value) if _DECIMAL.fullmatch(value) else None
    return Decimal(value) if isinstance(value, int | Decimal) else None


def to_string(value: Any) -> str | None:
    """Give a value as text, None for an object."""
    if type(value) is bool:
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, dict):
        quantity = quantity_of(value)
        return None if quantity is None else str(quantity)
    return None if value is None else str(value)


def _to_quantity(value: Any) -> Quantity | None:
    if type(value) is bool:
        return Quantity(Decimal(1) if value else Decimal("0.0"))
    if not isinstance(value, str):
        return quantity_of(value)
    match = _QUANTITY.fullmatch(value)
    if match is None or (match["word"] and match["word"] not in CALENDAR):
        return None
    return Quantity(Decimal(match["value"]), match["unit"] or match["word"] or "1", calendar=bool(match["word"]))


def _to_date(value: Any) -> Temporal | None:
    value = Temporal.parse(value) if isinstance(value, str) else value
    if not isinstance(value, Temporal) or value.kind == TIME:
        return None
    return Temporal(DATE, value.parts[:3])


def _to_date_time(value: Any) -> Temporal | None:
    value = Temporal.parse(value) if isinstance(value, str) else value
    if not isinstance(value, Temporal) or value.kind == TIME:
        return None
    return Temporal(DATE_TIME, value.parts, value.zone)


def _to_time(value: Any) -> Temporal | None:
    value = Temporal.parse_time(value.removeprefix("T")) if isinstance(value, str) else value
    return value if isinstance(value, Temporal) and value.kind == TIME else None


_CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "Boolean": _to_boolean,
    "Integer": _to_integer,
    "Decimal": _to_decimal,
    "String": to_string,
    "Quantity": _to_quantity,
    "Date": _to_date,
    "DateTime": _to_date_time,
    "Time": _to_time,
}


def _only(items: Items, name: str) -> Any:
    if len(items) > 1:
        raise ExpressionError(f"{name}() takes a single item, not {len(items)}")
    return system(items[0])


def _conversion(name: str, convert: Callable[[Any], Any]) -> Function:
    def apply(items: Items, _args: list[Items], _env: Environment) -> Items:
        value = convert(_only(items, name)) if items else None
        return EMPTY if value is None else [value]

    return Function(apply, 0, 1 if name == "toQuantity" else 0)


def _test(name: str, convert: Callable[[Any], Any]) -> Function:
    def apply(items: Items, _args: list[Items], _env: Environment) -> Items:
        return boolean(convert(_only(items, name)) is not None) if items else EMPTY

    return Function(apply, 0, 1 if name == "convertsToQuantity" else 0)


FUNCTIONS = {f"to{name}": _conversion(f"to{name}", convert) for name, convert in _CONVERSIONS.items()} | {
    f"convertsTo{name}": _test(f"convertsTo{name}", convert) for name, convert in _CONVERSIONS.items()
}
