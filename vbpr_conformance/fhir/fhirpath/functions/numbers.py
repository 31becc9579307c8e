"""Numbers, and how exactly numbers and dates are stated (https://hl7.org/fhirpath/N1/#math)."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

from vbpr_conformance.fhir.fhirpath.equality import system
from vbpr_conformance.fhir.fhirpath.evaluation import EMPTY, Environment, Items, boolean
from vbpr_conformance.fhir.fhirpath.expression_error import ExpressionError
from vbpr_conformance.fhir.fhirpath.functions.signature import Function
from vbpr_conformance.fhir.fhirpath.quantity import Quantity, quantity_of
from vbpr_conformance.fhir.fhirpath.temporal import DATE_TIME, Temporal

_MOST_DIGITS = 31
_DEFAULT_DIGITS = 8


def _value(items: Items, name: str) -> Any:
    if len(items) > 1:
        raise ExpressionError(f"{name}() takes a single item, not {len(items)}")
    value = system(items[0])
    if isinstance(value, str) and (parsed := Temporal.parse(value)) is not None:
        return Temporal(DATE_TIME, parsed.parts, parsed.zone)  # a date reads the same, to the day
    return quantity_of(value) or value if isinstance(value, dict) else value


def _number(items: Items, name: str) -> Any:
    value = _value(items, name)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ExpressionError(f"{name}() takes a number")
    return value


def _on_number(name: str, call: Callable[..., Any], least: int = 0, most: int | None = None) -> Function:
    """A function of numbers: empty where one of them is, and where it has no result."""

    def apply(items: Items, args: list[Items], _env: Environment) -> Items:
        if not items or not all(args):
            return EMPTY
        try:
            result = call(_number(items, name), *(_number(arg, name) for arg in args))
        except (ValueError, ArithmeticError):
            return EMPTY
        return EMPTY if result is None else [result]

    return Function(apply, least, least if most is None else most)


def _float(function: Callable[..., float]) -> Callable[..., Decimal]:
    return lambda *numbers: Decimal(repr(function(*map(float, numbers))))


def _power(base: Any, exponent: Any) -> Any:
    if base < 0 and exponent != int(exponent):
        return None
    result = Decimal(base) ** Decimal(exponent)
    return int(result) if isinstance(base, int) and isinstance(exponent, int) and exponent >= 0 else result


def _round(number: Any, digits: int = 0) -> Any:
    if digits < 0:
        raise ExpressionError("round() takes a precision of 0 or more digits")
    return Decimal(number).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def _abs(items: Items, _args: list[Items], _env: Environment) -> Items:
    if not items:
        return EMPTY
    value = _value(items, "abs")
    if isinstance(value, Quantity):
        return [Quantity(abs(value.value), value.unit, value.calendar)]
    return [abs(_number(items, "abs"))]


def _boundary(*, high: bool) -> Callable[[Items, list[Items], Environment], Items]:
    name = "highBoundary" if high else "lowBoundary"

    def apply(items: Items, args: list[Items], _env: Environment) -> Items:
        if not items:
            return EMPTY
        digits = int(_number(args[0], name)) if args and args[0] else None
        value = _value(items, name)
        result: Any
        if isinstance(value, Temporal):
            result = value.boundary(digits, high=high)
        elif isinstance(value, Quantity):
            number = _number_boundary(value.value, digits, high=high)
            result = None if number is None else Quantity(number, value.unit, value.calendar)
        else:
            result = _number_boundary(Decimal(_number(items, name)), digits, high=high)
        return EMPTY if result is None else [result]

    return apply


def _number_boundary(value: Decimal, digits: int | None, *, high: bool) -> Decimal | None:
    digits = _DEFAULT_DIGITS if digits is None else digits
    if not 0 <= digits <= _MOST_DIGITS:
        return None
    exponent = value.as_tuple().exponent
    half = Decimal(5).scaleb(min(0, exponent if isinstance(exponent, int) else 0) - 1)
    edge = value + half if high else value - half
    return edge.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_CEILING if high else ROUND_FLOOR)


def _precision(items: Items, _args: list[Items], _env: Environment) -> Items:
    if not items:
        return EMPTY
    value = _value(items, "precision")
    if isinstance(value, Temporal):
        return [value.precision()]
    exponent = Decimal(_number(items, "precision")).as_tuple().exponent
    return [max(0, -exponent) if isinstance(exponent, int) else 0]


def _comparable(items: Items, args: list[Items], _env: Environment) -> Items:
    if not items or not args[0]:
        return EMPTY
    one, other = quantity_of(_value(items, "comparable")), quantity_of(_value(args[0], "comparable"))
    if one is None or other is None:
        raise ExpressionError("comparable() takes quantities")
    return boolean(other.in_unit_of(one) is not None)


FUNCTIONS = {
    "abs": Function(_abs),
    "ceiling": _on_number("ceiling", math.ceil),
    "floor": _on_number("floor", math.floor),
    "truncate": _on_number("truncate", math.trunc),
    "exp": _on_number("exp", _float(math.exp)),
    "ln": _on_number("ln", _float(math.log)),
    "log": _on_number("log", _float(math.log), 1),
    "sqrt": _on_number("sqrt", lambda number: Decimal(number).sqrt()),
    "power": _on_number("power", _power, 1),
    "round": _on_number("round", _round, 0, 1),
    "lowBoundary": Function(_boundary(high=False), 0, 1),
    "highBoundary": Function(_boundary(high=True), 0, 1),
    "precision": Function(_precision),
    "comparable": Function(_comparable, 1, 1),
}
