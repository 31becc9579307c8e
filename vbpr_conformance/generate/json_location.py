"""Finds places in a payload by the path of a rule, and makes what is missing there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from vbpr_conformance.generate.compiled_profile import foreign_extension
from vbpr_conformance.generate.drawn_choices import Choices
from vbpr_conformance.generate.members import Member, Object
from vbpr_conformance.generate.paths import Path, PathStep, is_choice_key
from vbpr_conformance.generate.payload_planner import planner
from vbpr_conformance.ig.edition import Edition


@dataclass(frozen=True, slots=True)
class JsonLocation:
    """Where a value stands: the object that holds it, under which key, and which item it is of a list."""

    holder: Object
    key: str
    index: int | None = None

    @property
    def value(self) -> Any:
        """The value itself."""
        return self.holder[self.key] if self.index is None else self.holder[self.key][self.index]

    def replace(self, value: Any) -> None:
        """Put another value in its place."""
        if self.index is None:
            self.holder[self.key] = value
        else:
            self.holder[self.key][self.index] = value

    def remove(self) -> None:
        """Take the value out, and the list with its last item."""
        if self.index is None:
            del self.holder[self.key]
            self.holder.pop(f"_{self.key}", None)
            return
        del self.holder[self.key][self.index]
        if not self.holder[self.key]:
            del self.holder[self.key]


def locations(resource: Object, path: Path) -> Iterator[JsonLocation]:
    """Every value that a path leads to."""
    yield from _spots(resource, path.steps)


def holders(resource: Object, path: Path) -> Iterator[Object]:
    """Every object that holds, or could hold, what a path leads to."""
    if len(path.steps) == 1:
        yield resource
        return
    for location in _spots(resource, path.steps[:-1]):
        found = inside(location)
        if isinstance(found, dict):
            yield found


def _spots(target: Any, steps: Sequence[PathStep]) -> Iterator[JsonLocation]:
    if not isinstance(target, dict):
        return
    step, rest = steps[0], steps[1:]
    for key in [step.key] if step.key else [each for each in target if is_choice_key(each, step)]:
        if key not in target:
            continue
        found = target[key]
        places = (
            [JsonLocation(target, key, n) for n in range(len(found))]
            if isinstance(found, list)
            else [JsonLocation(target, key)]
        )
        for location in places:
            if step.part is None or step.part.matches(location.value):
                if rest:
                    yield from _spots(inside(location), rest)
                else:
                    yield location


def inside(location: JsonLocation) -> Any:
    """The object at a spot; of a primitive, the one beside it that holds its id and extensions."""
    if isinstance(location.value, dict):
        return location.value
    beside = location.holder.get(f"_{location.key}")
    return beside[location.index] if isinstance(beside, list) and location.index is not None else beside


def fill(resource: Object, path: Path, edition: Edition, b: Choices) -> None:
    """Make what a path leads to where it is missing, inside data types too."""
    _fill(resource, path.steps, edition, b)


def _fill(target: Any, steps: Sequence[PathStep], edition: Edition, b: Choices) -> None:
    if not steps or not isinstance(target, dict):
        return
    step, rest = steps[0], steps[1:]
    found = list(_spots(target, steps[:1]))
    if not found and step.part is not None:
        target[step.key or ""] = [*target.get(step.key or "", ()), step.part.make(b, None)]
        found = list(_spots(target, steps[:1]))
    elif not found:
        member = step.member or of_type(step, edition)
        if member is not None:
            _add(target, member, step, b)
            found = list(_spots(target, steps[:1]))
    for location in found:
        if rest and not isinstance(location.value, dict) and inside(location) is None:
            beside = {"extension": [foreign_extension(b)]}
            items = location.holder[location.key]
            one = (
                beside
                if location.index is None
                else [beside if n == location.index else None for n in range(len(items))]
            )
            location.holder[f"_{location.key}"] = one
        _fill(inside(location), rest, edition, b)


def of_type(step: PathStep, edition: Edition) -> Member | None:
    """What makes the element of a step that leads into a data type."""
    members = planner(edition).whole(step.owner).members if step.owner else ()
    return next((each for each in members if step.key in each.keys), None)


def _add(target: Object, member: Member, step: PathStep, b: Choices) -> None:
    option = next((each for each in member.options if each.key == step.key), None)
    if option is None:
        member.into(target, b)
        return
    value = option.make(b, None)
    target[option.key] = [value] if member.array else value


def without_ids(value: Any) -> None:
    """Take out the ids of an element and of all below it, so that a copy of it repeats none."""
    if isinstance(value, dict):
        value.pop("id", None)
        for each in value.values():
            without_ids(each)
    elif isinstance(value, list):
        for each in value:
            without_ids(each)
