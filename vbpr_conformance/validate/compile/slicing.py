"""Slicing: which slice an item is in, and what follows (https://hl7.org/fhir/R4/profiling.html#slicing)."""

from __future__ import annotations

from typing import Any

from vbpr_conformance.validate.compile.discriminators import Classifier, classifier
from vbpr_conformance.validate.compile.element_node import Checked, Checker, ElementNode
from vbpr_conformance.validate.compile.object_properties import (
    ObjectProperties,
    PropertySlot,
    RequiredProperty,
    WholeCheck,
    times,
)
from vbpr_conformance.validate.element_ref import ElementRef, ElementRefs
from vbpr_conformance.validate.issue import Drafts, below
from vbpr_conformance.validate.judge.scope import Scope


def items(slot: PropertySlot) -> tuple[Checker, WholeCheck | None]:
    """Give what checks an item and what checks all of them; without slices, items are just checked."""
    kids, label = slot.node.kids, slot.name.label
    sliced = tuple(view for view in slot.views if view.element.slices)
    if not sliced:
        plain = slot.node_of()
        kids.append((label, plain))
        return plain, None
    groups = [SliceGroup(slot, view, slot.properties) for view in sliced]
    nodes: dict[ElementRefs, ElementNode] = {}

    def node_of(slices: ElementRefs) -> ElementNode:
        found = nodes.get(slices)
        if found is None:
            found = nodes[slices] = slot.node_of(*slices)
        return found

    for group in groups:
        for each in group.slices:
            kids.append((f"{label}:{each.element.slice_name}", node_of((each,))))
    kids.append((label, node_of(())))

    def item(value: Any, scope: Scope) -> Drafts | None:
        slices: ElementRefs = ()
        for group in groups:
            slices += group.slices_of(value, scope)
        return node_of(slices).check(value, scope)

    def whole(values: list[Any], scope: Scope) -> Drafts | None:
        found: Drafts = []
        for group in groups:
            found += group.judge(values, scope)
        return found or None

    return Checked(item), whole


class SliceGroup:
    """The slices of one element in one profile, and the slices of these."""

    def __init__(self, slot: PropertySlot, view: ElementRef, properties: ObjectProperties | None) -> None:
        self._name = slot.name
        slicing = view.element.slicing
        self.slices = slot.known.slices(view)
        self._classify: Classifier = classifier(slot.known, slot.type, self.slices, slicing)
        self._inner = {each: SliceGroup(slot, each, None) for each in self.slices if each.element.slices}
        bounds = [SliceBounds(slot, each, properties) for each in self.slices]
        self._bounded = [(index, each) for index, each in enumerate(bounds) if each.matter]
        self._most: dict[int | None, float] = {index: each.most for index, each in self._bounded}
        self._fewest = min(self._most.values(), default=0)
        self._required = [(index, each.least) for index, each in self._bounded if each.least]
        self._rules = slicing.rules if slicing else "open"
        self._ordered = bool(slicing and slicing.ordered)
        self._plain = self._rules == "open" and not self._ordered and not self._inner
        told_by = slicing.discriminators if slicing else ()
        self.by_url = not self._inner and all(
            each.type in {"value", "pattern"} and each.path == "url" for each in told_by
        )
        """Whether nothing but the url decides about the slice of an item."""
        self._array = view.element.is_array
        if self._rules != "open" or self._ordered:
            self._misplaced = slot.rule("slice", view, detail=self._rules)

    @property
    def matters(self) -> bool:
        """Whether there is anything to say of all items together."""
        return bool(self._bounded or self._inner or self._rules != "open" or self._ordered)

    def slices_of(self, value: Any, scope: Scope) -> ElementRefs:
        """The slices that an item is in: one of these, and one within it."""
        index = self._classify(value, scope)
        if index is None:
            return ()
        found = self.slices[index]
        inner = self._inner.get(found)
        return (found, *inner.slices_of(value, scope)) if inner is not None else (found,)

    def judge(self, values: list[Any], scope: Scope) -> Drafts:
        """Judge all items together: how many are in each slice, and whether they may stand where they stand."""
        found: Drafts = []
        classify = self._classify
        kinds = [classify(value, scope) for value in values]
        if not self._within_bounds(kinds):
            for index, bounds in self._bounded:
                count = kinds.count(index)
                if not bounds.least <= count <= bounds.most:
                    found += bounds.judge(count)
        if self._plain:
            return found
        if self._rules != "open" or self._ordered:
            found += self._places(kinds)
        for each, inner in self._inner.items():
            index = self.slices.index(each)
            found += inner.judge([value for value, kind in zip(values, kinds, strict=True) if kind == index], scope)
        return found

    def _within_bounds(self, kinds: list[int | None]) -> bool:
        """Whether no slice has too few or too many items; only those are counted that may have."""
        if len(kinds) > self._fewest:
            for index in set(kinds):
                if kinds.count(index) > self._most.get(index, len(kinds)):
                    return False
        return all(kinds.count(index) >= least for index, least in self._required)

    def _places(self, kinds: list[int | None]) -> Drafts:
        found: Drafts = []
        latest = -1
        rest = False
        for position, kind in enumerate(kinds):
            step = f"{self._name.step}[{position}]" if self._array else self._name.step
            if kind is None:
                rest = True
                if self._rules == "closed":
                    found += below(self._misplaced("An item in no slice found, but the slicing is closed."), step)
                continue
            if rest and self._rules == "openAtEnd":
                message = "An item of a slice found after items in no slice, which may stand only at the end."
                found += below(self._misplaced(message), step)
            if self._ordered and kind < latest:
                before = self.slices[latest].element.slice_name
                message = f"An item of slice {self.slices[kind].element.slice_name} found after one of slice {before}."
                found += below(self._misplaced(message), step)
            latest = max(latest, kind)
        return found


class SliceBounds:
    """How many items a slice may have."""

    def __init__(self, slot: PropertySlot, view: ElementRef, properties: ObjectProperties | None) -> None:
        element, node = view.element, slot.node
        self._step = slot.name.step
        self._said = f"{slot.name.key}:{element.slice_name}"
        self.least = element.min
        self.most = float("inf") if element.max is None else element.max
        self.matter = element.min > 0 or element.max is not None
        step = f"{slot.name.label}:{element.slice_name}"
        self._few = node.issue_maker("min", view, severity="error", code="required")
        self._many = node.issue_maker("max", view, severity="error", code="structure")
        if element.min:
            node.rule("min", view, detail=element.min, code="required", step=step)
        if element.max is not None:
            node.rule("max", view, detail=element.max, step=step)
        if element.min and properties is not None:
            message = f"{self._said} is missing: it must occur at least {times(element.min)}."
            properties.needs.append(RequiredProperty((slot.name.key,), self._few, message))

    def judge(self, count: int) -> Drafts:
        """Say what is wrong with so many."""
        if count < self.least:
            return self._few(f"{self._said} is missing: it must occur at least {times(self.least)}, found {count}.")
        message = f"{self._said} occurs {times(count)}, but may occur at most {times(int(self.most))}."
        return below(self._many(message), self._step)
