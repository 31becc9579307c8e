"""Conditions in three values, each a function of the item and the environment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vbpr_conformance.fhir.fhirpath.equality import compare, compare_texts, equals, raw_key
from vbpr_conformance.fhir.fhirpath.evaluation import Closure, Environment, Items, Truth

ORDER: dict[str, Callable[[int], bool]] = {
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
}


def any_item(source: Closure, criterion: Truth) -> Truth:
    """The condition of `exists(criterion)`."""

    def test(this: Any, env: Environment) -> bool:
        return any(criterion(item, env) is True for item in source(this, env))

    return test


def every_item(source: Closure, criterion: Truth) -> Truth:
    """The condition of `all(criterion)`."""

    def test(this: Any, env: Environment) -> bool:
        return all(criterion(item, env) is True for item in source(this, env))

    return test


def _and(left: Truth, right: Truth) -> Truth:
    def test(this: Any, env: Environment) -> bool | None:
        first = left(this, env)
        if first is False:
            return False
        second = right(this, env)
        return False if second is False else (None if first is None or second is None else True)

    return test


def _or(left: Truth, right: Truth) -> Truth:
    def test(this: Any, env: Environment) -> bool | None:
        first = left(this, env)
        if first is True:
            return True
        second = right(this, env)
        return True if second is True else (None if first is None or second is None else False)

    return test


def _xor(left: Truth, right: Truth) -> Truth:
    def test(this: Any, env: Environment) -> bool | None:
        first, second = left(this, env), right(this, env)
        return None if first is None or second is None else first is not second

    return test


def _implies(left: Truth, right: Truth) -> Truth:
    def test(this: Any, env: Environment) -> bool | None:
        first = left(this, env)
        if first is False:
            return True
        second = right(this, env)
        return second if first is True else (True if second is True else None)

    return test


LOGIC: dict[str, Callable[[Truth, Truth], Truth]] = {"and": _and, "or": _or, "xor": _xor, "implies": _implies}


def negated(value: bool | None) -> bool | None:  # noqa: FBT001 - three-valued negation
    """The opposite; of nothing, nothing."""
    return None if value is None else not value


def same_truth(left: Truth, right: Truth, *, wanted: bool) -> Truth:
    """`=` and `!=` between two conditions."""

    def test(this: Any, env: Environment) -> bool | None:
        first, second = left(this, env), right(this, env)
        return None if first is None or second is None else (first is second) is wanted

    return test


def equals_text(left: Closure, text: str, *, wanted: bool) -> Truth:
    """`=` and `!=` with a text, the most frequent comparison."""
    other = [text]

    def test(this: Any, env: Environment) -> bool | None:
        items = left(this, env)
        if len(items) == 1 and type(items[0]) is str:
            return (items[0] == text) is wanted
        same = equals(items, other)
        return same if wanted else negated(same)

    return test


def texts_of(items: Items) -> frozenset[str] | None:
    """Give a collection of texts alone as a set; None for any other."""
    return frozenset(items) if items and all(type(item) is str for item in items) else None


def in_texts(left: Closure, texts: frozenset[str]) -> Truth:
    """`in` with constant texts."""

    def test(this: Any, env: Environment) -> bool | None:
        items = left(this, env)
        return all(raw_key(item) in texts for item in items) if items else None

    return test


def ordering(left: Closure, right: Closure, decide: Callable[[int], bool]) -> Truth:
    """The comparisons by order."""

    def test(this: Any, env: Environment) -> bool | None:
        first, second = left(this, env), right(this, env)
        if not first or not second:
            return None
        if len(first) == len(second) == 1:
            one, other = first[0], second[0]
            if type(one) is int and type(other) is int:
                return decide(one - other)
            if type(one) is str and type(other) is str:
                found = compare_texts(one, other)
                return None if found is None else decide(found)
        order = compare(first, second)
        return None if order is None else decide(order)

    return test
