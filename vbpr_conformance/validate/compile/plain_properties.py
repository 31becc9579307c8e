"""The properties of an object whose elements are no choice of types."""

from __future__ import annotations

from vbpr_conformance.fhir.primitive_formats import FORMATS
from vbpr_conformance.validate.compile import extensions, primitive_values, slicing
from vbpr_conformance.validate.compile.element_node import ElementNode
from vbpr_conformance.validate.compile.known_definitions import ABSTRACT_RESOURCES
from vbpr_conformance.validate.compile.nested_resources import resource_property
from vbpr_conformance.validate.compile.object_properties import (
    ObjectProperties,
    PropertyName,
    PropertySlot,
    forbidden,
    need,
    repeated,
)
from vbpr_conformance.validate.element_ref import ElementRef, ElementRefs


def plain_property(node: ElementNode, label: str, views: ElementRefs, properties: ObjectProperties) -> None:
    """Add the property of an element; of a primitive, its `_name` too."""
    name = PropertyName.plain(label)
    type_name = type_of(views[0])
    ruled_out = forbidden(node, name, views)
    if ruled_out is not None:
        properties.checks[label] = properties.checks[f"_{label}"] = ruled_out
        return
    is_primitive = type_name in FORMATS
    need(node, label, views, properties, (label, f"_{label}") if is_primitive else (label,))

    def make() -> None:
        place = node.place.child(label, node.known.lineage(type_name))
        for reference in {view.element.content_reference for view in views} - {None}:
            place = place.also(str(reference))
        _typed(PropertySlot(node, properties, name, type_name, views, place))

    if any(view.element.slices for view in views):
        make()  # slices say of what is not there, too, that it must be
    else:
        properties.later((label, f"_{label}") if is_primitive else (label,), make)


def _typed(slot: PropertySlot) -> None:
    """Add the property of an element of this type."""
    checks, label = slot.properties.checks, slot.name.key
    if slot.type in FORMATS:
        primitive_values.properties(slot)
    elif slot.type in ABSTRACT_RESOURCES or slot.known.is_resource(slot.type):
        checks[label] = resource_property(slot)
    elif slot.type == "Extension":
        checks[label] = extensions.extension_property(slot)
    else:
        checks[label] = repeated(slot, *slicing.items(slot))


def type_of(view: ElementRef) -> str:
    """The type of an element that is no choice; elements of a content reference are BackboneElements."""
    types = view.element.types
    return types[0].code if types else "BackboneElement"
