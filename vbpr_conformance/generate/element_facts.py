"""What an element of a profile asks of the values made for it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

from vbpr_conformance.generate.drawn_choices import Choices
from vbpr_conformance.generate.members import Member, Refine
from vbpr_conformance.ig.model import Element, Profile

BACKBONE = frozenset({"BackboneElement", "Element"})


def bounded(make: Callable[[Choices], Any], element: Element) -> Callable[[Choices], Any]:
    """Keep a primitive within the length and the bounds that its element states."""
    length, low, high = element.max_length, element.min_value, element.max_value
    if length is not None:
        return lambda b: str(make(b))[:length].strip() or "S"
    if isinstance(low, int) or isinstance(high, int):
        return lambda b: min(
            max(make(b), low if low is not None else -(2**31)), high if high is not None else 2**31 - 1
        )
    return make


def begun(make: Callable[[Choices], Any]) -> Refine:
    """A maker that leaves what is there as it is."""
    return lambda b, given: make(b) if given is None else given


def constant(value: Any) -> Refine:
    """A maker of one value."""
    if isinstance(value, (dict, list)):
        return lambda _b, _given: copy.deepcopy(value)
    return lambda _b, _given: value


def patterned(make: Refine, pattern: Any) -> Refine:
    """A maker whose values hold a pattern."""
    return lambda b, given: merged(make(b, given), pattern)


def merged(value: Any, pattern: Any) -> Any:
    """Lay a pattern over a value: what the pattern says wins, what it leaves open stays."""
    if isinstance(pattern, dict):
        value = value if isinstance(value, dict) else {}
        rest = {key: part for key, part in value.items() if key not in pattern and not key.startswith("display")}
        return rest | {key: merged(value.get(key), part) for key, part in pattern.items()}
    if isinstance(pattern, list):
        return [merged(None, part) for part in pattern]
    return pattern


def usable(side: Sequence[Any], names: dict[str, Member], urls: dict[str, str]) -> bool:
    """Whether any term of a side of a shape is about these members or extensions."""
    return any((term.path and term.path[0] in names) or term.url in urls for term in side)


def is_domain_resource(profile: Profile) -> bool:
    """Whether resources of the profile can be contained in others."""
    return "contained" in profile.root.by_name


def is_backbone(element: Element) -> bool:
    """Whether the element holds parts that are defined where it stands."""
    return bool(element.types) and element.types[0].code in BACKBONE


def likely(child: Element, depth: int, code: str, *, has_slices: bool) -> float:
    """How likely an optional element is there: what the profile marks or unfolds more than what it leaves alone."""
    if child.name == "extension":
        return 1.0 if has_slices else 0.01
    if child.name == "id":
        return 0.6 if child.must_support else 0.06 if depth else 0.5
    if child.must_support:
        return 0.7
    if code == "Extension":
        return 1.0
    if child.name in ("text", "meta", "language") and depth == 0:
        return 0.1
    return 0.35 if is_backbone(child) else 0.2


def differs(child: Element, base: Element | None) -> bool:
    """Whether a profile says more of an element than its type does."""
    if base is None:
        return True
    if child.slices or child.children or child.fixed is not None or child.pattern is not None:
        return True
    return (child.min, child.max, child.binding, child.types) != (base.min, base.max, base.binding, base.types)


def leaves_room(child: Element) -> bool:
    """Whether items outside of the slices are allowed, and can be told apart from those inside."""
    if child.slicing is None or child.name == "extension":
        return child.slicing is None or child.slicing.rules == "open"
    readable = all(each.type != "type" or each.path in ("$this", "resolve()") for each in child.slicing.discriminators)
    return child.slicing.rules == "open" and readable


def wants_version(element: Element) -> bool:
    """Whether a constraint asks for a canonical with a version."""
    return any("'|'" in each.expression for each in element.constraints)


def wants_days(element: Element) -> bool:
    """Whether a constraint asks for more than that a period ends after it starts."""
    return any(
        "start" in each.expression and "end" in each.expression for each in element.constraints if each.key != "per-1"
    )


def falls_into(child: Element) -> Callable[[Any], bool] | None:
    """Tell whether an item belongs to one of the element's slices, by their fixed values and patterns."""
    if child.slicing is None or child.is_choice:
        return None
    tests = [belongs(each, child) for each in child.slices]
    return lambda item: any(test(item) for test in tests)


def belongs(piece: Element, child: Element) -> Callable[[Any], bool]:
    """Tell whether an item is in a slice: by the URL of its extension, by fixed values, or by what it refers to."""
    if child.name == "extension" and piece.types[0].profiles:
        url = piece.types[0].profiles[0].partition("|")[0]
        return lambda item: bool(item.get("url") == url)
    wanted = []
    for discriminator in child.slicing.discriminators if child.slicing else ():
        spec = piece if discriminator.path == "$this" else piece.by_name.get(discriminator.path)
        value = (spec.fixed if spec.fixed is not None else spec.pattern) if spec is not None else None
        if value is not None:
            wanted.append((discriminator.path, value))
    if wanted:
        return lambda item: all(matches(item if path == "$this" else item.get(path), value) for path, value in wanted)
    return lambda _item: False


def matches(value: Any, pattern: Any) -> bool:
    """Whether a value holds a pattern."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(matches(value.get(key), part) for key, part in pattern.items())
    if isinstance(pattern, list):
        return isinstance(value, list) and all(any(matches(each, part) for each in value) for part in pattern)
    return bool(value == pattern)
