"""From the JSON of a StructureDefinition with a snapshot to a `Profile`."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from typing import Any

from vbpr_conformance.ig.model import (
    Binding,
    Constraint,
    Discriminator,
    Element,
    Profile,
    Slicing,
    TypeRef,
)

FHIRPATH_SYSTEM = "http://hl7.org/fhirpath/System."
_MAX_VALUE_SET = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet"
_RESOURCE_ID = "Resource.id"
"""R4 shows it as a string, and later snapshots as what it is: https://hl7.org/fhir/R4/resource.html#id."""
FHIR_TYPE = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type"


def profile(definition: dict[str, Any], snapshot: list[dict[str, Any]], source: str = "") -> Profile:
    """Make a `Profile` of a StructureDefinition and the elements of its snapshot (ElementDefinition JSON)."""
    flat = [_element(each) for each in snapshot]
    return Profile(
        url=definition["url"],
        version=definition.get("version"),
        name=definition.get("name", ""),
        title=definition.get("title", definition.get("name", "")),
        kind=definition["kind"],
        type=definition["type"].rpartition("/")[2],
        base=definition.get("baseDefinition"),
        derivation=definition.get("derivation"),
        abstract=definition.get("abstract", False),
        contexts=tuple((each["type"], each["expression"]) for each in definition.get("context", ())),
        context_invariants=tuple(definition.get("contextInvariant", ())),
        elements=_linked(flat),
        source=source,
    )


def _linked(flat: list[Element]) -> tuple[Element, ...]:
    """Hang each element below its parent; children first, so that every parent is made with them complete."""
    below: dict[str, list[Element]] = {}
    done: dict[str, Element] = {}
    ids = {each.id for each in flat}
    for element in reversed(flat):
        own = below.pop(element.id, [])
        own.reverse()
        whole = replace(
            element,
            children=tuple(each for each in own if not _is_slice_of(each, element)),
            slices=tuple(each for each in own if _is_slice_of(each, element)),
        )
        done[element.id] = whole
        parent = _parent(element, ids)
        if parent:
            below.setdefault(parent, []).append(whole)
    return tuple(done[element.id] for element in flat)


def _is_slice_of(element: Element, parent: Element) -> bool:
    return element.path == parent.path


def _parent(element: Element, ids: Container[str]) -> str:
    """Give the id of the element above: `a.b:s` is below `a.b`; `a.b:s.c` below `a.b:s`, and `a.b:s/t` if there."""
    head, dot, last = _split_last(element.id)
    name, colon, slice_name = last.partition(":")
    if not colon:
        return head
    outer = slice_name.rpartition("/")[0]
    holder = f"{head}{dot}{name}:{outer}"
    return holder if outer and holder in ids else f"{head}{dot}{name}"


def _split_last(element_id: str) -> tuple[str, str, str]:
    """Split off the last step. A slice name may hold dots only in artifacts that break the rules; none are known."""
    return element_id.rpartition(".")


def _element(each: dict[str, Any]) -> Element:
    base = each.get("base", {})
    types = tuple(_type(one) for one in each.get("type", ()))
    if base.get("path", each["path"]) == _RESOURCE_ID:
        types = (TypeRef("id"),)
    return Element(
        id=each.get("id", each["path"]),
        path=each["path"],
        slice_name=each.get("sliceName"),
        min=each.get("min", 0),
        max=_max(each.get("max", "*")),
        base_max=_max(base.get("max", each.get("max", "*"))),
        base_path=base.get("path", each["path"]),
        types=types,
        fixed=_choice(each, "fixed"),
        pattern=_choice(each, "pattern"),
        binding=_binding(each.get("binding")),
        constraints=tuple(
            Constraint(one["key"], one["severity"], one.get("expression", ""), one.get("human", ""), one.get("source"))
            for one in each.get("constraint", ())
        ),
        slicing=_slicing(each.get("slicing")),
        must_support=each.get("mustSupport", False),
        is_modifier=each.get("isModifier", False),
        is_summary=each.get("isSummary", False),
        content_reference=each["contentReference"].rpartition("#")[2] if "contentReference" in each else None,
        max_length=each.get("maxLength"),
        min_value=_choice(each, "minValue"),
        max_value=_choice(each, "maxValue"),
    )


def _max(text: str) -> int | None:
    return None if text == "*" else int(text)


def _choice(each: dict[str, Any], name: str) -> Any:
    return next((value for key, value in each.items() if key.startswith(name)), None)


def _type(one: dict[str, Any]) -> TypeRef:
    code = str(one.get("code", ""))
    if code.startswith(FHIRPATH_SYSTEM):
        code = next(
            (
                extension.get("valueUrl", extension.get("valueUri"))
                for extension in one.get("extension", ())
                if extension.get("url") == FHIR_TYPE
            ),
            code[len(FHIRPATH_SYSTEM) :].lower(),
        )
    return TypeRef(
        code=code,
        profiles=tuple(one.get("profile", ())),
        targets=tuple(one.get("targetProfile", ())),
        aggregation=tuple(one.get("aggregation", ())),
        versioning=one.get("versioning"),
    )


def _binding(one: dict[str, Any] | None) -> Binding | None:
    if one is None:
        return None
    most = next(
        (each.get("valueCanonical") for each in one.get("extension", ()) if each.get("url") == _MAX_VALUE_SET), None
    )
    return Binding(one["strength"], one.get("valueSet"), most)


def _slicing(one: dict[str, Any] | None) -> Slicing | None:
    if one is None:
        return None
    return Slicing(
        discriminators=tuple(Discriminator(d["type"], d["path"]) for d in one.get("discriminator", ())),
        rules=one["rules"],
        ordered=one.get("ordered", False),
    )
