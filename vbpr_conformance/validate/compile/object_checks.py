"""The check of an object, from those of its properties and those of the whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vbpr_conformance.validate.compile.element_node import (
    Check,
    MakeIssue,
    Names,
    ObjectCheck,
    ObjectRule,
    PropertyCheck,
    by_names,
)
from vbpr_conformance.validate.compile.object_properties import ObjectProperties, RequiredProperty
from vbpr_conformance.validate.issue import Drafts, shown
from vbpr_conformance.validate.judge.scope import Scope
from vbpr_conformance.validate.judge.unrolled import looped, unrolled


def object_check(
    shape: ObjectProperties, after: list[ObjectRule], tells: dict[str, MakeIssue], *, id_is_enough: bool
) -> Check:
    """Make the check of an object: each property by its own check, then what is missing, then the whole.

    Payloads repeat few combinations of names, so what follows from the names is decided once for each of them.
    """
    whole = (_with_content(tells["empty"], id_is_enough=id_is_enough), *_missing(shape.needs), *after)
    not_object = tells["object"]
    plans: dict[tuple[str, ...], ObjectCheck] = {}

    def planned(names: tuple[str, ...]) -> ObjectCheck:
        properties = tuple(shape.check_of(name) or _unknown(name, tells) for name in names)
        fine = tuple(shape.kinds.get(name) or shape.fine.get(name) for name in names)
        after_these = tuple(each.check for each in whole if not each.not_applicable(names))
        in_a_loop = looped(properties, after_these)
        left = _RARE

        def first(value: dict[str, Any], scope: Scope) -> Drafts | None:
            nonlocal left
            left -= 1
            if not left:
                plans[names] = unrolled(fine, properties, after_these)
            return in_a_loop(value, scope)

        if len(plans) < _MOST_PLANS:
            plans[names] = first
        return first

    def check(value: Any, scope: Scope) -> Drafts | None:
        if type(value) is not dict:
            return not_object(f"{shown(value)} found where an object is expected.")
        names = tuple(value)
        return (plans.get(names) or planned(names))(value, scope)

    return check


_MOST_PLANS = 500
_RARE = 4
"""For combinations of names that are met less often, writing a check out takes longer than it saves."""


def _unknown(name: str, tells: dict[str, MakeIssue]) -> PropertyCheck:
    return lambda _item, _value, _scope: tells["unknown"](f"{name!r} found, which is no element here.")


def _with_content(make_issue: MakeIssue, *, id_is_enough: bool) -> ObjectRule:
    def check(names: Names) -> Drafts | None:
        if len(names) > 1 or (names and (id_is_enough or "id" not in names)):
            return None
        return make_issue("An object without content found; an element has a value or children.")

    return by_names(check)


def _missing(needs: list[RequiredProperty]) -> Iterator[ObjectRule]:
    """Give the checks for what must be there: the usual names of all first, then the many of a choice."""
    for need in sorted(needs, key=lambda each: len(each.names) > _PLAIN):
        yield _one_of(need)


def _one_of(need: RequiredProperty) -> ObjectRule:
    wanted = frozenset(need.names)
    return by_names(lambda names: need.make_issue(need.message) if wanted.isdisjoint(names) else None)


_PLAIN = 2
"""So many names has an element that is no choice: its own and `_name`."""
