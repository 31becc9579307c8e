"""Existence, subsetting and combining (https://hl7.org/fhirpath/N1/#functions)."""

from __future__ import annotations

from vbpr_conformance.fhir.fhirpath.equality import distinct, holds_item
from vbpr_conformance.fhir.fhirpath.evaluation import EMPTY, Environment, Items, boolean, raw, single
from vbpr_conformance.fhir.fhirpath.expression_error import ExpressionError
from vbpr_conformance.fhir.fhirpath.functions.signature import Function


def _booleans(items: Items, name: str) -> list[bool]:
    values = [raw(item) for item in items]
    if not all(type(value) is bool for value in values):
        raise ExpressionError(f"{name}() takes booleans only")
    return values


def _not(items: Items, _args: list[Items], _env: Environment) -> Items:
    value = single(items, "not()")
    if value is None:
        return EMPTY
    return boolean(not value if type(value) is bool else False)


def _skip(items: Items, args: list[Items], _env: Environment) -> Items:
    return items[max(0, _count(args[0], "skip()")) :]


def _take(items: Items, args: list[Items], _env: Environment) -> Items:
    return items[: max(0, _count(args[0], "take()"))]


def _count(arg: Items, name: str) -> int:
    value = single(arg, name)
    if type(value) is not int:
        raise ExpressionError(f"{name} takes a whole number")
    return value


def _single(items: Items, _args: list[Items], _env: Environment) -> Items:
    if len(items) > 1:
        raise ExpressionError(f"single() found {len(items)} items")
    return items


def _subset(part: Items, whole: Items) -> Items:
    return boolean(all(holds_item(whole, item) for item in part))


FUNCTIONS = {
    "empty": Function(lambda items, _args, _env: boolean(not items)),
    "count": Function(lambda items, _args, _env: [len(items)]),
    "not": Function(_not),
    "allTrue": Function(lambda items, _args, _env: boolean(all(_booleans(items, "allTrue")))),
    "anyTrue": Function(lambda items, _args, _env: boolean(any(_booleans(items, "anyTrue")))),
    "allFalse": Function(lambda items, _args, _env: boolean(not any(_booleans(items, "allFalse")))),
    "anyFalse": Function(lambda items, _args, _env: boolean(not all(_booleans(items, "anyFalse")))),
    "subsetOf": Function(lambda items, args, _env: _subset(items, args[0]), 1, 1),
    "supersetOf": Function(lambda items, args, _env: _subset(args[0], items), 1, 1),
    "distinct": Function(lambda items, _args, _env: distinct(items)),
    "isDistinct": Function(lambda items, _args, _env: boolean(len(distinct(items)) == len(items))),
    "single": Function(_single),
    "first": Function(lambda items, _args, _env: items[:1]),
    "last": Function(lambda items, _args, _env: items[-1:]),
    "tail": Function(lambda items, _args, _env: items[1:]),
    "skip": Function(_skip, 1, 1),
    "take": Function(_take, 1, 1),
    "intersect": Function(lambda items, args, _env: distinct(i for i in items if holds_item(args[0], i)), 1, 1),
    "exclude": Function(lambda items, args, _env: [i for i in items if not holds_item(args[0], i)], 1, 1),
    "union": Function(lambda items, args, _env: distinct([*items, *args[0]]), 1, 1),
    "combine": Function(lambda items, args, _env: [*items, *args[0]], 1, 1),
}
