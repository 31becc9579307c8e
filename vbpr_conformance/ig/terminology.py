"""Code systems and value sets, expanded as far as what is held decides.

https://hl7.org/fhir/R4/valueset.html#compositions says what a compose means. What cannot be decided here is kept apart
from what is not in the value set: it is neither, and a caller can say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from vbpr_conformance.ig.definitions import CanonicalResource, Definitions, well_formed
from vbpr_conformance.ig.model import CodeSystem, ValueSet
from vbpr_conformance.ig.terminology_filters import Concept, concepts, selected

Code = tuple[str, str]
ANY_SYSTEM = "*"
"""Stands for a value set that is not known here: nobody knows even the systems of its codes."""


@dataclass(slots=True)
class _Content:
    """Codes that are in for sure, with displays, and the systems of which nobody here knows what is in."""

    codes: dict[Code, str] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)

    def undecided(self, system: str) -> bool:
        return system in self.open or ANY_SYSTEM in self.open

    def add(self, other: _Content) -> None:
        for code, display in other.codes.items():
            if not self.codes.get(code):
                self.codes[code] = display
        self.open |= other.open

    def keep(self, other: _Content) -> None:
        """Leave what is in both."""
        undecided = {
            system for system, code in self.codes if (system, code) not in other.codes and other.undecided(system)
        }
        undecided |= {
            system for system, code in other.codes if (system, code) not in self.codes and self.undecided(system)
        }
        shared = self.open & other.open
        shared |= other.open if ANY_SYSTEM in self.open else set()
        shared |= self.open if ANY_SYSTEM in other.open else set()
        self.codes = {code: display for code, display in self.codes.items() if code in other.codes}
        self.open = shared | undecided

    def remove(self, other: _Content) -> None:
        """Leave what is not in the other."""
        undecided = {
            system for system, code in self.codes if (system, code) not in other.codes and other.undecided(system)
        }
        self.codes = {
            code: display
            for code, display in self.codes.items()
            if code not in other.codes and code[0] not in undecided
        }
        self.open |= undecided


class Terminology:
    """Code systems and value sets of what is held."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self._under_way: list[str] = []

    def code_system(self, definition: CanonicalResource) -> CodeSystem:
        """The code system; a fragment, an example or one without its content is not complete."""
        resource = definition.resource
        with well_formed(definition):
            return CodeSystem(
                url=definition.url,
                version=definition.version,
                name=str(resource.get("name", "")),
                complete=resource.get("content") == "complete",
                codes={each.code: each.display for each in concepts(resource)},
                case_sensitive=resource.get("caseSensitive") is True,  # not told: codes are taken in any case
            )

    def value_set(self, definition: CanonicalResource) -> ValueSet:
        """The value set, from its compose where that can be decided here, else from the expansion it brings."""
        with well_formed(definition):
            content = self._content(definition)
        return ValueSet(
            url=definition.url,
            version=definition.version,
            name=str(definition.resource.get("name", "")),
            codes=content.codes,
            complete=not content.open,
            open_systems=frozenset() if ANY_SYSTEM in content.open else frozenset(content.open),
        )

    def _content(self, definition: CanonicalResource) -> _Content:
        resource = definition.resource
        composed = self._composed(definition) if "compose" in resource else None
        if composed is not None and not composed.open:
            return composed
        given = _given(resource.get("expansion"))
        return given or composed or _Content(open={ANY_SYSTEM})

    def _composed(self, definition: CanonicalResource) -> _Content:
        if definition.url in self._under_way:
            return _Content(open={ANY_SYSTEM})
        self._under_way.append(definition.url)
        try:
            content = _Content()
            compose = definition.resource["compose"]
            for include in compose.get("include", ()):
                content.add(self._part(include))
            for exclude in compose.get("exclude", ()):
                content.remove(self._part(exclude))
            return content
        finally:
            self._under_way.pop()

    def _part(self, part: dict[str, Any]) -> _Content:
        """One include or exclude: what is in its system and in every value set it names."""
        sets = [self._imported(each) for each in part.get("valueSet", ())]
        content = self._of_system(part) if "system" in part else sets.pop() if sets else _Content(open={ANY_SYSTEM})
        for each in sets:
            content.keep(each)
        return content

    def _imported(self, canonical: str) -> _Content:
        found = self._definitions.find(canonical, "ValueSet")
        return _Content(open={ANY_SYSTEM}) if found is None else self._content(found)

    def _of_system(self, part: dict[str, Any]) -> _Content:
        system = str(part["system"])
        version = part.get("version")
        found = self._definitions.find(f"{system}|{version}" if version else system, "CodeSystem")
        known = list(concepts(found.resource)) if found is not None else []
        listed = part.get("concept")
        if listed:
            displays = {each.code: each.display for each in known}
            return _Content({(system, one["code"]): _display(one, displays) for one in listed})
        complete = found is not None and found.resource.get("content") == "complete"
        filters = part.get("filter", ())
        chosen = selected(known, filters) if complete or not filters else None
        if chosen is None:
            return _Content(open={system})
        return _Content(_codes(system, chosen), set() if complete else {system})


def _display(listed: dict[str, Any], displays: dict[str, str]) -> str:
    return str(listed.get("display") or displays.get(listed["code"], ""))


def _codes(system: str, chosen: Iterable[Concept]) -> dict[Code, str]:
    return {(system, each.code): each.display for each in chosen}


def _given(expansion: dict[str, Any] | None) -> _Content | None:
    """The expansion that the value set brings, if it has one; a page of it only is not all of it."""
    if expansion is None or not expansion.get("contains"):
        return None
    codes = {
        (str(each.get("system", "")), str(each["code"])): str(each.get("display", "")) for each in _flat(expansion)
    }
    whole = len(codes) >= expansion.get("total", 0) and not expansion.get("offset") and "next" not in expansion
    return _Content(codes, set() if whole else {ANY_SYSTEM})


def _flat(holder: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for each in holder.get("contains", ()):
        if "code" in each and not each.get("abstract"):
            yield each
        yield from _flat(each)
