"""Makes an object keep the shapes of its invariants, by leaving parts out or putting parts in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from vbpr_conformance.generate.drawn_choices import Choices
from vbpr_conformance.generate.members import Member, Object
from vbpr_conformance.generate.shapes import AT_LEAST_ONE, EXACTLY_ONE, ExistenceRule, Term

Check = Callable[[Object, Choices], None]


class Side:
    """One side of a shape, bound to the members of an object."""

    def __init__(self, terms: tuple[Term, ...], members: Mapping[str, Member], slices: Mapping[str, str]) -> None:
        self.terms = terms
        self.members = [members[term.path[0]] for term in terms if len(term.path) == 1 and term.path[0] in members]
        self.ids = {member.id for member in self.members}
        for term in terms:
            if term.url and term.url in slices:
                self.ids.add(slices[term.url])
            if len(term.path) > 1 and term.path[0] in members:
                self.ids.add(f"{members[term.path[0]].id}.{'.'.join(term.path[1:])}")
        self._keys = [
            (members[term.path[0]].keys if term.path[0] in members else (term.path[0],), term.path[1:])
            for term in terms
            if term.path
        ]
        self._urls = [term.url for term in terms if term.url]

    def present(self, target: Object) -> bool:
        """Whether any of its terms is there."""
        for keys, rest in self._keys:
            for key in keys:
                if key in target and (not rest or _holds(target[key], rest)):
                    return True
        return any(each.get("url") in self._urls for each in target.get("extension", ())) if self._urls else False

    def removable(self) -> bool:
        """Whether it can be left out without breaking a cardinality."""
        return all(len(term.path) < 2 for term in self.terms) and all(member.min == 0 for member in self.members)

    def forced(self, b: Choices) -> bool:
        """Whether the caller asked for it."""
        return bool(b.forced) and not self.ids.isdisjoint(b.forced)

    def drop(self, target: Object) -> None:
        """Leave it out."""
        for member in self.members:
            member.drop(target)
        if self._urls and "extension" in target:
            kept = [each for each in target["extension"] if each.get("url") not in self._urls]
            target["extension"] = kept
            if not kept:
                del target["extension"]

    def add(self, target: Object, b: Choices) -> None:
        """Put one of its terms in."""
        b.pick(self.members).into(target, b)


def _holds(value: Any, rest: tuple[str, ...]) -> bool:
    for step in rest:
        items = value if isinstance(value, list) else [value]
        found = [each[step] for each in items if isinstance(each, dict) and step in each]
        if not found:
            return False
        value = [part for each in found for part in (each if isinstance(each, list) else [each])]
    return True


def check(shape: ExistenceRule, members: Mapping[str, Member], slices: Mapping[str, str]) -> Check:
    """Compile a shape for an object with these members; `slices` gives the ids of its extension slices by URL."""
    sides = [Side(terms, members, slices) for terms in shape.sides]
    if shape.kind == EXACTLY_ONE:
        return _exactly_one(*sides)
    if shape.kind == AT_LEAST_ONE:
        return _at_least_one(sides)
    return _only_with(*sides)


def _exactly_one(left: Side, right: Side) -> Check:
    def run(target: Object, b: Choices) -> None:
        has_left, has_right = left.present(target), right.present(target)
        if has_left != has_right:
            return
        if has_left:
            _loser(left, right, b).drop(target)
            return
        able = [side for side in (left, right) if side.members]
        wanted = [side for side in able if side.forced(b)] or able
        if wanted:
            b.pick(wanted).add(target, b)

    return run


def _loser(left: Side, right: Side, b: Choices) -> Side:
    """Which of two sides has to go: never one that must stay, nor the one that was asked for alone."""
    if not left.removable() or not right.removable():
        return left if left.removable() else right
    if left.forced(b) != right.forced(b):
        return right if left.forced(b) else left
    b.turns += 1
    if left.forced(b):
        return left if b.turns % 2 else right
    return left if b.rnd() < 0.5 else right


def _at_least_one(sides: list[Side]) -> Check:
    able = [side for side in sides if side.members]

    def run(target: Object, b: Choices) -> None:
        if able and not any(side.present(target) for side in sides):
            b.pick(able).add(target, b)

    return run


def _only_with(dependent: Side, needed: Side) -> Check:
    def run(target: Object, b: Choices) -> None:
        if dependent.present(target) and not needed.present(target):
            if needed.members:
                needed.add(target, b)
            elif dependent.removable():
                dependent.drop(target)

    return run
