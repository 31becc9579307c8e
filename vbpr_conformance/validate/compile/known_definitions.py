"""The definitions of an edition, as the rules ask for them: elements below elements, types, lineages, extensions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from vbpr_conformance.errors import UsageError
from vbpr_conformance.ig.model import Constraint, Element, Profile
from vbpr_conformance.validate.element_ref import ElementRef, ElementRefs
from vbpr_conformance.validate.local_terminology import LocalTerminology

if TYPE_CHECKING:
    from vbpr_conformance.ig.edition import Edition

ABSTRACT_RESOURCES = frozenset({"Resource", "DomainResource"})
_REMEMBERED = 1000
_OF_CANONICAL_RESOURCES = frozenset({"url", "version", "status", "publisher"})
_RESOURCE_TYPES = "http://hl7.org/fhir/resource-types"


class KnownDefinitions:
    """Makes one `ElementRef` for each element, and finds what its types say about the elements below it."""

    def __init__(self, edition: Edition) -> None:
        self.edition = edition
        self.terminology = LocalTerminology(edition)
        self.readings = {(each.constraint, each.published): each for each in edition.readings if each.constraint}
        self._refs: dict[tuple[str, str], ElementRef] = {}
        self._lineages: dict[str, tuple[str, ...]] = {}
        self.profile = lru_cache(_REMEMBERED)(self._profile)
        """The profile, extension or type of that name; None for one that is not held, or is `unusable`."""
        self.type = lru_cache(_REMEMBERED)(self._type)
        """The FHIR type of that name itself; None for one that is not held, or cannot be used."""
        self.is_resource = lru_cache(_REMEMBERED)(self._names_resource)
        """Whether this is a type of resource; where R4's are not all held, any name may be one."""
        self.unusable: dict[str, str] = {}
        """Why definitions that are held cannot be used: they are derived from what is not, or are not well formed."""

    def _profile(self, name: str) -> Profile | None:
        return self._usable(name, self.edition.find_profile)

    def _type(self, name: str) -> Profile | None:
        return self._usable(name, self.edition.type)

    def _usable(self, name: str, find: Callable[[str], Profile | None]) -> Profile | None:
        try:
            return find(name)
        except UsageError as error:
            self.unusable[name] = str(error)
            return None

    def why_missing(self, name: str) -> str:
        """Why a profile is not there: nobody holds it, or what is wrong with it."""
        return self.unusable.get(name, "it is not held here").rstrip(".")

    def ref(self, profile: Profile, element: Element) -> ElementRef:
        """The one object for an element of a profile."""
        key = (f"{profile.url}|{profile.version}", element.id)
        return self._refs.get(key) or self._refs.setdefault(key, ElementRef(profile, element))

    def root(self, profile: Profile) -> ElementRef:
        """The first element of a profile."""
        return self.ref(profile, profile.root)

    def children(self, of: ElementRef) -> ElementRefs:
        """The elements below."""
        return tuple(self.ref(of.profile, each) for each in of.element.children)

    def slices(self, of: ElementRef) -> ElementRefs:
        """The slices of the element."""
        return tuple(self.ref(of.profile, each) for each in of.element.slices)

    def lineage(self, type_name: str) -> tuple[str, ...]:
        """A type and its ancestors (`Age`, `Quantity`, `Element`)."""
        found = self._lineages.get(type_name)
        if found is None:
            names = [type_name]
            profile = self.type(type_name) if type_name else None
            while profile is not None and profile.base:
                names.append(profile.base.rpartition("/")[2])
                profile = self.profile(profile.base)
            names += self._of_r5(type_name) if "DomainResource" in names else ()
            found = self._lineages.setdefault(type_name, tuple(names))
        return found

    def _of_r5(self, type_name: str) -> tuple[str, ...]:
        """The abstract types of R5 that a type would have, which contexts of extension packages for R4 name."""
        profile = self.type(type_name)
        elements = {each.name for each in profile.root.children} if profile is not None else set()
        return ("CanonicalResource", "MetadataResource") if elements >= _OF_CANONICAL_RESOURCES else ()

    def type_root(self, type_name: str) -> ElementRef | None:
        """The definition of a type itself."""
        profile = self.type(type_name)
        return self.root(profile) if profile is not None else None

    def contents(self, type_name: str, refs: ElementRefs) -> ElementRefs:
        """The refs whose children apply below an element of this type, each once; the type's own if no other does."""
        found: list[ElementRef] = []
        for ref in refs:
            element = ref.element
            if element.content_reference:
                # What a profile says of the elements referred to does not hold here: those of the type do.
                profile = self.type(ref.profile.type) or ref.profile
                target = profile.by_id.get(element.content_reference)
                if target is not None:
                    found.append(self.ref(profile, target))
                if element.children:
                    found.append(ref)
                continue
            if element.children:
                found.append(ref)
            found.extend(self.type_profiles(type_name, ref))
        if not found:
            root = self.type_root(type_name)
            found = [root] if root is not None else []
        return tuple(dict.fromkeys(found))

    def type_profiles(self, type_name: str, ref: ElementRef) -> list[ElementRef]:
        """The profile that the element's type must conform to, where it is one and held here."""
        names = [name for each in ref.types(type_name) for name in each.profiles]
        if len(names) != 1:
            return []
        profile = self.profile(names[0])
        return [self.root(profile)] if profile is not None and profile.root is not ref.element else []

    def missing_profiles(self, type_name: str, refs: Iterable[ElementRef]) -> list[tuple[ElementRef, str]]:
        """The type profiles that are named but not held here."""
        return [
            (ref, name)
            for ref in refs
            for each in ref.types(type_name)
            for name in each.profiles
            if self.profile(name) is None
        ]

    def constraints(
        self, type_name: str, refs: ElementRefs, contents: ElementRefs
    ) -> list[tuple[ElementRef, Constraint]]:
        """The invariants of an element: those of its definitions and those of its type, each once."""
        root = self.type_root(type_name)
        found: dict[tuple[str, str], tuple[ElementRef, Constraint]] = {}
        for ref in (*refs, *contents, *([root] if root is not None else [])):
            for constraint in ref.element.constraints:
                found.setdefault((constraint.key, constraint.expression), (ref, constraint))
        return list(found.values())

    def base_element(self, element: Element) -> Element | None:
        """The element where it was first defined."""
        profile = self.type(element.base_path.partition(".")[0])
        return profile.by_id.get(element.base_path) if profile is not None else None

    def type_about(self, profile: str) -> str:
        """The type that a profile is about; of one that is not held, the last step of its URL."""
        found = self.profile(profile)
        return found.type if found is not None else profile.partition("|")[0].rpartition("/")[2]

    @cached_property
    def resource_types(self) -> frozenset[str]:
        """The names of R4's resource types, from the code system that lists them."""
        held = self.edition.code_system(_RESOURCE_TYPES)
        return frozenset(held.codes) if held is not None else frozenset()

    def _names_resource(self, type_name: str) -> bool:
        found = self.type(type_name)
        if found is not None:
            return found.kind == "resource" and type_name not in ABSTRACT_RESOURCES
        return type_name in self.resource_types or not self.resource_types

    def extension_url(self, slice_: ElementRef) -> str | None:
        """The url that an extension of this slice has."""
        for child in slice_.element.children:
            if child.name == "url" and isinstance(child.fixed, str):
                return child.fixed
        for each in slice_.types("Extension"):
            for name in each.profiles:
                profile = self.profile(name)
                return profile.url if profile is not None else name.partition("|")[0]
        return None
