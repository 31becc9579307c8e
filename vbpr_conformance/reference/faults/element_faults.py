"""Faults of single elements: what a guide's requirements name is not kept, one fault for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import Element, Profile
from vbpr_conformance.reference.behaviour import Resource
from vbpr_conformance.reference.faults.fault import Fault, at

_Keep = Callable[[Any], bool]
_Step = tuple[Callable[[str], bool], _Keep]
"""Which members of an object a step of an element's id names, and which of their items it leaves alone."""


def faults(edition: Edition) -> Iterator[Fault]:
    """Yield the faults: in resources that claim the profile, the element is gone after a write."""
    for requirement in edition.requirements:
        about = requirement.about
        if requirement.actor == "server" and "element" in about and not requirement.not_tested:
            words = f"after a write, {about['element']} of {about['profile']} is gone"
            profile = edition.profile(about["profile"])
            yield Fault(
                f"{requirement.id.lower()}-lost", about, words, at(incoming=_without(about["element"], profile))
            )


def _without(element_id: str, profile: Profile) -> Callable[[Resource], Resource]:
    steps = list(_steps(element_id, profile))

    def incoming(resource: Resource) -> Resource:
        claimed = {each.partition("|")[0] for each in resource.get("meta", {}).get("profile", ())}
        return _less(resource, steps) or {} if profile.url in claimed else resource

    return incoming


def _steps(element_id: str, profile: Profile) -> Iterator[_Step]:
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


def _less(value: Any, steps: Sequence[_Step]) -> Any:
    """Give a value without what the steps lead to, None where nothing else is in it."""
    if not isinstance(value, dict):
        return value
    (names, keep), *rest = steps
    found = {key: _left(each, keep, rest) if names(key) else each for key, each in value.items()}
    return {key: each for key, each in found.items() if each is not None} or None


def _left(value: Any, keep: _Keep, rest: Sequence[_Step]) -> Any:
    if isinstance(value, list):
        items = [each if keep(each) else _less(each, rest) if rest else None for each in value]
        return [each for each in items if each is not None] or None
    if keep(value):
        return value
    return _less(value, rest) if rest else None
