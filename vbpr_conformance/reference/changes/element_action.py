"""The loss of one element of a profile: what a must-support requirement names is not kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from vbpr_conformance.ig.model import Element, Profile
from vbpr_conformance.reference.behaviour import Behaviour, Change, Resource

_Keep = Callable[[Any], bool]
_PathStep = tuple[Callable[[str], bool], _Keep]
"""Which members of an object a step of an element's id names, and which of their items it leaves alone."""


def lose_element(element_id: str, profile: Profile) -> Change:
    """Lose an element on every write, in resources that claim the profile.

    Must Support of a server: https://hl7.org/fhir/R4/conformance-rules.html#mustSupport.
    """
    steps = list(_steps(element_id, profile))

    def stored(resource: Resource) -> Resource:
        claimed = {each.partition("|")[0] for each in resource.get("meta", {}).get("profile", ())}
        return _less(resource, steps) or {} if profile.url in claimed else resource

    def change(behaviour: Behaviour) -> Behaviour:
        return behaviour.also(stored=stored)

    return change


def _steps(element_id: str, profile: Profile) -> Iterator[_PathStep]:
    parts = element_id.split(".")
    for depth, part in enumerate(parts[1:], 2):
        name, _, slice_name = part.partition(":")
        element = profile.by_id.get(".".join(parts[:depth]))
        url = _url(element, profile) if name == "extension" and slice_name and element is not None else None
        yield _named(name), _other_than(url)


def _named(name: str) -> Callable[[str], bool]:
    if name.endswith("[x]"):
        return lambda key: key.removeprefix("_").startswith(name[:-3])
    return lambda key: key.removeprefix("_") == name


def _other_than(url: str | None) -> _Keep:
    return lambda item: url is not None and isinstance(item, dict) and item.get("url") != url


def _url(element: Element, profile: Profile) -> str | None:
    """The URL of an extension: fixed where its definition stands inline, else that of its type's profile."""
    inline = profile.by_id.get(f"{element.id}.url")
    if inline is not None and isinstance(inline.fixed, str):
        return inline.fixed
    return next((url.partition("|")[0] for each in element.types for url in each.profiles), None)


def _less(value: Any, steps: Sequence[_PathStep]) -> Any:
    """Give a value without what the steps lead to, None where nothing else is in it."""
    if not isinstance(value, dict):
        return value
    (names, keep), *rest = steps
    found = {key: _left(each, keep, rest) if names(key) else each for key, each in value.items()}
    return {key: each for key, each in found.items() if each is not None} or None


def _left(value: Any, keep: _Keep, rest: Sequence[_PathStep]) -> Any:
    if isinstance(value, list):
        items = [each if keep(each) else _less(each, rest) if rest else None for each in value]
        return [each for each in items if each is not None] or None
    if keep(value):
        return value
    return _less(value, rest) if rest else None
