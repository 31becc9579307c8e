"""Equal, equivalent and before or after (https://hl7.org/fhirpath/N1/#equality)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from vbpr_conformance.fhir.fhirpath.evaluation import NUMBERS, Items, TypedElement
from vbpr_conformance.fhir.fhirpath.expression_error import ExpressionError
from vbpr_conformance.fhir.fhirpath.quantity import Quantity, quantity_of
from vbpr_conformance.fhir.fhirpath.temporal import DATE_TIME, Temporal
from vbpr_conformance.fhir.fhirpath.types import DATE_TYPES

_SHORTEST_DATE_TIME = len("2024-03-15T10")
_DATE_LENGTH = len("2024-03-15")
_SECOND_LENGTH = len("2024-03-15T10:30:00")


def system(item: Any) -> Any:
    """Give the value of an item as the expression language sees it: dates of typed nodes as `Temporal`."""
    if type(item) is not TypedElement:
        return item
    value = item.value
    if type(value) is str:
        if item.type in DATE_TYPES:
            parsed = Temporal.parse(value)
            if parsed is not None and item.type != "date":
                return Temporal(DATE_TIME, parsed.parts, parsed.zone)
            return parsed or value
        if item.type == "time":
            return Temporal.parse_time(value) or value
    return value


def _temporal(text: str, like: Temporal) -> Temporal | None:
    return Temporal.parse_time(text) if like.kind == "Time" else Temporal.parse(text)


def _aligned(left: Any, right: Any) -> tuple[Any, Any]:
    """Bring two values to one kind: a text beside a date is read as a date, an object beside a quantity as one."""
    if isinstance(left, Temporal) and type(right) is str:
        return left, _temporal(right, left) or right
    if isinstance(right, Temporal) and type(left) is str:
        return _temporal(left, right) or left, right
    if isinstance(left, Quantity) != isinstance(right, Quantity):
        first, second = quantity_of(left), quantity_of(right)
        if first is not None and second is not None:
            return first, second
    return left, right


def equal(left: Any, right: Any) -> bool | None:
    """Answer whether two items are equal; None where their precision leaves it open."""
    a, b = _aligned(system(left), system(right))
    if type(a) is bool or type(b) is bool:
        return type(a) is type(b) and a == b
    if isinstance(a, Temporal) and isinstance(b, Temporal):
        if (a.kind == "Time") != (b.kind == "Time"):
            return False
        order = a.compare(b)
        return None if order is None else order == 0
    if isinstance(a, Quantity) and isinstance(b, Quantity):
        return _equal_quantities(a, b)
    if type(a) is str and type(b) is str and a != b and _date_times(a, b):
        first, second = Temporal.parse(a), Temporal.parse(b)
        if first is not None and second is not None:
            return equal(first, second)
    if isinstance(a, dict) and isinstance(b, dict):
        return a == b
    if a is None or b is None:
        return isinstance(left, TypedElement) and isinstance(right, TypedElement) and left == right
    return bool(a == b)


def _date_times(a: str, b: str) -> bool:
    """Whether two texts look like date-times, where no type says so."""
    return min(len(a), len(b)) >= _SHORTEST_DATE_TIME and a[10] == "T" == b[10] and a[:4].isdigit()


def _equal_quantities(a: Quantity, b: Quantity) -> bool | None:
    mine, here = a.canonical()
    its, there = b.canonical()
    if here == there:
        return mine == its
    indefinite = {"year", "month"} & {a.canonical(loose=True)[1], b.canonical(loose=True)[1]}
    return None if indefinite else False


def equivalent(left: Any, right: Any) -> bool:
    """Answer whether two items mean the same: text without case and spacing, numbers to the lesser precision."""
    a, b = _aligned(system(left), system(right))
    if type(a) is str and type(b) is str:
        return a.casefold().split() == b.casefold().split()
    if _number(a) and _number(b):
        return _equivalent_numbers(Decimal(a), Decimal(b))
    if isinstance(a, Quantity) and isinstance(b, Quantity):
        mine, here = a.canonical(loose=True)
        its, there = b.canonical(loose=True)
        if here != there:
            return False
        return _equivalent_quantities(a, b, mine, its)
    if isinstance(a, dict) and isinstance(b, dict):
        keys = (a.keys() | b.keys()) - {"id"}
        return all(equivalents(_listed(a.get(key)), _listed(b.get(key))) for key in keys)
    return equal(a, b) is True


def _equivalent_numbers(a: Decimal, b: Decimal) -> bool:
    digits = min(_digits(a), _digits(b))
    return round(a, digits) == round(b, digits)


def _equivalent_quantities(a: Quantity, b: Quantity, mine: Decimal, its: Decimal) -> bool:
    """Compare in the unit of the side that is stated less precisely."""
    if a.value == 0 or b.value == 0:
        return mine == its
    step_a = Decimal(1).scaleb(-_digits(a.value)) * (mine / a.value)
    step_b = Decimal(1).scaleb(-_digits(b.value)) * (its / b.value)
    step = max(step_a, step_b)
    return round(mine / step) == round(its / step)


def _digits(number: Decimal) -> int:
    exponent = number.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _number(value: Any) -> bool:
    return isinstance(value, NUMBERS) and not isinstance(value, bool)


def _listed(value: Any) -> Items:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def equals(left: Items, right: Items) -> bool | None:
    """The operator `=` on collections; None (empty) if either is empty."""
    if not left or not right:
        return None
    if len(left) != len(right):
        return False
    answer: bool | None = True
    for a, b in zip(left, right, strict=True):
        same = equal(a, b)
        if same is False:
            return False
        if same is None:
            answer = None
    return answer


def equivalents(left: Items, right: Items) -> bool:
    """The operator `~` on collections, in any order."""
    if len(left) != len(right):
        return False
    rest = list(right)
    for a in left:
        for position, b in enumerate(rest):
            if equivalent(a, b):
                del rest[position]
                break
        else:
            return False
    return True


def compare(left: Items, right: Items) -> int | None:
    """Order two single items: -1, 0, 1, or None where it is empty."""
    if not left or not right:
        return None
    if len(left) > 1 or len(right) > 1:
        raise ExpressionError("a comparison takes a single item on each side")
    a, b = system(left[0]), system(right[0])
    if type(a) is str and type(b) is str:
        return compare_texts(a, b)
    a, b = _aligned(a, b)
    if isinstance(a, dict) and isinstance(b, dict):
        a, b = quantity_of(a), quantity_of(b)
    if isinstance(a, Temporal) and isinstance(b, Temporal):
        return a.compare(b)
    if isinstance(a, Quantity) and isinstance(b, Quantity):
        other = b.in_unit_of(a)
        return None if other is None else _order(a.value, other)
    if _number(a) and _number(b):
        return _order(a, b)
    if a is None or b is None:
        return None
    raise ExpressionError(f"{_shown(a)} and {_shown(b)} cannot be compared")


def _shown(value: Any) -> str:
    return "an object" if isinstance(value, dict) else repr(str(value)) if not isinstance(value, bool) else str(value)


def compare_texts(a: str, b: str) -> int | None:
    """Compare as dates where both have the form of one, for JSON alone does not tell them from other texts.

    Dates of the same length (and, behind the seconds, the same ending) are in the order of their texts.
    """
    alike = len(a) == len(b) and (len(a) <= _DATE_LENGTH or a[_SECOND_LENGTH:] == b[_SECOND_LENGTH:])
    if not alike and a[:4].isdigit() and b[:4].isdigit():
        first, second = Temporal.parse(a), Temporal.parse(b)
        if first is not None and second is not None:
            return first.compare(second)
    return _order(a, b)


def _order(a: Any, b: Any) -> int:
    return int(a > b) - int(a < b)


def distinct(items: Iterable[Any]) -> Items:
    """Leave out what is equal to an earlier item."""
    found: Items = []
    seen: set[Any] = set()
    others: Items = []
    for item in items:
        value = raw_key(item)
        if value is not None:
            if value in seen:
                continue
            seen.add(value)
        elif any(equal(item, other) for other in others):
            continue
        else:
            others.append(item)
        found.append(item)
    return found


def raw_key(item: Any) -> Any:
    """Give a key under which equal items meet, for plain texts, numbers and booleans; None for all else."""
    value = item.value if type(item) is TypedElement else item
    kind = type(value)
    if kind is str:
        return None if type(item) is TypedElement and (item.type in DATE_TYPES or item.type == "time") else value
    if kind is bool:
        return (1, value)
    return (0, value) if isinstance(value, NUMBERS) else None


def holds_item(items: Items, item: Any) -> bool:
    """Answer whether an item equal to this one is in a collection."""
    key = raw_key(item)
    if type(key) is str:
        return any(raw_key(each) == key for each in items)
    return any(equal(each, item) for each in items)
