"""Parts of a resource, where the client does not want all of it: `_summary` and `_elements`.

https://hl7.org/fhir/R4/search.html#summary, https://hl7.org/fhir/R4/search.html#elements
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from vbpr_conformance.fhir import json_codec
from vbpr_conformance.reference.http_messages import Pairs, Request
from vbpr_conformance.reference.problems import ProblemError

if TYPE_CHECKING:
    from vbpr_conformance.ig.model import Element
    from vbpr_conformance.reference.server import Server

SUBSETTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
}
_ALWAYS = ("resourceType", "id", "meta")


def shaped(server: Server, request: Request, text: str) -> str:
    """Give the JSON text of a resource, or of the part of it that the request asks for."""
    if not any(name in {"_summary", "_elements"} for name, _ in request.query):
        return text
    return cut(server, request.query, text)


def cut(server: Server, query: Pairs, text: str) -> str:
    """Leave out of a resource what `_summary` and `_elements` do not ask for."""
    asked = dict(query)
    summary = asked.get("_summary", "false")
    if summary not in {"true", "false", "text", "data", "count"}:
        raise ProblemError(400, f"_summary={summary}: true, false, text, data and count are known")
    names = [each for each in asked.get("_elements", "").split(",") if each]
    if summary == "false" and not names:
        return text
    resource = json_codec.loads(text)
    base = server.edition.profile(resource["resourceType"]).root
    if names:
        kept = _chosen(resource, names, base)
    elif summary == "text":
        kept = _named(resource, {"text"} | _mandatory(base))
    elif summary == "data":
        kept = {name: value for name, value in resource.items() if name != "text"}
    else:
        kept = _summarised(resource, base)
    return json_codec.dumps(_marked(kept))


def _marked(resource: dict[str, Any]) -> dict[str, Any]:
    meta = dict(resource.get("meta", {}))
    meta["tag"] = [*meta.get("tag", ()), SUBSETTED]
    first = {"resourceType": resource["resourceType"], "id": resource.get("id"), "meta": meta}
    return first | {name: value for name, value in resource.items() if name not in _ALWAYS}


def _named(resource: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if name in _ALWAYS or name.lstrip("_") in names}


def _mandatory(base: Element) -> set[str]:
    return {child.name for child in base.children if child.min > 0}


def _chosen(resource: Mapping[str, Any], names: list[str], base: Element) -> dict[str, Any]:
    """Keep the elements that are named (`group.code` keeps the group), and the mandatory ones."""
    first = {each.rpartition(":")[2].removeprefix(f"{resource['resourceType']}.").partition(".")[0] for each in names}
    return _named(resource, first | _mandatory(base))


def _summarised(resource: dict[str, Any], base: Element) -> dict[str, Any]:
    kept = _summary_part(resource, base)
    return {name: resource[name] for name in _ALWAYS if name in resource} | kept


def _summary_part(value: dict[str, Any], element: Element) -> dict[str, Any]:
    """Keep the elements that their definition marks as summary, level by level where they are defined in place."""
    kept: dict[str, Any] = {}
    for name, inner in value.items():
        child = _child(element, name.lstrip("_"))
        if child is None or not child.is_summary:
            continue
        if child.children and isinstance(inner, list):
            kept[name] = [_summary_part(each, child) if isinstance(each, dict) else each for each in inner]
        elif child.children and isinstance(inner, dict):
            kept[name] = _summary_part(inner, child)
        else:
            kept[name] = inner
    return kept


def _child(element: Element, name: str) -> Element | None:
    found = element.by_name.get(name)
    if found is not None:
        return found
    return next((each for each in element.children if each.is_choice and name.startswith(each.name[:-3])), None)
