"""The parts of an object under construction: one member for each element below it.

A `Member` puts its values into a JSON object; what the values are comes from makers that the plan compiled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from vbpr_conformance.generate.drawn_choices import Choices

Object = dict[str, Any]
Refine = Callable[[Choices, Any], Any]
"""Makes a value; given one, makes the profile hold for that one instead."""


class Holder(Protocol):
    """What is known of an object: its members, and the checks that keep them in agreement."""

    members: tuple[Member, ...]
    checks: tuple[Callable[[Object, Choices], None], ...]


class Value(NamedTuple):
    """How a value is made, and what an object has below it."""

    make: Refine
    holder: Holder | None = None


_MANY = 0.012
"""How often a repeating element of the top level has dozens of items."""


@dataclass(slots=True, eq=False)
class Option:
    """One way to fill an element: its JSON name, its type, and how a value is made."""

    key: str
    type: str
    make: Refine
    holder: Holder | None = None
    weight: float = 1.0


@dataclass(slots=True, eq=False)
class SlicePart:
    """One slice of a repeating element."""

    id: str
    min: int
    max: int | None
    likely: float
    make: Refine
    holder: Holder | None
    matches: Callable[[Any], bool]

    def wanted(self, b: Choices) -> bool:
        """Whether it shall be there this time."""
        if self.min > 0:
            return True
        if b.excluded and self.id in b.excluded:
            return False
        return b.rnd() < self.likely * b.density or (bool(b.forced) and self.id in b.forced)


@dataclass(slots=True, eq=False)
class Member:
    """One element of an object: how often it is there, how many items it has, and what they are."""

    id: str
    name: str
    min: int
    max: int | None
    array: bool
    likely: float
    options: tuple[Option, ...]
    slices: tuple[SlicePart, ...] = ()
    others: bool = True
    wide: int = 1
    """How far it repeats: 0 hardly, 1 some, 2 up to dozens."""
    is_own: Callable[[Any], bool] | None = None
    """Whether an item falls into one of the slices, so that others do not get there by accident."""
    keys: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.keys = tuple(option.key for option in self.options)

    def wanted(self, b: Choices) -> bool:
        """Whether it shall be there this time."""
        if self.min > 0:
            return True
        if b.excluded and self.id in b.excluded:
            return False
        return b.rnd() < self.likely * b.density or (bool(b.forced) and self.id in b.forced)

    def present(self, target: Object) -> bool:
        """Whether the object has it."""
        return any(key in target for key in self.keys)

    def drop(self, target: Object) -> None:
        """Take it out of the object."""
        for key in self.keys:
            target.pop(key, None)
            target.pop("_" + key, None)

    def into(self, target: Object, b: Choices) -> None:
        """Put it into the object, or make the profile hold for what is already there."""
        option = self._option(target, b)
        if not self.array:
            target[option.key] = option.make(b, target.get(option.key))
            return
        items = [*target.get(option.key, ())]
        items = self._sliced(option, items, b) if self.slices else self._plain(option, items, b)
        if items:
            target[option.key] = items

    def _option(self, target: Object, b: Choices) -> Option:
        options = self.options
        if len(options) == 1:
            return options[0]
        for option in options:
            if option.key in target:
                return option
        kind = b.forced.get(self.id) if b.forced else None
        if kind is not None:
            return next(option for option in options if option.type == kind)
        if b.density == 0:  # the simplest payload has the types that the profile names, not any of fifty
            heaviest = max(option.weight for option in options)
            options = tuple(option for option in options if option.weight == heaviest)
        roll = b.rnd() * sum(option.weight for option in options)
        for option in options:
            roll -= option.weight
            if roll < 0:
                return option
        return options[-1]

    def _plain(self, option: Option, items: list[Any], b: Choices) -> list[Any]:
        made = [option.make(b, item) for item in items[: self.max]]
        missing = (max(self.min, 1) if made else self.count(b)) - len(made)
        return [*made, *(option.make(b, None) for _ in range(missing))]

    def count(self, b: Choices) -> int:
        """How many items: one to three as a rule, now and then dozens, always within the bounds."""
        low = max(self.min, 1)
        if b.density == 0 or self.max == 1:
            return low
        roll = b.rnd()
        if b.density > 1:
            number = 2 if self.wide else 1
        elif self.wide >= 2:
            number = b.between(15, 50) if roll < _MANY else 1 + int(roll * 6)
        else:
            number = 1 if roll < 0.6 else 2 if roll < 0.92 else 3
        return max(low, number if self.max is None else min(number, self.max))

    @property
    def is_extension(self) -> bool:
        """Whether this is the list of extensions, which is there only when one of them is wanted."""
        return self.name == "extension"

    def _wants_other(self, made: list[Any], b: Choices) -> bool:
        """Whether an item outside of the slices is added: rarely, or when the profile asks for more than these."""
        if len(made) < self.min:
            return True
        return b.rnd() < (0.03 if made or self.is_extension else 0.5) * b.density and b.density <= 1

    def _sliced(self, option: Option, items: list[Any], b: Choices) -> list[Any]:
        made: list[Any] = list(items)
        for part in self.slices:
            if part.wanted(b):
                made += [part.make(b, None) for _ in range(_times(part, b))]
        if self.others and self._wants_other(made, b):
            extra = option.make(b, None)
            if self.is_own is None or not self.is_own(extra):
                made.append(extra)
        if not made and (self.min or not self.is_extension):
            able = [part for part in self.slices if part.id not in b.excluded]
            made = [b.pick(able).make(b, None)] if able else []
        return made[: self.max]


def _times(part: SlicePart, b: Choices) -> int:
    low = max(part.min, 1)
    if part.max == low or b.density == 0:
        return low
    roll = b.rnd()
    number = 1 if roll < 0.7 else 2 if roll < 0.92 else 3
    return max(low, number if part.max is None else min(number, part.max))
