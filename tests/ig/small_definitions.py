"""Small definitions to derive, without snapshots."""

from __future__ import annotations

MINE = "http://payer.example/fhir"


def derived(name, base, *elements, type_="MeasureReport", **more):
    """A StructureDefinition with a differential and no snapshot."""
    base = base if ":" in base else f"http://hl7.org/fhir/StructureDefinition/{base}"
    return {
        "resourceType": "StructureDefinition",
        "url": f"{MINE}/StructureDefinition/{name}",
        "id": name,
        "name": name,
        "kind": "resource",
        "type": type_,
        "baseDefinition": base,
        "derivation": "constraint",
        "differential": {"element": list(elements)},
        **more,
    }


def at(path, slice_name=None, **facts):
    """An element of a differential, placed by its path and slice name alone."""
    return {"path": path, **({"sliceName": slice_name} if slice_name else {}), **facts}
