"""The base types of an edition as the structure that the codecs work with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from vbpr_conformance.fhir.type_structure import Child, Form
from vbpr_conformance.ig.model import Element, Profile

_ATTRIBUTES = {"Element.id", "Extension.url"}
"""The elements that are attributes in XML, by where they are defined: https://hl7.org/fhir/R4/xml.html"""
_INLINE = {"BackboneElement", "Element"}
_ANY_RESOURCE = {"Resource", "DomainResource"}


class _Profiles(Protocol):
    def find_profile(self, name: str) -> Profile | None: ...


class EditionStructure:
    """The base types that an edition knows; each is looked up once."""

    def __init__(self, edition: _Profiles) -> None:
        self._edition = edition
        self._known: dict[str, Mapping[str, Child] | None] = {}

    def children(self, type_name: str) -> Mapping[str, Child] | None:
        """Give the elements of a type or path by name, in their order; None for a type that is not known."""
        if type_name not in self._known:
            element = self._element(type_name)
            found = None if element is None else {child.name: child for each in element.children for child in _of(each)}
            self._known[type_name] = found
        return self._known[type_name]

    def is_resource(self, type_name: str) -> bool:
        """Whether this is the name of a resource type that is known and not abstract."""
        profile = self._base(type_name)
        return profile is not None and profile.kind == "resource" and not profile.abstract

    def _element(self, type_name: str) -> Element | None:
        profile = self._base(type_name.partition(".")[0])
        return None if profile is None else profile.by_id.get(type_name)

    def _base(self, name: str) -> Profile | None:
        """Find the type of this name itself: a profile or extension that has it as its id is none."""
        profile = self._edition.find_profile(name) if name.isalnum() else None
        return profile if profile is not None and profile.type == profile.id == name else None


def _of(element: Element) -> Iterator[Child]:
    """Give the element as it stands in payloads, a choice once for each type."""
    if element.content_reference:
        yield Child(element.name, element.content_reference, element.is_array, "complex")
        return
    stem = element.name.removesuffix("[x]")
    for each in element.types:
        name = stem + each.code[:1].upper() + each.code[1:] if element.is_choice else element.name
        inline = each.code in _INLINE
        yield Child(name, element.path if inline else each.code, element.is_array, _form(element, each.code))


def _form(element: Element, code: str) -> Form:
    if element.base_path in _ATTRIBUTES:
        return "attribute"
    if code == "xhtml":
        return "xhtml"
    if code in _ANY_RESOURCE:
        return "resource"
    return "primitive" if code[:1].islower() else "complex"
