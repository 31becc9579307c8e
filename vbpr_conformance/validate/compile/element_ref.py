"""How several definitions of the same element are seen together: a profile's, its slice's, its type's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from vbpr_conformance.ig.model import Constraint, Element, Profile, TypeRef

if TYPE_CHECKING:
    from vbpr_conformance.ig.edition import Edition

ABSTRACT_RESOURCES = frozenset({"Resource", "DomainResource"})


class ElementRef:
    """An element as one StructureDefinition states it; there is one object for each."""

    __slots__ = ("element", "profile")

    def __init__(self, profile: Profile, element: Element) -> None:
        self.profile = profile
        self.element = element

    def types(self, code: str) -> Iterator[TypeRef]:
        """The types of that code that the element may have."""
        return (each for each in self.element.types if each.code == code)


ElementRefs = tuple[ElementRef, ...]


class KnownDefinitions:
    """Makes views, and finds for an element what its types say about the elements below it."""

    def __init__(self, edition: Edition) -> None:
        self.edition = edition
        self._views: dict[tuple[str, str], ElementRef] = {}
        self._lineage: dict[str, tuple[str, ...]] = {}

    def view(self, profile: Profile, element: Element) -> ElementRef:
        """The view of an element."""
        key = (profile.url, element.id)
        found = self._views.get(key)
        if found is None:
            found = self._views[key] = ElementRef(profile, element)
        return found

    def root(self, profile: Profile) -> ElementRef:
        """The view of the first element of a profile."""
        return self.view(profile, profile.root)

    def children(self, view: ElementRef) -> tuple[ElementRef, ...]:
        """The elements below."""
        return tuple(self.view(view.profile, each) for each in view.element.children)

    def slices(self, view: ElementRef) -> tuple[ElementRef, ...]:
        """The slices of the element."""
        return tuple(self.view(view.profile, each) for each in view.element.slices)

    def lineage(self, type_name: str) -> tuple[str, ...]:
        """A type and its ancestors (`Age`, `Quantity`, `Element`)."""
        found = self._lineage.get(type_name)
        if found is None:
            names = [type_name]
            profile = self.edition.type(type_name) if type_name else None
            while profile is not None and profile.base:
                names.append(profile.base.rpartition("/")[2])
                profile = self.edition.find_profile(profile.base)
            found = self._lineage[type_name] = tuple(names)
        return found

    def type_root(self, type_name: str) -> ElementRef | None:
        """The definition of a type itself."""
        profile = self.edition.type(type_name)
        return self.root(profile) if profile is not None else None

    def contents(self, type_name: str, views: ElementRefs) -> ElementRefs:
        """The views whose children apply below an element of this type, each once; the type's own if no other does."""
        found: list[ElementRef] = []
        for view in views:
            element = view.element
            if element.content_reference:
                target = view.profile.by_id.get(element.content_reference)
                if target is not None:
                    found.append(self.view(view.profile, target))
                continue
            if element.children:
                found.append(view)
            found.extend(self.type_profiles(type_name, view))
        if not found:
            root = self.type_root(type_name)
            found = [root] if root is not None else []
        return tuple(dict.fromkeys(found))

    def type_profiles(self, type_name: str, view: ElementRef) -> list[ElementRef]:
        """The profile that the element's type must conform to, where it is one and held here."""
        names = [name for each in view.types(type_name) for name in each.profiles]
        if len(names) != 1:
            return []
        profile = self.edition.find_profile(names[0])
        return [self.root(profile)] if profile is not None and profile.root is not view.element else []

    def missing_profiles(self, type_name: str, views: Iterable[ElementRef]) -> list[tuple[ElementRef, str]]:
        """The type profiles that are named but not held here."""
        return [
            (view, name)
            for view in views
            for each in view.types(type_name)
            for name in each.profiles
            if self.edition.find_profile(name) is None
        ]

    def constraints(
        self, type_name: str, views: ElementRefs, contents: ElementRefs
    ) -> list[tuple[ElementRef, Constraint]]:
        """The invariants of an element: those of its definitions and those of its type, each once."""
        root = self.type_root(type_name)
        found: dict[tuple[str, str], tuple[ElementRef, Constraint]] = {}
        for view in (*views, *contents, *([root] if root is not None else [])):
            for constraint in view.element.constraints:
                found.setdefault((constraint.key, constraint.expression), (view, constraint))
        return list(found.values())

    def base_element(self, element: Element) -> Element | None:
        """The element where it was first defined."""
        profile = self.edition.type(element.base_path.partition(".")[0])
        return profile.by_id.get(element.base_path) if profile is not None else None
