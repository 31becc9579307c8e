"""The check of an object, from those of its properties and those of the whole."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from threading import RLock
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

_Steps = tuple[tuple[AbstractSet[Any], ...], tuple[PropertyCheck, ...], tuple[ObjectCheck, ...]]
"""For each property, in the order of the names, what is known good; its check; then the checks of the whole."""


def object_check(
    properties: ObjectProperties,
    rules: list[ObjectRule],
    issues: dict[str, MakeIssue],
    lock: RLock,
    *,
    id_is_enough: bool,
) -> Check:
    """Make the check of an object: each property by its own check, then what is missing, then the whole.

    Payloads repeat few combinations of names, so what follows from the names is decided once for each of them.
    """
    whole = (_with_content(issues["empty"], id_is_enough=id_is_enough), *_missing(properties.needs), *rules)
    not_object = issues["object"]
    known: dict[tuple[str, ...], _Steps] = {}

    def made(names: tuple[str, ...]) -> _Steps:
        with lock:
            checks = tuple(properties.check_of(name) or _unknown(name, issues) for name in names)
            good = tuple(properties.known_good.get(name, _NOTHING) for name in names)
            result = (good, checks, tuple(each.check for each in whole if not each.not_applicable(names)))
            if len(known) < _MOST_COMBINATIONS:
                known[names] = result
            return result

    def check(value: Any, scope: Scope) -> Drafts | None:
        if type(value) is not dict:
            return not_object(f"{shown(value)} found where an object is expected.")
        names = tuple(value)
        goods, checks, after = known.get(names) or made(names)
        found: Drafts | None = None
        for item, good, prop in zip(value.values(), goods, checks):  # noqa: B905 - as many as names; asking costs
            if (item if item.__class__ is str else item.__class__) in good:
                continue
            bad = prop(item, value, scope)
            if bad:
                found = bad if found is None else found + bad
        for each in after:
            bad = each(value, scope)
            if bad:
                found = bad if found is None else found + bad
        return found

    return check


_MOST_COMBINATIONS = 500
_NOTHING: frozenset[Any] = frozenset()


def _unknown(name: str, issues: dict[str, MakeIssue]) -> PropertyCheck:
    return lambda _item, _value, _scope: issues["unknown"](f"{name!r} found, which is no element here.")


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
