"""Bundles: the addresses of their entries (https://hl7.org/fhir/R4/bundle.html#bundle-unique)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vbpr_conformance.validate.compile.reference_targets import type_in
from vbpr_conformance.validate.issue import Drafts, IssueDraft, below, shown

_RULE = "full-url:Bundle.entry.fullUrl"
_PROFILE = "http://hl7.org/fhir/StructureDefinition/Bundle"
_MAY_LACK = frozenset({"batch", "transaction", "batch-response", "transaction-response"})


def issues(bundle: dict[str, Any], is_resource: Callable[[str], bool]) -> Drafts:
    """Judge the addresses of the entries; `is_resource` tells names of types of resource."""
    entries = bundle.get("entry")
    found: Drafts = []
    for position, entry in enumerate(entries if type(entries) is list else ()):
        resource = entry.get("resource") if type(entry) is dict else None
        if type(resource) is not dict:
            continue
        trouble = _trouble(entry.get("fullUrl"), resource, bundle.get("type"), is_resource)
        if trouble is not None:
            found += below([IssueDraft("error", "value", _RULE, _PROFILE, trouble)], f".entry[{position}].fullUrl")
    return found


def _trouble(full_url: Any, resource: dict[str, Any], kind: Any, is_resource: Callable[[str], bool]) -> str | None:
    name = resource.get("id")
    if full_url is None:
        if type(kind) is not str or kind in _MAY_LACK or name is None:
            return None
        return f"fullUrl is missing: each entry of a Bundle of type {kind} has the address of its resource."
    if type(full_url) is not str:
        return None
    if ":" not in full_url:
        return f"{shown(full_url)} found, expected an absolute URL."
    if full_url.startswith(("http://", "https://")) and type(name) is str and not full_url.endswith(f"/{name}"):
        return f"{shown(full_url)} found, which disagrees with the id {shown(name)} of the resource."
    named, actual = type_in(full_url), resource.get("resourceType")
    if named is not None and is_resource(named) and named != actual:
        return f"{shown(full_url)} found, which is the address of a {named}, not of a {actual}."
    return None
