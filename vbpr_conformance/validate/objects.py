"""The check of an object, from those of its properties and those of the whole."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

from vbpr_conformance.validate.issue import Findings, shown
from vbpr_conformance.validate.node import Check, Names, ObjectCheck, PropertyCheck, Tell, Whole, by_names
from vbpr_conformance.validate.scope import Scope
from vbpr_conformance.validate.shape import Need, Shape


class _Plan(NamedTuple):
    """What to look at in an object that has these names in this order."""

    properties: tuple[tuple[AbstractSet[str], PropertyCheck], ...]
    """For each: texts found fine before, and the check."""
    whole: tuple[ObjectCheck, ...]


def object_check(shape: Shape, after: list[Whole], tells: dict[str, Tell], *, id_is_enough: bool) -> Check:
    """Make the check of an object: each property by its own check, then what is missing, then the whole.

    Payloads repeat few combinations of names, so what follows from the names is decided once for each of them.
    """
    whole = (_with_content(tells["empty"], id_is_enough=id_is_enough), *_missing(shape.needs), *after)
    not_object = tells["object"]
    plans: dict[tuple[str, ...], _Plan] = {}

    def planned(names: tuple[str, ...]) -> _Plan:
        plan = _Plan(
            tuple((shape.fine.get(name, _NONE), shape.checks.get(name) or _unknown(name, tells)) for name in names),
            tuple(each.check for each in whole if not each.idle(names)),
        )
        if len(plans) < _MOST_PLANS:
            plans[names] = plan
        return plan

    def check(value: Any, scope: Scope) -> Findings | None:  # runs for every object: no call is made that need not be
        if type(value) is not dict:
            return not_object(f"{shown(value)} found where an object is expected.")
        names = tuple(value)
        properties, remaining = plans.get(names) or planned(names)
        found: Findings | None = None
        for item, (fine, prop) in zip(value.values(), properties):  # noqa: B905 - as many, by the names
            if type(item) is str and item in fine:
                continue
            bad = prop(item, value, scope)
            if bad:
                found = bad if found is None else found + bad
        for each in remaining:
            bad = each(value, scope)
            if bad:
                found = bad if found is None else found + bad
        return found

    return check


_MOST_PLANS = 500


def _unknown(name: str, tells: dict[str, Tell]) -> PropertyCheck:
    return lambda _item, _value, _scope: tells["unknown"](f"{name!r} found, which is no element here.")


def _with_content(tell: Tell, *, id_is_enough: bool) -> Whole:
    def check(names: Names) -> Findings | None:
        if len(names) > 1 or (names and (id_is_enough or "id" not in names)):
            return None
        return tell("An object without content found; an element has a value or children.")

    return by_names(check)


def _missing(needs: list[Need]) -> Iterator[Whole]:
    """Give the checks for what must be there: the usual names of all first, then the many of a choice."""
    for need in sorted(needs, key=lambda each: len(each.names) > _PLAIN):
        yield _one_of(need)


def _one_of(need: Need) -> Whole:
    wanted = frozenset(need.names)
    return by_names(lambda names: need.tell(need.message) if wanted.isdisjoint(names) else None)


_PLAIN = 2
"""So many names has an element that is no choice: its own and `_name`."""

_NONE: frozenset[str] = frozenset()
