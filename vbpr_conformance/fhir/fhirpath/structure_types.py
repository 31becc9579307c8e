"""The types of elements, read off the base structure that the codecs use as well."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from vbpr_conformance.fhir.fhirpath.types import PARENTS
from vbpr_conformance.fhir.type_structure import Structure

_PRIMITIVE_OR_ABSTRACT = frozenset(PARENTS) | {"Element", "Resource", "DomainResource"}


class StructureTypes:
    """A `TypeModel` made of a `Structure`; `named` are resource types that exist, whether their elements are known."""

    def __init__(self, structure: Structure, named: Collection[str] = ()) -> None:
        self._structure = structure
        self._named = named

    def child_type(self, parent: str, name: str) -> str | None:
        """Give the type of a JSON property of a type or inner element, if known."""
        children = self._structure.children(parent)
        child = children.get(name) if children else None
        return None if child is None else child.type

    def ancestors(self, name: str) -> Iterable[str] | None:
        """Give a type's own name and those it specializes, nearest first; None if there is no such type."""
        known = name in _PRIMITIVE_OR_ABSTRACT or self._structure.children(name) is not None
        if not known and name not in self._named:
            return None
        found = [name]
        if name not in PARENTS and name not in {"Element", "Resource"}:
            if not known or self._structure.is_resource(name):
                found.append("DomainResource")
            else:
                found += ["BackboneElement", "Element"] if "." in name else ["Element"]
        while (parent := PARENTS.get(found[-1])) is not None:
            found.append(parent)
        return found
