"""Primitive values, and the `_name` beside them (https://hl7.org/fhir/R4/json.html#primitive)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from vbpr_conformance.fhir.dates import surely_before
from vbpr_conformance.fhir.primitive_formats import ALWAYS_FINE, FORMATS, fhir_id, is_absolute, string
from vbpr_conformance.validate.compile import bindings, invariants, reference_targets
from vbpr_conformance.validate.compile.element_node import Check, ElementNode, MakeIssue, PropertyCheck
from vbpr_conformance.validate.compile.fixed_values import value_checks
from vbpr_conformance.validate.compile.object_properties import Cardinality, PropertySlot
from vbpr_conformance.validate.compile.slicing import SliceGroup
from vbpr_conformance.validate.issue import Drafts, below, shown
from vbpr_conformance.validate.judge.scope import Scope

_ATTRIBUTES = frozenset({"Element.id", "Extension.url"})
"""Elements that are XML attributes: they have no `_name`."""


def properties(slot: PropertySlot) -> None:
    """Add the property of a primitive element, and its `_name`."""
    item = _Value(slot)
    key, checks = slot.name.key, slot.properties.checks
    if slot.views[0].element.base_path in _ATTRIBUTES or slot.type == "xhtml":
        item.single(slot)
        return
    beside = slot.node_of()
    slot.node.kids.append((slot.name.label, beside))
    if slot.views[0].element.is_array:
        checks[key] = _array(slot, item)
        checks[f"_{key}"] = _array_beside(slot, beside)
    else:
        item.single(slot)
        checks[f"_{key}"] = _single_beside(slot, beside)


class _Value:
    """The checks of one value: its form first, the rest only if that is right."""

    def __init__(self, slot: PropertySlot) -> None:
        base = slot.views[0].element.base_path
        self._form = fhir_id if base == "Resource.id" else FORMATS[slot.type]
        self._wrong = slot.rule("format", slot.views[0], detail=slot.type, code="value")
        self._blank = slot.node.issue_maker("format", slot.views[0], severity="warning", code="value")
        alone = [*value_checks(slot.node, slot.views, slot.name.label), *_limits(slot), *bindings.code_checks(slot)]
        rest = invariants.primitive_checks(slot)
        if slot.type == "canonical":
            rest += reference_targets.canonical_checks(slot)
        if base == "Element.id" and slot.node.type != "ElementDefinition":  # sdf-16 and sdf-17 tell of those
            rest.append(_unique_id(slot))
        owner, _, name = base.partition(".")
        if slot.type == "uri" and name == "url" and slot.known.is_resource(owner):
            rest.append(_own_url(slot))
        beside = _needed_beside(slot)
        self.needed = beside
        """Tells of extensions that a value must have, for values that have none."""
        self._alone = not rest and beside is None
        """Whether a value is judged by itself alone, wherever it stands."""
        self._rest = (*alone, *rest)

    def check(self, value: Any, scope: Scope) -> Drafts | None:
        """Judge one value."""
        expected = self._form(value)
        if expected is not None:
            if self._form is string and type(value) is str and value.isspace():
                return self._blank("Whitespace alone found: a text should have content.")
            return self._wrong(f"{shown(value)} found, expected {expected}.")
        found: Drafts | None = None
        for each in self._rest:
            bad = each(value, scope)
            if bad:
                found = bad if found is None else found + bad
        return found

    def single(self, slot: PropertySlot) -> None:  # noqa: C901 - the hot path: one function for each value
        """Add the property that holds just one."""
        array = slot.rule("array", slot.views[0])
        name, form, rest, whole, needed = slot.name, self._form, self._rest, self.check, self.needed
        companion = f"_{name.key}"
        good: set[str] = set()
        if self._alone:
            always = None if rest else ALWAYS_FINE.get(form)
            slot.properties.known_good[name.key] = good if always is None else always
        lock = slot.node.nodes.lock

        def trouble(value: Any, scope: Scope) -> Drafts:
            if type(value) is list:
                return below(array(f"An array found where {name.key} is a single value."), name.step)
            return below(whole(value, scope) or [], name.step)

        def check(value: Any, owner: dict[str, Any], scope: Scope) -> Drafts | None:
            if form(value) is not None:
                return trouble(value, scope)
            found: Drafts | None = None
            for each in rest:
                bad = each(value, scope)
                if bad:
                    found = bad if found is None else found + bad
            if needed is not None and companion not in owner:
                found = (found or []) + needed(scope)
            if found:
                return below(found, name.step)
            if type(value) is str and len(good) < _REMEMBERED:
                with lock:
                    good.add(value)
            return None

        slot.properties.checks[name.key] = check


_REMEMBERED = 2000


def _needed_beside(slot: PropertySlot) -> Callable[[Scope], Drafts] | None:
    """Give what tells of extensions that a value must have, for values that have none."""
    known = slot.known
    extensions = [child for view in slot.views for child in known.children(view) if child.element.name == "extension"]
    if not any(each.element.min for child in extensions for each in (child, *known.slices(child))):
        return None
    beside = slot.node_of()
    return lambda scope: [each for each in beside.check({}, scope) or () if each.kind == "min"]


def _own_url(slot: PropertySlot) -> Check:
    """What others name a resource by is an absolute URI (https://hl7.org/fhir/R4/references.html#canonical)."""
    make_issue = slot.rule("reference", slot.views[0], code="value")

    def check(value: Any, _: Scope) -> Drafts | None:
        return None if is_absolute(value) else make_issue(f"{shown(value)} found, expected an absolute URI.")

    return check


def _unique_id(slot: PropertySlot) -> Check:
    """An element id is unique in its resource, and holds no spaces (https://hl7.org/fhir/R4/element.html)."""
    make_issue = slot.rule("element-id", slot.views[0], code="value")
    spaced = slot.node.issue_maker("element-id", slot.views[0], code="value", severity="warning")

    def check(value: Any, scope: Scope) -> Drafts | None:
        if (" " in value or not value.isprintable()) and any(character.isspace() for character in value):
            return spaced(f"{shown(value)} found, but an element id holds no whitespace.")
        if value in scope.ids:
            return make_issue(f"{shown(value)} found again, but an element id is used once in a resource.")
        scope.ids.add(value)
        return None

    return check


def _limits(slot: PropertySlot) -> list[Check]:
    """Give the checks for maxLength, minValue and maxValue."""
    checks: list[Check] = []
    for view in slot.views:
        element = view.element
        if element.max_length is not None:
            make_issue = slot.rule("length", view, detail=element.max_length, code="too-long")
            checks.append(_longest(element.max_length, make_issue))
        if element.min_value is not None or element.max_value is not None:
            bounds = (element.min_value, element.max_value)
            checks.append(_within(*bounds, slot.rule("range", view, detail=bounds, code="value")))
    return checks


def _longest(most: int, make_issue: MakeIssue) -> Check:
    def check(value: Any, _: Scope) -> Drafts | None:
        length = len(value) if isinstance(value, str) else 0
        return make_issue(f"{length} characters found, at most {most} are allowed.") if length > most else None

    return check


def _within(low: Any, high: Any, make_issue: MakeIssue) -> Check:
    def check(value: Any, _: Scope) -> Drafts | None:
        if low is not None and _less(value, low):
            return make_issue(f"{shown(value)} found, the least allowed is {shown(low)}.")
        if high is not None and _less(high, value):
            return make_issue(f"{shown(value)} found, the most allowed is {shown(high)}.")
        return None

    return check


def _less(one: Any, other: Any) -> bool:
    """Compare numbers as numbers, dates by all the moments they may mean."""
    if isinstance(one, str) and isinstance(other, str):
        before = surely_before(one, other)
        return one < other if before is None else before
    if isinstance(one, int | float | Decimal) and isinstance(other, int | float | Decimal):
        return Decimal(str(one)) < Decimal(str(other))
    return False


def _single_beside(slot: PropertySlot, beside: ElementNode) -> PropertyCheck:
    step, key = slot.name.step, slot.name.key
    alone = _nothing_but_an_id(slot)
    needed = bindings.value_needed(slot)

    def check(value: Any, owner: dict[str, Any], scope: Scope) -> Drafts | None:
        bad = beside.check(value, scope) or []
        if owner.get(key) is None:
            bad += alone(value) or (needed() if needed is not None else [])  # one fault is told once
        return below(bad, step) if bad else None

    return check


def _nothing_but_an_id(slot: PropertySlot) -> Callable[[Any], Drafts]:
    """Give what tells of an id beside a value that is missing."""
    make_issue = slot.node.issue_maker("invariant", slot.views[0], key="ele-1", severity="error", code="invariant")
    message = "An id alone found; an element has a value or children."
    return lambda value: make_issue(message) if type(value) is dict and list(value) == ["id"] else []


def _array(slot: PropertySlot, item: _Value) -> PropertyCheck:
    name = slot.name
    array = slot.rule("array", slot.views[0])
    null = slot.rule("shape", slot.views[0])
    bounds = Cardinality(slot)
    key = f"_{name.key}"
    groups = [SliceGroup(slot, view, slot.properties) for view in slot.views if view.element.slices]

    def check(value: Any, owner: dict[str, Any], scope: Scope) -> Drafts | None:
        if type(value) is not list:
            return below(array(f"{shown(value)} found where {name.key} is an array."), name.step)
        found: Drafts = []
        for index, each in enumerate(value):
            if each is None:
                if not _stands_beside(owner.get(key), index):
                    found += below(null(f"null found, which must stand for an item of {key}."), f"{name.step}[{index}]")
                continue
            bad = item.check(each, scope) or []
            if item.needed is not None and not _stands_beside(owner.get(key), index):
                bad += item.needed(scope)
            if bad:
                found += below(bad, f"{name.step}[{index}]")
        for group in groups:
            found += group.judge(value, scope)
        return found + (bounds.judge(len(value)) or []) or None

    return check


def _stands_beside(values: Any, index: int) -> bool:
    return type(values) is list and index < len(values) and values[index] is not None


def _array_beside(slot: PropertySlot, beside: ElementNode) -> PropertyCheck:
    name = slot.name
    array = slot.rule("array", slot.views[0])
    shape = slot.rule("shape", slot.views[0])
    uneven = slot.node.issue_maker("shape", slot.views[0], severity="warning", code="structure")
    alone = _nothing_but_an_id(slot)

    def check(value: Any, owner: dict[str, Any], scope: Scope) -> Drafts | None:
        if type(value) is not list:
            return below(array(f"{shown(value)} found where _{name.key} is an array."), name.step)
        found: Drafts = []
        values = owner.get(name.key)
        if type(values) is list and len(values) != len(value):
            # R4 has null fill out both arrays; servers leave nulls at the end out, and nothing is lost by that.
            message = f"_{name.key} has {len(value)} items, {name.key} has {len(values)}: null stands for the others."
            found += below(uneven(message), name.step)
        for index, each in enumerate(value):
            if each is None:
                if type(values) is not list:
                    found += below(shape(f"null found without a value in {name.key}."), f"{name.step}[{index}]")
                continue
            bad = (beside.check(each, scope) or []) + ([] if _stands_beside(values, index) else alone(each))
            if bad:
                found += below(bad, f"{name.step}[{index}]")
        return found or None

    return check
