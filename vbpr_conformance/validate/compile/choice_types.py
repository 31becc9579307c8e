"""Elements that are a choice of types, `value[x]` (https://hl7.org/fhir/R4/formats.html#choice)."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from vbpr_conformance.fhir.primitive_formats import FORMATS
from vbpr_conformance.validate.compile import primitive_values
from vbpr_conformance.validate.compile.element_node import (
    ElementNode,
    MakeIssue,
    Names,
    ObjectRule,
    PropertyCheck,
    by_names,
)
from vbpr_conformance.validate.compile.known_definitions import KnownDefinitions
from vbpr_conformance.validate.compile.object_properties import (
    ObjectProperties,
    PropertyName,
    PropertySlot,
    RequiredProperty,
    forbidden,
    need,
    repeated,
    times,
)
from vbpr_conformance.validate.element_ref import ElementRef, ElementRefs
from vbpr_conformance.validate.issue import Drafts, below
from vbpr_conformance.validate.judge.scope import Scope


def choice_property(
    node: ElementNode, label: str, views: ElementRefs, properties: ObjectProperties
) -> list[ObjectRule]:
    """Add a property for each type; what a profile does not allow is named as such. Give the check of the whole."""
    allowed = _allowed(views)
    known = node.known
    base = known.base_element(views[0].element)
    possible = dict.fromkeys([*(each.code for each in (base or views[0].element).types), *allowed])
    keys: list[str] = []
    usable: list[str] = []
    type_rule = node.rule("type", views[0], detail=tuple(allowed), step=label) if len(possible) > len(allowed) else None
    element = PropertySlot(node, properties, PropertyName.plain(label), "", views, node.place)
    for code in possible:
        name = PropertyName.choice(label, code)
        keys += [name.key, f"_{name.key}"] if code in FORMATS else [name.key]
        ruled_out = forbidden(node, name, views)
        if ruled_out is None and code not in allowed and type_rule is not None:
            ruled_out = _not_allowed(type_rule, name, allowed)
        if ruled_out is not None:
            properties.checks[name.key] = properties.checks[f"_{name.key}"] = ruled_out
        else:
            usable += keys[-2:] if code in FORMATS else keys[-1:]
            properties.later((name.key, f"_{name.key}"), partial(_typed, element, name, code))
    need(node, label, views, properties, tuple(keys))
    for view in views:
        for each in known.slices(view):
            _slice_need(node, label, each, properties)
    several = len({key.removeprefix("_") for key in usable}) > 1
    return [_one_type(node, label, frozenset(usable), views[0])] if several else []


def _allowed(views: ElementRefs) -> tuple[str, ...]:
    codes = dict.fromkeys(each.code for each in views[0].element.types)
    for view in views:
        own = {each.code for each in view.element.types}
        slicing = view.element.slicing
        if slicing is not None and slicing.rules == "closed" and view.element.slices:
            own &= {each.code for one in view.element.slices for each in one.types}
        codes = {code: None for code in codes if code in own}
    return tuple(codes)


def _of_type(known: KnownDefinitions, views: ElementRefs, code: str) -> ElementRefs:
    """Give the views that apply to this type: the element's, and those of its slices for the type."""
    found = list(views)
    for view in views:
        for each in known.slices(view):
            codes = {one.code for one in each.element.types}
            if codes == {code}:
                found.append(each)
    return tuple(found)


def _typed(element: PropertySlot, name: PropertyName, code: str) -> None:
    """Add the property of a choice where it is of this type; the slot is that of the element, whatever its type."""
    place = element.node.place.child(name.label, element.known.lineage(code))
    views = _of_type(element.known, element.views, code)
    slot = replace(element, name=name, type=code, views=views, place=place)
    if slot.type in FORMATS:
        primitive_values.properties(slot)
        return
    node = slot.node_of()
    slot.node.kids.append((slot.name.label, node))
    slot.properties.checks[slot.name.key] = repeated(slot, node)


def _not_allowed(make_issue: MakeIssue, name: PropertyName, allowed: tuple[str, ...]) -> PropertyCheck:
    message = f"{name.key} found, but only {', '.join(allowed) or 'nothing'} is allowed for {name.label}."

    def check(_: Any, __: dict[str, Any], ___: Scope) -> Drafts:
        return below(make_issue(message), name.step)

    return check


def _slice_need(node: ElementNode, label: str, view: ElementRef, properties: ObjectProperties) -> None:
    codes = {each.code for each in view.element.types}
    if not view.element.min or len(codes) != 1:
        return
    name = PropertyName.choice(label, next(iter(codes)))
    make_issue = node.rule(
        "min", view, detail=view.element.min, code="required", step=f"{label}:{view.element.slice_name}"
    )
    message = f"{name.key} is missing: it must occur at least {times(view.element.min)}."
    properties.needs.append(RequiredProperty((name.key, f"_{name.key}"), make_issue, message))


def _one_type(node: ElementNode, label: str, keys: frozenset[str], view: ElementRef) -> ObjectRule:
    make_issue = node.rule("choice", view, step=label)

    def check(names: Names) -> Drafts | None:
        found = keys.intersection(names)
        if len({key.removeprefix("_") for key in found}) > 1:
            return make_issue(f"{', '.join(sorted(found))} found together, but {label} is of one type.")
        return None

    return by_names(check)
