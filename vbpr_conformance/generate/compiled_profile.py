"""A compiled profile, and what any element may have beside what its profile says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vbpr_conformance.generate import sample_values
from vbpr_conformance.generate.drawn_choices import Choices
from vbpr_conformance.generate.enforce import Check
from vbpr_conformance.generate.members import Member, Object, Value

_EXTRAS = 0.015
"""How often an object gets an id or foreign extension of its own, or a primitive in it an extension."""
_ID = frozenset({"id"})
_BARE = frozenset({"id", "div", "url", "reference"})
"""Primitives that stay without extensions: the first three may have none, the last is what references hang on."""
_FOREIGN = "http://example.org/fhir/StructureDefinition/synthetic"
_RARE = 0.1
"""Elements less likely than this never stand alone."""


class CompiledProfile:
    """A compiled profile: `make(choices)` gives an object; `members` its parts by JSON name."""

    __slots__ = ("banned", "checks", "extras", "fixed", "is_unfolded", "members", "own", "start")

    def __init__(self, start: Callable[[Choices], Object] | None, *, extras: bool) -> None:
        self.start = start
        self.members: tuple[Member, ...] = ()
        self.checks: tuple[Check, ...] = ()
        self.fixed: frozenset[str] = frozenset()
        self.banned: tuple[str, ...] = ()
        self.extras = extras
        self.is_unfolded = True
        """Whether it is compiled for its place in a profile, not for a data type wherever that stands."""

    def make(self, b: Choices, given: Any = None) -> Object:
        """Make an object; given one, make the profile hold for it."""
        target: Object = given if given is not None else self.start(b) if self.start else {}
        if not self.is_unfolded:
            b.risky = True
        for name in self.banned:
            target.pop(name, None)
        for member in self.members:
            if member.wanted(b):
                member.into(target, b)
        if self.members and target.keys() <= _ID:
            self._something(target, b)
        for each in self.checks:
            each(target, b)
        if self.extras and b.density == 1 and b.rnd() < _EXTRAS:
            _add_extras(target, self.fixed, b)
        return target

    def _something(self, target: Object, b: Choices) -> None:
        """Put one element in: an object may not be empty."""
        able = [member for member in self.members if member.likely > _RARE and member.id not in b.excluded]
        b.pick(able or self.members).into(target, b)

    @property
    def value(self) -> Value:
        """The plan as the value of an element."""
        return Value(self.make, self)


def _add_extras(target: Object, fixed: frozenset[str], b: Choices) -> None:
    """Add what any element may have: an id, a foreign extension, an extension on a primitive."""
    texts = [name for name, value in target.items() if isinstance(value, str)]
    names = [name for name in texts if name not in _BARE and name not in fixed]
    roll = b.rnd()
    if roll < 0.4 and names:
        name = b.pick(names)
        target[f"_{name}"] = {"extension": [foreign_extension(b)]}
    elif roll < 0.7:
        target.setdefault("id", f"e{b.next()}")
    else:
        target["extension"] = [*target.get("extension", ()), foreign_extension(b)]


def foreign_extension(b: Choices, given: Any = None) -> Object:
    """An extension that no guide defines, which every receiver has to leave as it is."""
    if given is not None:
        return dict(given)
    roll = b.rnd()
    made: Object = {"url": f"{_FOREIGN}-{int(b.rnd() * 9)}"}
    if roll < 0.5:
        return made | {"valueString": sample_values.text(b)}
    if roll < 0.8:
        return made | {"valueDecimal": sample_values.decimal(b)}
    return made | {
        "extension": [
            {"url": "part", "valueBoolean": True},
            {"url": "day", "valueDate": sample_values.day(b)},
        ]
    }
