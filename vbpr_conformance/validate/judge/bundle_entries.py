"""Bundles: the addresses of their entries, and what documents and messages must hold.

https://hl7.org/fhir/R4/bundle.html#bundle-unique, https://hl7.org/fhir/R4/documents.html#bundle
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from vbpr_conformance.fhir.resource_ids import type_in
from vbpr_conformance.validate.issue import Drafts, IssueDraft, below, shown
from vbpr_conformance.validate.judge.listed_objects import objects
from vbpr_conformance.validate.judge.scope import Bundle, Scope

_RULE = "full-url:Bundle.entry.fullUrl"
_PROFILE = "http://hl7.org/fhir/StructureDefinition/Bundle"
_MAY_LACK = frozenset({"batch", "transaction", "batch-response", "transaction-response"})


def issues(bundle: dict[str, Any], is_resource: Callable[[str], bool]) -> Drafts:
    """Judge the addresses of the entries; `is_resource` tells names of types of resource."""
    entries = bundle.get("entry")
    found: Drafts = []
    searched = _searched_type(bundle, is_resource) if bundle.get("type") == "searchset" else None
    for position, entry in enumerate(entries if type(entries) is list else ()):
        if type(entry) is not dict:
            continue
        step, resource = f".entry[{position}]", entry.get("resource")
        if type(resource) is dict:
            error = _trouble(entry.get("fullUrl"), resource, bundle.get("type"), is_resource)
            if error is not None:
                found += below([IssueDraft("error", "value", _RULE, _PROFILE, error)], f"{step}.fullUrl")
        if bundle.get("type") == "searchset":
            error = _no_result(entry, resource, searched)
            if error is not None:
                found += below([IssueDraft("error", "invalid", _RESULT, _PROFILE, error)], step)
    return found


_RESULT = "search-result:Bundle.entry"


def _searched_type(bundle: dict[str, Any], is_resource: Callable[[str], bool]) -> str | None:
    """The type of resource that was searched for, by the self link; None where it does not tell."""
    for link in objects(bundle, "link"):
        if link.get("relation") == "self" and type(link.get("url")) is str:
            last = link["url"].partition("?")[0].removesuffix("/_search").rpartition("/")[2]
            return last if last[:1].isupper() and is_resource(last) else None
    return None


def _no_result(entry: dict[str, Any], resource: Any, searched: str | None) -> str | None:
    """Say why an entry is no result of a search (https://hl7.org/fhir/R4/bundle.html#searchset, `search.mode`)."""
    search = entry.get("search")
    mode = search.get("mode") if type(search) is dict else None
    if resource is None:
        return "An entry without resource found: each entry of a searchset is a result or an outcome."
    if type(resource) is not dict:
        return None
    kind = resource.get("resourceType")
    if mode == "outcome" and kind != "OperationOutcome":
        return f"{shown(kind)} found with the mode outcome, which is that of an OperationOutcome."
    if mode == "match" and searched is not None and kind != searched:
        return f"{shown(kind)} found with the mode match, but by the self link {searched} was searched for."
    if mode in ("match", "include") and "id" not in resource and kind != "OperationOutcome":
        return f"A {kind} without id found: what a search finds has one."
    return None


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
    if named == actual and name is None and str(kind) not in _MAY_LACK and not full_url.startswith("urn:"):
        return f"{shown(full_url)} found, but the resource has no id."
    if named is not None and is_resource(named) and named != actual:
        return f"{shown(full_url)} found, which is the address of a {named}, not of a {actual}."
    return None


_REFERENCE = "reference:Bundle.entry.resource"
_FIRST = {"document": "Composition", "message": "MessageHeader"}
_EXTENSIONS = frozenset({"extension", "modifierExtension"})
"""Where they lead is theirs to say: R4 asks for what its own elements refer to."""
_MAY_STAND_ALONE = frozenset({"Provenance", "Binary"})


def closure_issues(scope: Scope) -> Drafts:
    """Judge a document or message: what its first resource refers to is in it, and a document holds nothing else."""
    bundle = scope.entries()
    entries = bundle.listed
    if not entries or entries[0][0].get("resourceType") != _FIRST.get(str(bundle.type)):
        return []  # bdl-11 and bdl-12 tell of another first resource
    first, full_url = entries[0]
    start = first if bundle.type == "document" else {"focus": first.get("focus")}
    found: Drafts = []
    for path, reference in _references(start, ".entry[0].resource", _EXTENSIONS):
        if reference.startswith("#"):
            continue
        url, base, version = _asked(reference, full_url)
        several = len(bundle.matching(url, base))
        message = None
        if bundle.find(url, base, version) is None:
            message = f"no entry of the {bundle.type} has this address{' and version' if version else ''}"
        elif several > 1 and not version:
            message = f"{several} entries of the {bundle.type} have this address, and no version is named"
        if message is not None:
            draft = IssueDraft("error", "not-found", _REFERENCE, _PROFILE, f"{shown(reference)} found, but {message}.")
            found += below([draft], path)
    return found + (_unreachable(bundle) if bundle.type == "document" else [])


def _unreachable(bundle: Bundle) -> Drafts:
    """Say which entries no way of references, forward or backward, leads to from the Composition."""
    links: dict[int, set[int]] = {id(resource): set() for resource, _ in bundle.listed}
    for resource, full_url in bundle.listed:
        for _, reference in _references(resource, ""):
            target = bundle.find(*_asked(reference, full_url))
            if target is not None:
                links[id(resource)].add(id(target[0]))
                links[id(target[0])].add(id(resource))
    reached, waiting = set[int](), [id(bundle.listed[0][0])]
    while waiting:
        each = waiting.pop()
        if each not in reached:
            reached.add(each)
            waiting += links[each]
    message = "An entry found that no reference leads to from the Composition: a document holds nothing else."
    return [
        finding
        for position, (resource, _) in enumerate(bundle.listed)
        if id(resource) not in reached and str(resource.get("resourceType")) not in _MAY_STAND_ALONE
        for finding in below([IssueDraft("error", "invalid", _REFERENCE, _PROFILE, message)], f".entry[{position}]")
    ]


def _asked(reference: str, full_url: str | None) -> tuple[str, str | None, str]:
    url, _, version = reference.partition("#")[0].partition("/_history/")
    return url, full_url, version


def _references(value: Any, path: str, passed_over: frozenset[str] = frozenset()) -> Iterator[tuple[str, str]]:
    """Give the literal references below a value, each with its place, but not those below these elements."""
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield f"{path}.reference", value["reference"]
        for name, each in value.items():
            if name not in passed_over:
                yield from _references(each, f"{path}.{name}", passed_over)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _references(each, f"{path}[{index}]", passed_over)
