"""Arithmetic and membership on collections (https://hl7.org/fhirpath/N1/#operations)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, DivisionByZero, InvalidOperation
from typing import Any

from vbpr_conformance.fhir.fhirpath.equality import distinct, holds_item, system
from vbpr_conformance.fhir.fhirpath.evaluation import EMPTY, NUMBERS, Items, single
from vbpr_conformance.fhir.fhirpath.expression_error import ExpressionError
from vbpr_conformance.fhir.fhirpath.quantity import Quantity, quantity_of
from vbpr_conformance.fhir.fhirpath.temporal import Temporal


def _operands(left: Items, right: Items, symbol: str) -> tuple[Any, Any] | None:
    """Give the two single values as the language sees them, or None if one side is empty."""
    if not left or not right:
        return None
    if len(left) > 1 or len(right) > 1:
        raise ExpressionError(f"{symbol} takes a single item on each side")
    a, b = system(left[0]), system(right[0])
    if isinstance(b, Quantity | dict) and isinstance(a, str):
        a = Temporal.parse(a) or a
    return a, b


def _number(value: Any) -> bool:
    return isinstance(value, NUMBERS) and not isinstance(value, bool)


def _refuse(a: Any, symbol: str, b: Any) -> ExpressionError:
    names = ["an object" if isinstance(each, dict) else repr(str(each)) for each in (a, b)]
    return ExpressionError(f"{names[0]} {symbol} {names[1]} cannot be calculated")


def _plus(left: Items, right: Items) -> Items:
    return _add(left, right, "+", 1)


def _minus(left: Items, right: Items) -> Items:
    return _add(left, right, "-", -1)


def _add(left: Items, right: Items, symbol: str, sign: int) -> Items:
    operands = _operands(left, right, symbol)
    if operands is None:
        return EMPTY
    a, b = operands
    if _number(a) and _number(b):
        return [a + sign * b]
    if isinstance(a, str) and isinstance(b, str) and sign > 0:
        return [a + b]
    amount = quantity_of(b)
    if isinstance(a, Temporal) and amount is not None and not _number(b):
        return [a.plus(amount, sign)]
    first = quantity_of(a)
    if first is not None and amount is not None:
        other = amount.in_unit_of(first)
        return EMPTY if other is None else [Quantity(first.value + sign * other, first.unit, first.calendar)]
    raise _refuse(a, symbol, b)


def _times(left: Items, right: Items) -> Items:
    operands = _operands(left, right, "*")
    if operands is None:
        return EMPTY
    a, b = operands
    if _number(a) and _number(b):
        return [a * b]
    return _scale(a, b, "*", 1)


def _divide(left: Items, right: Items) -> Items:
    operands = _operands(left, right, "/")
    if operands is None:
        return EMPTY
    a, b = operands
    try:
        if _number(a) and _number(b):
            return [Decimal(a) / Decimal(b)]
        return _scale(a, b, "/", -1)
    except (DivisionByZero, InvalidOperation):
        return EMPTY


def _scale(a: Any, b: Any, symbol: str, sign: int) -> Items:
    first, second = quantity_of(a), quantity_of(b)
    if first is None or second is None:
        raise _refuse(a, symbol, b)
    result = first.times(second, sign)
    return EMPTY if result is None else [result]


def _whole(left: Items, right: Items, symbol: str, calculate: Callable[[Any, Any], Any]) -> Items:
    operands = _operands(left, right, symbol)
    if operands is None:
        return EMPTY
    a, b = operands
    if not _number(a) or not _number(b):
        raise _refuse(a, symbol, b)
    return EMPTY if b == 0 else [calculate(a, b)]


def _div(left: Items, right: Items) -> Items:
    return _whole(left, right, "div", lambda a, b: int(Decimal(a) / Decimal(b)))


def _mod(left: Items, right: Items) -> Items:
    return _whole(left, right, "mod", lambda a, b: a - b * int(Decimal(a) / Decimal(b)))


def _concatenate(left: Items, right: Items) -> Items:
    return [_text(left) + _text(right)]


def _text(items: Items) -> str:
    value = single(items, "&")
    if value is None:
        return ""
    if isinstance(value, dict):
        raise ExpressionError("& joins texts, not objects")
    return str(value)


def _union(left: Items, right: Items) -> Items:
    return distinct([*left, *right])


ARITHMETIC: dict[str, Callable[[Items, Items], Items]] = {
    "+": _plus,
    "-": _minus,
    "*": _times,
    "/": _divide,
    "div": _div,
    "mod": _mod,
    "&": _concatenate,
    "|": _union,
}


def negate(items: Items) -> Items:
    """The operator `-` before an operand."""
    value = system(items[0]) if len(items) == 1 else None
    if isinstance(value, NUMBERS) and not isinstance(value, bool):
        return [-value]
    quantity = quantity_of(value)
    if quantity is not None:
        return [Quantity(-quantity.value, quantity.unit, quantity.calendar)]
    if not items:
        return EMPTY
    raise ExpressionError("- takes a number or a quantity")


def is_in(left: Items, right: Items) -> bool | None:
    """The operator `in`. Several items on the left are in it if all of them are, as HL7's engine has it."""
    if not left:
        return None
    return all(holds_item(right, item) for item in left)
