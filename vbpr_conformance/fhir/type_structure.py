"""What the codecs need to know of FHIR's types: which elements each has, in which order and form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

Form = Literal["primitive", "complex", "resource", "attribute", "xhtml"]
"""How an element is represented: `resource` holds any resource, `attribute` is an XML attribute (`id`, `url`)."""


@dataclass(frozen=True, slots=True)
class Child:
    """An element as it stands in a payload: a choice is one child for each of its types (`valueQuantity`).

    `type` is what `Structure.children` takes for the elements below: a FHIR type name or, for elements that are
    defined in place, their path (`MeasureReport.group`); a content reference gives the path it refers to.
    """

    name: str
    type: str
    array: bool
    form: Form


class Structure(Protocol):
    """The base definitions of FHIR types, seen as the elements of each."""

    def children(self, type_name: str) -> Mapping[str, Child] | None:
        """Give the elements of a type or path by name, in their order; None for a type that is not known."""

    def is_resource(self, type_name: str) -> bool:
        """Whether this is the name of a resource type that is known and not abstract."""
