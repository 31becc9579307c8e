"""An edition of the guide: everything that profiles, terminology and requirements say, by canonical URL."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from vbpr_conformance.ig.model import (
    STRUCTURE_DEFINITION,
    CodeSystem,
    Profile,
    Reading,
    Requirement,
    SearchParameter,
    Statement,
    ValueSet,
)
from vbpr_conformance.ig.package import read_package
from vbpr_conformance.ig.snapshot_model import profile as make_profile


class Edition:
    """Profiles, terminology, search parameters and requirements of one edition, each made on first use."""

    def __init__(self, version: str, definitions: Iterable[tuple[str, dict[str, Any]]], own: str = "") -> None:
        self.version = version
        self.own = own
        """The canonical base of the guide's own artifacts."""
        self.requirements: tuple[Requirement, ...] = ()
        self.readings: tuple[Reading, ...] = ()
        self.statements: tuple[Statement, ...] = ()
        self._definitions: dict[str, dict[str, Any]] = {}
        self._sources: dict[str, str] = {}
        self._profiles: dict[str, Profile] = {}
        self._value_sets: dict[str, ValueSet] = {}
        for source, resource in definitions:
            url = resource.get("url")
            if url:
                self._definitions[url] = resource
                self._sources[url] = source

    @classmethod
    def from_packages(cls, version: str, own: str, *packages: Path) -> Edition:
        """Make an edition of official packages alone, later ones over earlier ones."""
        return cls(version, (each for package in packages for each in read_package(package)), own)

    def find_profile(self, name: str) -> Profile | None:
        """Find a profile, extension or type by canonical (with or without `|version`), id or type name."""
        url = name.partition("|")[0]
        for candidate in (url, f"{self.own}/StructureDefinition/{url}", STRUCTURE_DEFINITION + url):
            if candidate in self._profiles:
                return self._profiles[candidate]
            definition = self._definitions.get(candidate)
            if definition is not None and definition["resourceType"] == "StructureDefinition":
                made = make_profile(definition, definition["snapshot"]["element"], self._sources[candidate])
                self._profiles[candidate] = made
                return made
        return None

    def profile(self, name: str) -> Profile:
        """Like `find_profile`, but a name that is not known raises `LookupError`."""
        found = self.find_profile(name)
        if found is None:
            raise LookupError(f"no profile {name!r} in edition {self.version}")
        return found

    @property
    def profiles(self) -> tuple[Profile, ...]:
        """The guide's own resource profiles, in order of their URL."""
        return tuple(
            self.profile(url)
            for url, definition in sorted(self._definitions.items())
            if url.startswith(self.own)
            and definition["resourceType"] == "StructureDefinition"
            and definition["kind"] == "resource"
        )

    def value_set(self, canonical: str) -> ValueSet | None:
        """Give the value set with its expansion, or None if it is not known here."""
        url = canonical.partition("|")[0]
        definition = self._definitions.get(url)
        if definition is None or definition["resourceType"] != "ValueSet":
            return None
        if url not in self._value_sets:
            expansion = definition.get("expansion", {}).get("contains", [])
            codes = {(each.get("system", ""), each["code"]): each.get("display", "") for each in expansion}
            if not codes:
                for include in definition.get("compose", {}).get("include", []):
                    system = self.code_system(include.get("system", ""))
                    listed = include.get("concept")
                    if listed:
                        codes |= {(include["system"], each["code"]): each.get("display", "") for each in listed}
                    elif system is not None:
                        codes |= {(system.url, code): display for code, display in system.codes.items()}
            self._value_sets[url] = ValueSet(
                url, definition.get("version"), definition.get("name", ""), codes, complete=bool(codes)
            )
        return self._value_sets[url]

    def code_system(self, url: str) -> CodeSystem | None:
        """Give the code system, or None if it is not known here."""
        definition = self._definitions.get(url.partition("|")[0])
        if definition is None or definition["resourceType"] != "CodeSystem":
            return None
        codes: dict[str, str] = {}
        todo = list(definition.get("concept", []))
        while todo:
            concept = todo.pop(0)
            codes[concept["code"]] = concept.get("display", "")
            todo = concept.get("concept", []) + todo
        complete = definition.get("content") == "complete"
        return CodeSystem(definition["url"], definition.get("version"), definition.get("name", ""), complete, codes)

    def search_parameters(self, resource_type: str) -> tuple[SearchParameter, ...]:
        """The search parameters defined for a resource type, the guide's own over those of R4 of the same code."""
        found: dict[str, SearchParameter] = {}
        for url, definition in sorted(
            self._definitions.items(), key=lambda item: (item[0].startswith(self.own), item[0])
        ):
            if definition["resourceType"] == "SearchParameter" and resource_type in definition["base"]:
                found[definition["code"]] = SearchParameter(
                    url=url,
                    code=definition["code"],
                    type=definition["type"],
                    base=tuple(definition["base"]),
                    expression=definition.get("expression", ""),
                    targets=tuple(definition.get("target", ())),
                    comparators=tuple(definition.get("comparator", ())),
                    modifiers=tuple(definition.get("modifier", ())),
                    chains=tuple(definition.get("chain", ())),
                    version=definition.get("version"),
                )
        return tuple(found.values())
