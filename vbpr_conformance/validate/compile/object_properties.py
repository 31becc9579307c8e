"""What is gathered about an object's properties while its check is made, and how often each may occur."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, NamedTuple

from vbpr_conformance.validate.compile.element_node import Checker, ElementNode, MakeIssue, PropertyCheck
from vbpr_conformance.validate.compile.extension_context import ElementPlace
from vbpr_conformance.validate.compile.known_definitions import KnownDefinitions
from vbpr_conformance.validate.element_ref import ElementRef, ElementRefs
from vbpr_conformance.validate.issue import Drafts, below, shown
from vbpr_conformance.validate.judge.scope import Scope

WholeCheck = Callable[[list[Any], Scope], Drafts | None]
"""Looks at all items of a property together; the paths of what it finds start at the object."""


class PropertyName(NamedTuple):
    """The names of a property: in JSON (`valueString`), in element ids (`value[x]`), in FHIRPath (`value`)."""

    key: str
    label: str
    step: str

    @classmethod
    def plain(cls, name: str) -> PropertyName:
        """The names of an element that is no choice of types."""
        return cls(name, name, f".{name}")

    @classmethod
    def choice(cls, label: str, type_name: str) -> PropertyName:
        """The names of a choice of types where it is of this type."""
        stem = label.removesuffix("[x]")
        return cls(stem + type_name[0].upper() + type_name[1:], label, f".{stem}")


class RequiredProperty(NamedTuple):
    """Something that must be there: one of the names, the first the usual one; else the rule tells the message."""

    names: tuple[str, ...]
    make_issue: MakeIssue
    message: str


class ObjectProperties:
    """The checks of an object's properties by their names in JSON, and what must be there.

    Types have many more properties than payloads use: unless the nodes are made whole, each is made when first met,
    while `Nodes.lock` is held.
    """

    def __init__(self, *, whole: bool) -> None:
        self._whole = whole
        self._makers: dict[str, Callable[[], None]] = {}
        self.checks: dict[str, PropertyCheck] = {}
        self.needs: list[RequiredProperty] = []
        self.known_good: dict[str, AbstractSet[Any]] = {}
        """Of properties whose values are judged by themselves alone: texts that were found fine before, as a set that
        grows (payloads repeat urls, systems and codes), or the Python types of which any value is fine, frozen."""

    def later(self, names: Iterable[str], make: Callable[[], None]) -> None:
        """Let the checks of these names be made when they are first asked for; of whole nodes, at once."""
        if self._whole:
            make()
        else:
            self._makers.update(dict.fromkeys(names, make))

    def check_of(self, name: str) -> PropertyCheck | None:
        """Give the check of a property; None for a name that is none."""
        make = self._makers.get(name)
        if make is not None:
            self._makers = {other: each for other, each in self._makers.items() if each is not make}
            make()
        return self.checks.get(name)


@dataclass(frozen=True)
class PropertySlot:
    """An element of a node while its property is made: what all who make a part of it need to know."""

    node: ElementNode
    properties: ObjectProperties
    name: PropertyName
    type: str
    views: ElementRefs
    place: ElementPlace

    @property
    def known(self) -> KnownDefinitions:
        """The definitions that it is made from."""
        return self.node.known

    def node_of(self, *slices: ElementRef) -> ElementNode:
        """Give the node of its values, in these slices."""
        return self.node.nodes.node(self.type, self.views + slices, self.place)

    def rule(self, kind: str, view: ElementRef, **more: Any) -> MakeIssue:
        """State a rule of the element."""
        return self.node.rule(kind, view, step=self.name.label, **more)


def lowest(views: ElementRefs) -> ElementRef:
    """The view that asks for most."""
    return max(views, key=lambda view: view.element.min)


def tightest(views: ElementRefs) -> ElementRef:
    """The view that allows least."""
    return min(views, key=lambda view: float("inf") if view.element.max is None else view.element.max)


def forbidden(node: ElementNode, name: PropertyName, views: ElementRefs) -> PropertyCheck | None:
    """Give the check of an element that a profile rules out, None for one that it allows."""
    view = tightest(views)
    if view.element.max != 0:
        return None
    make_issue = node.rule("max", view, detail=0, step=name.label)
    message = f"{name.key} found, which may not occur here."

    def check(_: Any, __: dict[str, Any], ___: Scope) -> Drafts:
        return below(make_issue(message), name.step)

    return check


def need(
    node: ElementNode, label: str, views: ElementRefs, properties: ObjectProperties, names: tuple[str, ...]
) -> None:
    """State that an element must be there by one of the names, where a view says so."""
    view = lowest(views)
    least = view.element.min
    if least:
        make_issue = node.rule("min", view, detail=least, code="required", step=label)
        properties.needs.append(
            RequiredProperty(names, make_issue, f"{label} is missing: it must occur at least {times(least)}.")
        )


def times(count: int) -> str:
    """Say how often."""
    return "once" if count == 1 else f"{count} times"


def repeated(slot: PropertySlot, item: Checker, whole: WholeCheck | None = None) -> PropertyCheck:
    """Make the check of a property from that of its items; `whole` looks at all of them together."""
    return _array(slot, item, whole) if slot.views[0].element.is_array else _single(slot, item, whole)


def _single(slot: PropertySlot, item: Checker, whole: WholeCheck | None) -> PropertyCheck:
    step, key = slot.name.step, slot.name.key
    array = slot.rule("array", slot.views[0])

    def one(value: Any, _: dict[str, Any], scope: Scope) -> Drafts | None:
        bad = item.check(value, scope)
        if not bad:
            return None
        if type(value) is list:
            bad = array(f"An array found where {key} is a single value.")
        return below(bad, step)

    def one_and_whole(value: Any, owner: dict[str, Any], scope: Scope) -> Drafts | None:
        bad = one(value, owner, scope)
        more = whole([value], scope) if whole is not None and type(value) is not list else None
        return (bad or []) + more if more else bad

    return one if whole is None else one_and_whole


def _array(slot: PropertySlot, item: Checker, whole: WholeCheck | None) -> PropertyCheck:
    step, key = slot.name.step, slot.name.key
    array = slot.rule("array", slot.views[0])
    bounds = Cardinality(slot)
    least, most = bounds.least, bounds.most

    def many(value: Any, _: dict[str, Any], scope: Scope) -> Drafts | None:
        if type(value) is not list:
            return below(array(f"{shown(value)} found where {key} is an array."), step)
        found: Drafts | None = None
        index = 0
        for each in value:  # counted by hand: most arrays have one item, and this runs for all of them
            bad = item.check(each, scope)
            if bad:
                bad = below(bad, f"{step}[{index}]")
                found = bad if found is None else found + bad
            index += 1
        if not least <= index <= most:
            found = (found or []) + (bounds.judge(index) or [])
        if whole is not None:
            bad = whole(value, scope)
            if bad:
                found = (found or []) + bad
        return found

    return many


class Cardinality:
    """How often an element of an array may occur."""

    def __init__(self, slot: PropertySlot) -> None:
        low, high = lowest(slot.views), tightest(slot.views)
        self._key = slot.name.key
        self._step = slot.name.step
        self._min = low.element.min
        self._max = sys.maxsize if high.element.max is None else high.element.max
        self.least, self.most = max(self._min, 1), self._max
        """Nothing is wrong with a count between these."""
        self._few = slot.rule("min", low, detail=self._min, code="required") if self._min > 1 else None
        self._many = slot.rule("max", high, detail=high.element.max) if high.element.max else None
        self._empty = slot.rule("shape", slot.views[0])

    def judge(self, count: int) -> Drafts | None:
        """Judge how many there are."""
        if not count:
            return below(self._empty("An empty array found; what has no values is left out."), self._step)
        if self._many is not None and count > self._max:
            message = f"{self._key} occurs {times(count)}, but may occur at most {times(self._max)}."
            return below(self._many(message), self._step)
        if self._few is not None and count < self._min:
            message = f"{self._key} occurs {times(count)}, but must occur at least {times(self._min)}."
            return below(self._few(message), self._step)
        return None
