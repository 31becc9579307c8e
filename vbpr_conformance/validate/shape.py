"""What is gathered about an object's properties while its check is made, and how often each may occur."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from vbpr_conformance.validate.issue import Findings, below, shown
from vbpr_conformance.validate.node import Checker, Node, PropertyCheck, Tell
from vbpr_conformance.validate.place import Place
from vbpr_conformance.validate.scope import Scope
from vbpr_conformance.validate.views import View, Views

if TYPE_CHECKING:
    from vbpr_conformance.validate.compiler import Compiler

WholeCheck = Callable[[list[Any], Scope], Findings | None]
"""Looks at all items of a property together; the paths of what it finds start at the object."""


class Name(NamedTuple):
    """The names of a property: in JSON (`valueString`), in element ids (`value[x]`), in FHIRPath (`value`)."""

    key: str
    label: str
    step: str

    @classmethod
    def plain(cls, name: str) -> Name:
        """The names of an element that is no choice of types."""
        return cls(name, name, f".{name}")

    @classmethod
    def choice(cls, label: str, type_name: str) -> Name:
        """The names of a choice of types where it is of this type."""
        stem = label.removesuffix("[x]")
        return cls(stem + type_name[0].upper() + type_name[1:], label, f".{stem}")


class Need(NamedTuple):
    """Something that must be there: one of the names, the first the usual one; else the rule tells the message."""

    names: tuple[str, ...]
    tell: Tell
    message: str


@dataclass
class Shape:
    """The checks of an object's properties by their names in JSON, and what must be there.

    Types have many more properties than payloads use: unless the `whole` is wanted, each is made when first met.

    `fine` remembers, for properties whose values are judged by themselves alone, texts that were found fine before:
    payloads repeat urls, systems and codes all the time. `kinds` are the types of which, there, any value is fine.
    """

    whole: bool = False
    checks: dict[str, PropertyCheck] = field(default_factory=dict)
    needs: list[Need] = field(default_factory=list)
    fine: dict[str, set[str]] = field(default_factory=dict)
    kinds: dict[str, frozenset[type]] = field(default_factory=dict)
    makers: dict[str, Callable[[], None]] = field(default_factory=dict)

    def later(self, names: Iterable[str], make: Callable[[], None]) -> None:
        """Let the checks of these names be made when they are first asked for; with `whole`, at once."""
        if self.whole:
            make()
        else:
            self.makers.update(dict.fromkeys(names, make))

    def check_of(self, name: str) -> PropertyCheck | None:
        """Give the check of a property; None for a name that is none."""
        make = self.makers.get(name)
        if make is not None:
            self.makers = {other: each for other, each in self.makers.items() if each is not make}
            make()
        return self.checks.get(name)


@dataclass(frozen=True)
class Slot:
    """An element of a node while its property is made: what all who make a part of it need to know."""

    compiler: Compiler
    node: Node
    shape: Shape
    name: Name
    type: str
    views: Views
    place: Place

    def rule(self, kind: str, view: View, **more: Any) -> Tell:
        """State a rule of the element."""
        return self.node.rule(kind, view, step=self.name.label, **more)


def lowest(views: Views) -> View:
    """The view that asks for most."""
    return max(views, key=lambda view: view.element.min)


def tightest(views: Views) -> View:
    """The view that allows least."""
    return min(views, key=lambda view: float("inf") if view.element.max is None else view.element.max)


def forbidden(node: Node, name: Name, views: Views) -> PropertyCheck | None:
    """Give the check of an element that a profile rules out, None for one that it allows."""
    view = tightest(views)
    if view.element.max != 0:
        return None
    tell = node.rule("max", view, detail=0, step=name.label)
    message = f"{name.key} found, which may not occur here."

    def check(_: Any, __: dict[str, Any], ___: Scope) -> Findings:
        return below(tell(message), name.step)

    return check


def need(node: Node, label: str, views: Views, shape: Shape, names: tuple[str, ...]) -> None:
    """State that an element must be there by one of the names, where a view says so."""
    view = lowest(views)
    least = view.element.min
    if least:
        tell = node.rule("min", view, detail=least, code="required", step=label)
        shape.needs.append(Need(names, tell, f"{label} is missing: it must occur at least {times(least)}."))


def times(count: int) -> str:
    """Say how often."""
    return "once" if count == 1 else f"{count} times"


def repeated(slot: Slot, item: Checker, whole: WholeCheck | None = None) -> PropertyCheck:
    """Make the check of a property from that of its items; `whole` looks at all of them together."""
    return _array(slot, item, whole) if slot.views[0].element.is_array else _single(slot, item, whole)


class Single:
    """The check of a property that holds one object: its item's, and what is told of what that finds."""

    __slots__ = ("item", "told")

    def __init__(self, item: Checker, told: Callable[[Findings, Any], Findings]) -> None:
        self.item = item
        self.told = told

    def __call__(self, value: Any, _: dict[str, Any], scope: Scope) -> Findings | None:
        """Check the property."""
        bad = self.item.check(value, scope)
        return self.told(bad, value) if bad else None


def _single(slot: Slot, item: Checker, whole: WholeCheck | None) -> PropertyCheck:
    step, key = slot.name.step, slot.name.key
    array = slot.rule("array", slot.views[0])

    def told(bad: Findings, value: Any) -> Findings:
        if type(value) is list:
            bad = array(f"An array found where {key} is a single value.")
        return below(bad, step)

    one = Single(item, told)

    def one_and_whole(value: Any, owner: dict[str, Any], scope: Scope) -> Findings | None:
        if type(value) is list:
            return told([], value)
        bad = one(value, owner, scope)
        more = whole([value], scope) if whole is not None else None
        return (bad or []) + more if more else bad

    return one if whole is None else one_and_whole


def _array(slot: Slot, item: Checker, whole: WholeCheck | None) -> PropertyCheck:
    step, key = slot.name.step, slot.name.key
    array = slot.rule("array", slot.views[0])
    bounds = Bounds(slot)
    least, most = bounds.least, bounds.most

    def many(value: Any, _: dict[str, Any], scope: Scope) -> Findings | None:
        if type(value) is not list:
            return below(array(f"{shown(value)} found where {key} is an array."), step)
        found: Findings | None = None
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


class Bounds:
    """How often an element of an array may occur."""

    def __init__(self, slot: Slot) -> None:
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

    def judge(self, count: int) -> Findings | None:
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
