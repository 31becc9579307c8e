"""Paths by which a caller names elements: `status`, `group.measureScore`, `subject.extension:slice.valueReference`.

A path is an element id with or without the resource type in front, also into extensions that the profile names; a
choice may be named by its JSON name (`valueMoney`), which asks for that type; `[n]` picks one item of a list.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vbpr_conformance.errors import UsageError
from vbpr_conformance.generate.members import Member, Option, SlicePart
from vbpr_conformance.generate.payload_planner import NEVER, planner
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import Profile

_WHOLE = frozenset({"BackboneElement", "Element", "Extension"})
"""Types whose members say all: what is not among them cannot be."""
_STEP = re.compile(r"^(?P<name>[A-Za-z0-9]+(?:\[x\])?)(?::(?P<slice>[^\[\]]+))?(?:\[(?P<index>\d+)\])?$")


@dataclass(frozen=True, slots=True)
class PathStep:
    """One resolved step: the JSON key, whether a list is there, and which of its items are meant."""

    key: str | None
    array: bool
    part: SlicePart | None = None
    index: int | None = None
    id: str | None = None
    type: str | None = None
    """The type that a choice is asked to have."""
    member: Member | None = None
    owner: str = ""
    """The data type that the element is defined in, where the profile says nothing of it."""


@dataclass(frozen=True, slots=True)
class Path:
    """A path resolved against a profile."""

    text: str
    steps: tuple[PathStep, ...]

    def forced(self) -> dict[str, str | None]:
        """The ids of the elements that must be there for the path to lead anywhere, with the types asked for."""
        found: dict[str, str | None] = {}
        for step in self.steps:
            if step.id is not None:
                found[step.id] = step.type
            if step.part is not None:
                found[step.part.id] = None
        return found

    def last(self) -> str:
        """The id of the element it leads to."""
        step = self.steps[-1]
        return (step.part.id if step.part is not None else step.id) or self.text


def resolve(text: str, profile: Profile, edition: Edition, *, lenient: bool = False) -> Path:
    """Resolve a path against a profile; a name that the profile does not have is a usage error.

    A `lenient` path may lead to what the profile forbids but its type has.
    """
    words = text.split(".")
    if words[0] == profile.type:
        words = words[1:]
    if not words:
        raise UsageError(f"{text!r} names the whole resource, not an element of it.")
    place = _PathPosition(planner(edition).resource(profile).members, profile.type, root=True)
    steps = []
    for word in words:
        found = _STEP.match(word)
        if found is None:
            raise UsageError(f"{text!r} is no path: {word!r} is not of the form name, name:slice or name[n].")
        step, place = _step(place, found, edition, "" if lenient else f"{profile.id} cannot have {text}")
        steps.append(step)
    return Path(text, tuple(steps))


@dataclass(frozen=True, slots=True)
class _PathPosition:
    """Where a path has come to: the members of what is there, and its type."""

    members: Sequence[Member]
    type: str
    root: bool = False


def _step(place: _PathPosition, found: re.Match[str], edition: Edition, trouble: str) -> tuple[PathStep, _PathPosition]:
    name, piece = found["name"], found["slice"]
    index = int(found["index"]) if found["index"] else None
    member, option = _find(place.members, name)
    if member is None:
        if trouble and (place.type in _WHOLE or (place.root and name not in NEVER)):
            known = ", ".join(each.name for each in place.members)
            raise UsageError(f"{trouble}: there is no {name} here (known: {known}).")
        return _plain(place, name, index, edition, trouble)
    if piece is not None and member.name.endswith("[x]"):
        option = next((each for each in member.options if each.key == piece), option)
        piece = None
    asked = option.type if option is not None and len(member.options) > 1 else None
    if piece is None:
        below = option or (member.options[0] if len(member.options) == 1 else None)
        step = PathStep(
            option.key if option else None, member.array, index=index, id=member.id, type=asked, member=member
        )
        return step, _PathPosition(below.holder.members if below and below.holder else (), below.type if below else "")
    part = next((each for each in member.slices if each.id.endswith(f":{piece}")), None)
    if part is None:
        known = ", ".join(each.id.rpartition(":")[2] for each in member.slices) or "none"
        raise UsageError(f"{trouble}: {name} has no slice {piece} (it has {known}).")
    kind = member.options[0].type if member.options else ""
    return PathStep(name, array=True, part=part, index=index, id=member.id, member=member), _PathPosition(
        part.holder.members if part.holder else (), kind
    )


def _plain(
    place: _PathPosition, name: str, index: int | None, edition: Edition, trouble: str
) -> tuple[PathStep, _PathPosition]:
    """A step into an element of which only the definition of its type says anything."""
    kind = edition.find_profile(place.type) if place.type else None
    for child in kind.root.children if kind is not None else ():
        for ref in child.types if child.is_choice else child.types[:1]:
            key = child.name.replace("[x]", ref.code[0].upper() + ref.code[1:])
            if name in (key, child.name) and child.max != 0:
                return PathStep(key, child.is_array, index=index, owner=place.type), _PathPosition((), ref.code)
    known = ", ".join(each.name for each in kind.root.children) if kind is not None else "nothing"
    raise UsageError(f"{trouble}: there is no {name} here (known: {known}).")


def _find(members: Sequence[Member], name: str) -> tuple[Member | None, Option | None]:
    for member in members:
        for option in member.options:
            if option.key == name:
                return member, option
        if member.name in (name, f"{name}[x]"):
            return member, None
    return None, None


def has(target: Any, path: Path) -> bool:
    """Whether what the path leads to is there."""
    return _has(target, path.steps)


def _has(target: Any, steps: Sequence[PathStep]) -> bool:
    if not steps:
        return True
    step, rest = steps[0], steps[1:]
    keys = [step.key] if step.key else [each for each in target if is_choice_key(each, step)]
    for key in keys:
        for name in (key, f"_{key}") if not rest else (key,):
            items = target.get(name, ())
            for each in items if isinstance(items, (list, tuple)) else [items]:
                if (step.part is None or step.part.matches(each)) and _has(each, rest):
                    return True
    return False


def put(target: dict[str, Any], path: Path, value: Any, *, existing: bool = False) -> None:
    """Set what the path leads to, in every item of a list on the way; None takes it out.

    A value may be a function that gives one for each place. With `existing`, only what is there is changed.
    """
    _put(target, path.steps, value, existing=existing)


def _put(target: dict[str, Any], steps: Sequence[PathStep], value: Any, *, existing: bool) -> None:
    step, rest = steps[0], steps[1:]
    key = step.key or next((each for each in target if is_choice_key(each, step)), None)
    if key is None:
        return
    if not rest:
        if not existing or key in target:
            _leaf(target, key, step, value() if callable(value) else value)
        return
    if key not in target:
        if value is None or existing:
            return
        target[key] = [{}] if step.array else {}
    items = target[key] if isinstance(target[key], list) else [target[key]]
    chosen = [each for each in items if step.part is None or step.part.matches(each)]
    for each in chosen if step.index is None else chosen[step.index : step.index + 1]:
        _put(each, rest, value, existing=existing)
    if value is None:
        _tidy(target, key)


def _tidy(target: dict[str, Any], key: str) -> None:
    """Take out what a removal below has left empty."""
    if isinstance(target[key], list):
        target[key] = [each for each in target[key] if each not in ({}, [])]
    if not target[key]:
        del target[key]


def is_choice_key(key: str, step: PathStep) -> bool:
    """Whether a JSON key is one of the names of a choice that a step left open."""
    name = (step.id or "").rpartition(".")[2]
    return name.endswith("[x]") and key.startswith(name[:-3]) and key != name[:-3]


def _leaf(target: dict[str, Any], key: str, step: PathStep, value: Any) -> None:
    given = [] if value is None else value if isinstance(value, list) else [value]
    if step.part is not None or (step.index is not None and isinstance(target.get(key), list)):
        given = _replaced(list(target.get(key, ())), step, given)
    elif not step.array and value is not None:
        target.pop("_" + key, None)
        target[key] = value
        return
    target.pop("_" + key, None)
    if given:
        target[key] = given
    else:
        target.pop(key, None)


def _replaced(items: list[Any], step: PathStep, given: list[Any]) -> list[Any]:
    """The items of a list with those of a slice, or the one at an index, replaced."""
    chosen = [number for number, each in enumerate(items) if step.part is None or step.part.matches(each)]
    if step.index is not None:
        chosen = chosen[step.index : step.index + 1]
    place = chosen[0] if chosen else len(items)
    rest = [each for number, each in enumerate(items) if number not in chosen]
    return [*rest[:place], *given, *rest[place:]]
