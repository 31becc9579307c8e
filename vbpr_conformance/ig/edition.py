"""An edition of the guide: everything that profiles, terminology and requirements say, by canonical URL."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import Any, TypeVar

from vbpr_conformance.ig.definitions import CanonicalResource, Definitions, Resource, well_formed
from vbpr_conformance.ig.edition_structure import EditionStructure
from vbpr_conformance.ig.further_contexts import further_contexts
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
from vbpr_conformance.ig.search_parameters import search_parameters
from vbpr_conformance.ig.snapshot import Snapshots
from vbpr_conformance.ig.snapshot_model import profile as make_profile
from vbpr_conformance.ig.statements import statement
from vbpr_conformance.ig.terminology import Terminology

Made = TypeVar("Made")


class Edition:
    """Profiles, terminology, search parameters and requirements of one edition, each made on first use."""

    def __init__(
        self,
        version: str,
        definitions: Iterable[tuple[str, Resource]] | Definitions,
        own: str = "",
        *,
        requirements: Sequence[Requirement] = (),
        readings: Sequence[Reading] = (),
    ) -> None:
        self.version = version
        self.own = own
        """The canonical base of the guide's own artifacts."""
        self.requirements = tuple(requirements)
        self.readings = tuple(readings)
        self.troubles: tuple[str, ...] = ()
        """What was odd about the packages that it was made of, a sentence each."""
        self.definitions = definitions if isinstance(definitions, Definitions) else Definitions(definitions)
        self._made: dict[tuple[str, str], Any] = {}
        self._packed: dict[tuple[str, str], bytes] = {}
        self._owned: dict[Callable[[Edition], Any], Any] = {}
        self._lock = RLock()

    @classmethod
    def from_packages(cls, version: str, own: str, *packages: Path) -> Edition:
        """Make an edition of official packages alone, later ones over earlier ones."""
        return cls(version, (each for package in packages for each in read_package(package)), own)

    def with_packages(self, paths: Iterable[Path | str]) -> Edition:
        """The edition and what FHIR packages or single conformance resources add; theirs stands before ours.

        What is odd about them, and may leave things unchecked, is in `troubles`. What cannot be read raises UsageError.
        """
        edition = self
        troubles = [*self.troubles]
        for path in paths:
            # One by one: the types that a package brings are needed to read XML after it.
            added = Definitions(read_package(Path(path), edition.structure, troubles), below=edition.definitions)
            edition = Edition(self.version, added, self.own, requirements=self.requirements, readings=self.readings)
            edition.troubles = tuple(troubles)
        return edition

    def find(self, canonical: str, resource_type: str | None = None) -> Resource | None:
        """Find any resource held by its canonical, with or without `|version`, as FHIR JSON."""
        definition = self.definitions.find(canonical, resource_type)
        return None if definition is None else definition.resource

    def find_profile(self, name: str) -> Profile | None:
        """Find a profile, extension or type by canonical (with or without `|version`), id or type name."""
        definition = self._structure_definition(name)
        return None if definition is None else self._profile(definition)

    def profile(self, name: str) -> Profile:
        """Like `find_profile`, but a name that is not known raises `LookupError`."""
        found = self.find_profile(name)
        if found is None:
            raise LookupError(f"no profile {name!r} in edition {self.version}")
        return found

    def derived(self, resource: Resource) -> Profile:
        """Make a profile of the differential of a StructureDefinition, held or not; UsageError: it cannot be made."""
        definition = CanonicalResource("", {"url": "", **resource})
        with self._lock, well_formed(definition):
            return make_profile(definition.resource, self._snapshots.derived(definition).flat())

    def type(self, code: str) -> Profile | None:
        """The FHIR type of that name itself, never a profile on it; None for a type that is not known."""
        definition = self.definitions.find(STRUCTURE_DEFINITION + code, "StructureDefinition")
        return (
            self._profile(definition)
            if definition is not None and _is_type(definition) and definition.about == code
            else None
        )

    @cached_property
    def structure(self) -> EditionStructure:
        """The structure of the types, as the codecs need it."""
        return EditionStructure(self)

    @property
    def profiles(self) -> tuple[Profile, ...]:
        """The guide's own resource profiles, in order of their URL."""
        return tuple(each for each in self.own_structures if each.kind == "resource")

    @property
    def own_structures(self) -> tuple[Profile, ...]:
        """The guide's own profiles and extensions, in order of their URL."""
        return tuple(self._profile(definition) for definition in self._own("StructureDefinition"))

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """What the guide's own capability statements ask, in order of their URL."""
        return tuple(statement(definition) for definition in self._own("CapabilityStatement"))

    def value_set(self, canonical: str) -> ValueSet | None:
        """Give the value set with its expansion, or None if it is not known here."""
        definition = self.definitions.find(canonical, "ValueSet")
        return None if definition is None else self._value_set(definition)

    def code_system(self, url: str) -> CodeSystem | None:
        """Give the code system, or None if it is not known here."""
        definition = self.definitions.find(url, "CodeSystem")
        return None if definition is None else self._code_system(definition)

    def search_parameters(self, resource_type: str) -> tuple[SearchParameter, ...]:
        """The search parameters defined for a resource type, the guide's own over those of R4 of the same code.

        One that cannot work as it is published is given as the edition reads it.
        """
        found = self._once(
            "search", resource_type, lambda: search_parameters(self.definitions, resource_type, self.own)
        )
        read = {each.search_parameter: each.searched_as for each in self.readings if each.search_parameter}
        return tuple(replace(each, type=read[each.url]) if each.url in read else each for each in found)

    def made(self) -> Edition:
        """The edition with everything made that a run can ask for, so that it can be stored whole."""
        for definition in self.definitions.of_type("StructureDefinition"):
            self._profile(definition)
            if _is_type(definition) and definition.resource.get("kind") == "resource":
                self.search_parameters(definition.about)
        for definition in self.definitions.of_type("ValueSet"):
            self._value_set(definition)
        for definition in self.definitions.of_type("CodeSystem"):
            self._code_system(definition)
        return self

    def count_made(self) -> int:
        """How much was made so far."""
        return len(self._packed.keys() | self._made.keys())

    def _profile(self, definition: CanonicalResource) -> Profile:
        return self._once("profile", definition.canonical, lambda: self._compiled(definition))

    def _compiled(self, definition: CanonicalResource) -> Profile:
        elements = self._snapshots.elements(definition)
        with well_formed(definition):
            made = make_profile(definition.resource, elements, definition.source)
        further = further_contexts(made)
        return replace(made, contexts=(*made.contexts, *further)) if further else made

    def _value_set(self, definition: CanonicalResource) -> ValueSet:
        return self._once("value set", definition.canonical, lambda: self._terminology.value_set(definition))

    def _code_system(self, definition: CanonicalResource) -> CodeSystem:
        return self._once("code system", definition.canonical, lambda: self._terminology.code_system(definition))

    def _once(self, kind: str, name: str, make: Callable[[], Made]) -> Made:
        """What was made before, what the disk cache holds packed, or newly made."""
        key = (kind, name)
        if key not in self._made:
            with self._lock:
                if key not in self._made:
                    packed = self._packed.get(key)
                    self._made[key] = (
                        make() if packed is None else pickle.loads(packed)  # noqa: S301 - our own, see cache.py
                    )
        made: Made = self._made[key]
        return made

    def owned(self, make: Callable[[Edition], Made]) -> Made:
        """What is made of an edition once, for all threads, and goes with it: its validator, its planner."""
        if make not in self._owned:
            with self._lock:
                if make not in self._owned:
                    self._owned[make] = make(self)
        made: Made = self._owned[make]
        return made

    @cached_property
    def _snapshots(self) -> Snapshots:
        return Snapshots(self.definitions)

    @cached_property
    def _terminology(self) -> Terminology:
        return Terminology(self.definitions)

    def _own(self, resource_type: str) -> list[CanonicalResource]:
        return [
            definition
            for definition in self.definitions.of_type(resource_type)
            if self.own and definition.url.startswith(f"{self.own}/")
        ]

    def _structure_definition(self, name: str) -> CanonicalResource | None:
        for canonical in (name, f"{self.own}/StructureDefinition/{name}", STRUCTURE_DEFINITION + name):
            found = self.definitions.find(canonical, "StructureDefinition")
            if found is not None:
                return found
        return self._by_id.get(name.partition("|")[0])

    @cached_property
    def _by_id(self) -> dict[str, CanonicalResource]:
        return {definition.id: definition for definition in self.definitions.of_type("StructureDefinition")}

    def __getstate__(self) -> dict[str, Any]:
        packed = self._packed | {key: pickle.dumps(value, protocol=5) for key, value in self._made.items()}
        kept = ("version", "own", "requirements", "readings", "definitions", "troubles", "statements")
        return {"_packed": packed, "_made": {}, "_owned": {}, **{name: getattr(self, name) for name in kept}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ |= state | {"_lock": RLock()}


def _is_type(definition: CanonicalResource) -> bool:
    return definition.derivation != "constraint"
