"""A CapabilityStatement as a flat list of what it asks for.

https://hl7.org/fhir/R4/capabilitystatement.html; how strongly is the extension
https://hl7.org/fhir/R4/extension-capabilitystatement-expectation.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vbpr_conformance.ig.definitions import CanonicalResource, well_formed
from vbpr_conformance.ig.model import Statement

EXPECTATION = "http://hl7.org/fhir/StructureDefinition/capabilitystatement-expectation"
Item = tuple[dict[str, str], str]
_LISTS = {
    "supportedProfile": "supported-profile",
    "searchInclude": "include",
    "searchRevInclude": "revinclude",
    "referencePolicy": "reference-policy",
}
_CONDITIONAL = {
    "conditionalCreate": "create",
    "conditionalUpdate": "update",
    "conditionalDelete": "delete",
    "conditionalRead": "read",
}
_VALUES = ("profile", "versioning", "readHistory", "updateCreate")


def statement(definition: CanonicalResource) -> Statement:
    """The statement of a CapabilityStatement; its actor is the mode of its first `rest`."""
    resource = definition.resource
    with well_formed(definition):
        rests = resource.get("rest", ())
        return Statement(
            url=definition.url,
            actor=str(rests[0]["mode"]) if rests else "",
            fhir_version=str(resource.get("fhirVersion", "")),
            items=tuple(_items(resource)),
        )


def _items(resource: dict[str, Any]) -> Iterator[Item]:
    for index, code in enumerate(resource.get("format", ())):
        yield {"format": str(code)}, _beside(resource, "format", index)
    for index, code in enumerate(resource.get("patchFormat", ())):
        yield {"patch-format": str(code)}, _beside(resource, "patchFormat", index)
    for rest in resource.get("rest", ()):
        for each in rest.get("interaction", ()):
            yield {"interaction": str(each["code"])}, _expectation(each)
        for each in rest.get("searchParam", ()):
            yield {"search": str(each["name"]), "type": str(each["type"])}, _expectation(each)
        for each in rest.get("operation", ()):
            yield {"operation": str(each["name"])}, _expectation(each)
        for each in rest.get("resource", ()):
            yield from _of_resource(each)


def _of_resource(entry: dict[str, Any]) -> Iterator[Item]:
    name = str(entry["type"])
    for about, expectation in _parts(entry):
        yield {"resource": name, **about}, expectation


def _parts(entry: dict[str, Any]) -> Iterator[Item]:
    yield {}, _expectation(entry)
    for each in entry.get("interaction", ()):
        yield {"interaction": str(each["code"])}, _expectation(each)
    for each in entry.get("searchParam", ()):
        about = {"search": str(each["name"]), "type": str(each["type"]), "definition": str(each.get("definition", ""))}
        yield about, _expectation(each)
    for each in entry.get("operation", ()):
        yield {"operation": str(each["name"])}, _expectation(each)
    for key, what in _LISTS.items():
        for index, value in enumerate(entry.get(key, ())):
            yield {what: str(value)}, _beside(entry, key, index)
    for key, what in _CONDITIONAL.items():
        if entry.get(key, "not-supported") not in (False, "not-supported"):
            mode = {} if entry[key] is True else {"mode": str(entry[key])}
            yield {"conditional": what, **mode}, _beside(entry, key)
    for key in _VALUES:
        if key in entry:
            yield (
                {key: str(entry[key]).lower() if isinstance(entry[key], bool) else str(entry[key])},
                _beside(entry, key),
            )


def _expectation(holder: dict[str, Any] | None) -> str:
    """SHALL, SHOULD, MAY or SHOULD-NOT; empty where the guide leaves it unsaid."""
    extensions = holder.get("extension", ()) if holder else ()
    return next((str(each.get("valueCode", "")) for each in extensions if each.get("url") == EXPECTATION), "")


def _beside(holder: dict[str, Any], name: str, index: int | None = None) -> str:
    """The expectation of a primitive value, which JSON holds in `_name`."""
    beside = holder.get(f"_{name}")
    if index is not None:
        beside = beside[index] if isinstance(beside, list) and index < len(beside) else None
    return _expectation(beside)
