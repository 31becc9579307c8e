"""Generated resources as JSON, NDJSON or a Bundle."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any, TextIO

from vbpr_conformance.fhir.json_codec import dumps


def write(resources: Iterable[dict[str, Any]], form: str, out: TextIO) -> None:
    """Write resources in `form`: `json` (one after the other), `ndjson` (a line each) or `bundle` (one collection)."""
    if form == "bundle":
        out.write(dumps(bundle(resources), indent=2) + "\n")
        return
    indent = None if form == "ndjson" else 2
    out.writelines(dumps(resource, indent=indent) + "\n" for resource in resources)


def bundle(resources: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Put resources into one Bundle; Bundles among them are opened, their entries kept as they are.

    Entries that all say how they are to be written make a transaction, ready to be sent to a server; others make a
    collection (https://hl7.org/fhir/R4/bundle.html). Every entry has a fullUrl, so that references can be resolved.
    """
    entries: list[dict[str, Any]] = []
    for resource in resources:
        if resource["resourceType"] == "Bundle":
            entries += resource.get("entry", [])
        else:
            entries.append({"fullUrl": _full_url(resource, len(entries)), "resource": resource})
    written = all("request" in entry for entry in entries)
    return {"resourceType": "Bundle", "type": "transaction" if written else "collection", "entry": entries}


def _full_url(resource: dict[str, Any], index: int) -> str:
    """Name a resource by its id where it has one; else by a UUID that follows from its place."""
    if "id" in resource:
        return f"http://example.org/fhir/{resource['resourceType']}/{resource['id']}"
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, str(index))}"
