"""An element as one StructureDefinition states it."""

from __future__ import annotations

from collections.abc import Iterator

from vbpr_conformance.ig.model import Element, Profile, TypeRef


class ElementRef:
    """An element of a profile, together with that profile; `KnownDefinitions` has one object for each."""

    __slots__ = ("element", "profile")

    def __init__(self, profile: Profile, element: Element) -> None:
        self.profile = profile
        self.element = element

    def types(self, code: str) -> Iterator[TypeRef]:
        """The types of that code that the element may have."""
        return (each for each in self.element.types if each.code == code)


ElementRefs = tuple[ElementRef, ...]
"""What several definitions say of one element: a profile's, its slice's, its type's."""
