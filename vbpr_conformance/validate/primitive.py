"""Primitive values, and the `_name` beside them (https://hl7.org/fhir/R4/json.html#primitive)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from vbpr_conformance.validate import codes, invariants, references
from vbpr_conformance.validate.issue import Findings, below, shown
from vbpr_conformance.validate.node import Check, Node, PropertyCheck, Tell
from vbpr_conformance.validate.place import Place
from vbpr_conformance.validate.primitives import FORMATS, fhir_id
from vbpr_conformance.validate.scope import Scope
from vbpr_conformance.validate.shape import Bounds, Name, Shape
from vbpr_conformance.validate.values import value_checks
from vbpr_conformance.validate.views import Views

if TYPE_CHECKING:
    from vbpr_conformance.validate.compiler import Compiler

_ATTRIBUTES = frozenset({"Element.id", "Extension.url"})
"""Elements that are XML attributes: they have no `_name`."""


def properties(
    compiler: Compiler, node: Node, name: Name, type_name: str, views: Views, place: Place, shape: Shape
) -> None:
    """Add the property of a primitive element, and its `_name`."""
    item = _Value(compiler, node, name, type_name, views)
    if views[0].element.base_path in _ATTRIBUTES or type_name == "xhtml":
        item.single(node, views, shape)
        return
    beside = compiler.node(type_name, views, place)
    node.kids.append((name.label, beside))
    if views[0].element.is_array:
        shape.checks[name.key] = _array(node, name, views, item.check)
        shape.checks[f"_{name.key}"] = _array_beside(node, name, views, beside)
    else:
        item.single(node, views, shape)
        shape.checks[f"_{name.key}"] = _single_beside(name, beside)


class _Value:
    """The checks of one value: its form first, the rest only if that is right."""

    def __init__(self, compiler: Compiler, node: Node, name: Name, type_name: str, views: Views) -> None:
        self._name = name
        self._form = fhir_id if views[0].element.base_path == "Resource.id" else FORMATS[type_name]
        self._wrong = node.rule("format", views[0], detail=type_name, code="value", step=name.label)
        alone: list[Check] = value_checks(node, views, name.label)
        alone += _limits(node, name, views)
        alone += codes.code_checks(compiler, node, name, type_name, views)
        rest = invariants.primitive_checks(compiler, node, name, type_name, views)
        if type_name == "canonical":
            rest += references.canonical_checks(compiler, node, name, views)
        if views[0].element.base_path == "Element.id":
            rest.append(_unique_id(node, views, name))
        self._alone = not rest
        """Whether a value is judged by itself alone, wherever it stands."""
        rest = alone + rest
        self._rest = tuple(rest)

    def check(self, value: Any, scope: Scope) -> Findings | None:
        """Judge one value."""
        expected = self._form(value)
        if expected is not None:
            return self._wrong(f"{shown(value)} found, expected {expected}.")
        found: Findings | None = None
        for each in self._rest:
            bad = each(value, scope)
            if bad:
                found = bad if found is None else found + bad
        return found

    def single(self, node: Node, views: Views, shape: Shape) -> None:
        """Add the property that holds just one."""
        array = node.rule("array", views[0], step=self._name.label)
        name, form, rest, whole = self._name, self._form, self._rest, self.check
        fine: set[str] = set()
        if self._alone:
            shape.fine[name.key] = fine

        def trouble(value: Any, scope: Scope) -> Findings:
            if type(value) is list:
                return below(array(f"An array found where {name.key} is a single value."), name.step)
            return below(whole(value, scope) or [], name.step)

        def check(value: Any, _: dict[str, Any], scope: Scope) -> Findings | None:
            if form(value) is not None:
                return trouble(value, scope)
            found: Findings | None = None
            for each in rest:
                bad = each(value, scope)
                if bad:
                    found = bad if found is None else found + bad
            if found:
                return below(found, name.step)
            if type(value) is str and len(fine) < _REMEMBERED:
                fine.add(value)
            return None

        shape.checks[name.key] = check


_REMEMBERED = 2000


def _unique_id(node: Node, views: Views, name: Name) -> Check:
    """An element id is unique in its resource, and holds no spaces (https://hl7.org/fhir/R4/element.html)."""
    tell = node.rule("element-id", views[0], code="value", step=name.label)
    spaced = node.rule("element-id", views[0], code="value", severity="warning", step=name.label)
    node.rules.pop()

    def check(value: Any, scope: Scope) -> Findings | None:
        if any(character.isspace() for character in value):
            return spaced(f"{shown(value)} found, but an element id holds no whitespace.")
        if value in scope.ids:
            return tell(f"{shown(value)} found again, but an element id is used once in a resource.")
        scope.ids.add(value)
        return None

    return check


def _limits(node: Node, name: Name, views: Views) -> list[Check]:
    """Give the checks for maxLength, minValue and maxValue."""
    checks: list[Check] = []
    for view in views:
        element = view.element
        if element.max_length is not None:
            tell = node.rule("length", view, detail=element.max_length, code="too-long", step=name.label)
            checks.append(_longest(element.max_length, tell))
        if element.min_value is not None or element.max_value is not None:
            bounds = (element.min_value, element.max_value)
            checks.append(_within(*bounds, node.rule("range", view, detail=bounds, code="value", step=name.label)))
    return checks


def _longest(most: int, tell: Tell) -> Check:
    def check(value: Any, _: Scope) -> Findings | None:
        length = len(value) if isinstance(value, str) else 0
        return tell(f"{length} characters found, at most {most} are allowed.") if length > most else None

    return check


def _within(low: Any, high: Any, tell: Tell) -> Check:
    def check(value: Any, _: Scope) -> Findings | None:
        if low is not None and _less(value, low):
            return tell(f"{shown(value)} found, the least allowed is {shown(low)}.")
        if high is not None and _less(high, value):
            return tell(f"{shown(value)} found, the most allowed is {shown(high)}.")
        return None

    return check


def _less(one: Any, other: Any) -> bool:
    """Compare numbers as numbers, dates as far as both are precise."""
    if isinstance(one, str) and isinstance(other, str):
        length = min(len(one), len(other))
        return one[:length] < other[:length]
    if isinstance(one, int | float | Decimal) and isinstance(other, int | float | Decimal):
        return Decimal(str(one)) < Decimal(str(other))
    return False


def _single_beside(name: Name, beside: Node) -> PropertyCheck:
    def check(value: Any, _: dict[str, Any], scope: Scope) -> Findings | None:
        bad = beside.check(value, scope)
        return below(bad, name.step) if bad else None

    return check


def _array(node: Node, name: Name, views: Views, item: Check) -> PropertyCheck:
    array = node.rule("array", views[0], step=name.label)
    null = node.rule("shape", views[0], step=name.label)
    bounds = Bounds(node, name, views)
    key = f"_{name.key}"

    def check(value: Any, owner: dict[str, Any], scope: Scope) -> Findings | None:
        if type(value) is not list:
            return below(array(f"{shown(value)} found where {name.key} is an array."), name.step)
        found: Findings = []
        for index, each in enumerate(value):
            if each is None:
                beside = owner.get(key)
                if type(beside) is not list or index >= len(beside) or beside[index] is None:
                    found += below(null(f"null found, which must stand for an item of {key}."), f"{name.step}[{index}]")
                continue
            bad = item(each, scope)
            if bad:
                found += below(bad, f"{name.step}[{index}]")
        bad = bounds(len(value))
        return found + below(bad, name.step) if bad else found or None

    return check


def _array_beside(node: Node, name: Name, views: Views, beside: Node) -> PropertyCheck:
    array = node.rule("array", views[0], step=name.label)
    shape = node.rule("shape", views[0], step=name.label)

    def check(value: Any, owner: dict[str, Any], scope: Scope) -> Findings | None:
        if type(value) is not list:
            return below(array(f"{shown(value)} found where _{name.key} is an array."), name.step)
        found: Findings = []
        values = owner.get(name.key)
        if type(values) is list and len(values) != len(value):
            message = f"_{name.key} has {len(value)} items, but {name.key} has {len(values)}: they belong together."
            found += below(shape(message), name.step)
        for index, each in enumerate(value):
            if each is None:
                if type(values) is not list:
                    found += below(shape(f"null found without a value in {name.key}."), f"{name.step}[{index}]")
                continue
            bad = beside.check(each, scope)
            if bad:
                found += below(bad, f"{name.step}[{index}]")
        return found or None

    return check
