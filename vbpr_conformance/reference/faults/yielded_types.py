"""What the expression of a search parameter yields: of which types, and whether there can be several."""

from __future__ import annotations

import re
from dataclasses import dataclass

from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import Element, SearchParameter

_STEP = re.compile(r"\.?(?P<name>\w+)(?:\('(?P<argument>[^']*)'\))?")
_CONDITIONS = re.compile(r"\.where\([^()]*(?:\([^()]*\)[^()]*)*\)")
_CAST = re.compile(r"\((?P<path>[\w.]+) as (?P<type>\w+)\)")


@dataclass(frozen=True)
class Yielded:
    """Names of FHIR types; `several` says whether one resource can have more than one value."""

    types: frozenset[str]
    several: bool


def yielded(edition: Edition, resource_type: str, parameter: SearchParameter) -> Yielded:
    """Follow an expression through the definitions; of what is not understood no type is known."""
    types: set[str] = set()
    several = False
    parts = [each.strip() for each in parameter.expression.split("|")]
    for part in parts:
        cast = _CAST.fullmatch(part)
        path = _CONDITIONS.sub("", cast["path"] if cast else part)
        root, dot, rest = path.partition(".")
        if not dot or root not in {resource_type, "Resource", "DomainResource"}:
            continue
        found, repeats = _followed(edition, resource_type, rest)
        types |= {cast["type"]} if cast and found else found
        several = several or repeats or len(parts) > 1
    return Yielded(frozenset(types), several)


def _followed(edition: Edition, resource_type: str, path: str) -> tuple[set[str], bool]:
    types, repeats = {resource_type}, False
    profile = edition.find_profile(resource_type)
    element = profile.root if profile is not None else None
    for step in _STEP.finditer(path):
        if step["argument"] is not None:
            profile = edition.find_profile(step["argument"])
            element = profile.root if profile is not None else None
        else:
            element = _child(edition, element, step["name"])
            repeats = repeats or (element is not None and element.is_array)
        if element is None:
            return set(), repeats
        types = {each.code for each in element.types}
    return types, repeats


def _child(edition: Edition, element: Element | None, name: str) -> Element | None:
    """Find an element below another, where that is defined in place or in its type."""
    if element is None:
        return None
    roots = [found.root for each in element.types if (found := edition.find_profile(each.code)) is not None]
    for place in (element, *roots):
        child = place.by_name.get(name) or place.by_name.get(f"{name}[x]")
        if child is not None:
            return child
    return None
