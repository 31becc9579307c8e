"""Batch and transaction: several interactions in one request.

https://hl7.org/fhir/R4/http.html#transaction
"""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from vbpr_conformance.fhir import json_codec
from vbpr_conformance.reference import crud
from vbpr_conformance.reference.content import JSON_PATCH, read_resource
from vbpr_conformance.reference.http_messages import Request, Response, pairs, steps
from vbpr_conformance.reference.patches import patch_in_bundle
from vbpr_conformance.reference.problems import ProblemError
from vbpr_conformance.reference.searching import one_match
from vbpr_conformance.reference.transaction_references import resolve

if TYPE_CHECKING:
    from vbpr_conformance.reference.server import Server

_ORDER = {"DELETE": 0, "POST": 1, "PUT": 2, "PATCH": 2, "GET": 3, "HEAD": 3}
"""https://hl7.org/fhir/R4/http.html#trules"""
_CONDITIONS = {
    "ifNoneMatch": "if-none-match",
    "ifMatch": "if-match",
    "ifModifiedSince": "if-modified-since",
    "ifNoneExist": "if-none-exist",
}


@dataclass(slots=True)
class BundleEntry:
    """One entry: what it asks, under which name others refer to it, and what became of it."""

    place: int
    full_url: str
    request: Request
    response: Response = field(default_factory=lambda: Response(500))
    will_be: str = ""
    """The `Type/id` that its resource will have, where that is decided before it is carried out."""


def bundle(server: Server, request: Request) -> Response:
    """Carry out a batch or a transaction."""
    if request.in_bundle:
        raise ProblemError(400, "a Bundle inside a Bundle is not carried out", code="not-supported")
    given = read_resource(server, request)
    if given["resourceType"] != "Bundle":
        raise ProblemError(400, f"a Bundle was expected, this is a {given['resourceType']}")
    kind = given.get("type")
    if kind not in {"batch", "transaction"}:
        raise ProblemError(400, f"a Bundle of type batch or transaction was expected, this is a {kind}")
    if kind == "transaction" and not server.behaviour.transactions:
        raise ProblemError(501, "transactions are not carried out here")
    request.interaction = kind
    entries = [_entry(request, place, each) for place, each in enumerate(_listed(given))]
    if kind == "batch":
        for entry in entries:
            entry.response = server.answer(entry.request)
    elif server.behaviour.atomic:
        with server.store.transaction():
            _carry_out(server, entries)
    else:
        _carry_out(server, entries)
    answers = [_answer(entry, request) for entry in entries]
    return Response(200, {}, text=_response_bundle(kind, answers))


def _listed(given: dict[str, Any]) -> list[dict[str, Any]]:
    entries = given.get("entry", [])
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise ProblemError(400, "Bundle.entry: a list of entries was expected", code="structure")
    return entries


def _entry(outer: Request, place: int, given: dict[str, Any]) -> BundleEntry:
    asked = given.get("request")
    if not isinstance(asked, dict) or not isinstance(asked.get("method"), str) or not isinstance(asked.get("url"), str):
        raise ProblemError(400, f"Bundle.entry[{place}].request: method and url were expected", code="structure")
    path, _, query = asked["url"].removeprefix(f"{outer.base}/").partition("?")
    headers = {header: str(asked[name]) for name, header in _CONDITIONS.items() if name in asked}
    headers |= {name: outer.headers[name] for name in ("prefer",) if name in outer.headers}
    request = Request(asked["method"], steps(path), pairs(query), headers, outer.base, in_bundle=True)
    request.resource = given.get("resource")
    request.grant = outer.grant
    if request.method not in _ORDER:
        raise ProblemError(400, f"Bundle.entry[{place}].request.method: {request.method} is no method", code="value")
    if request.method == "PATCH":
        request.headers["content-type"] = JSON_PATCH
        request.resource = patch_in_bundle(request.resource)
    return BundleEntry(place, str(given.get("fullUrl", "")), request)


def _carry_out(server: Server, entries: list[BundleEntry]) -> None:
    """Carry out a transaction in FHIR's order; the first refusal ends it."""
    _settle_ids(server, entries)
    if not server.behaviour.overlap_taken:
        _no_resource_twice(entries)
    known = [each for each in entries if each.full_url.startswith(server.behaviour.names_resolved)]
    names = {each.full_url: each.will_be for each in known if each.full_url and each.will_be}
    resolved, atomic = server.behaviour.references_resolved, server.behaviour.atomic
    if resolved and atomic:
        with_updates = server.behaviour.resolves_in_updates
        resolve(server, names, *(each.request for each in entries if with_updates or each.request.method != "PUT"))
    coming = frozenset(entry.will_be for entry in entries)
    for entry in entries:
        entry.request.coming = coming
    ordered = sorted(entries, key=lambda each: _ORDER[each.request.method])
    for entry in ordered if server.behaviour.transaction_ordered else entries:
        if resolved and not atomic:
            resolve(server, names, entry.request)
        entry.response = server.answer(entry.request)
        if entry.response.status >= 400:  # noqa: PLR2004  # HTTP's errors
            issues = entry.response.parsed().get("issue", []) if entry.response.has_content else []
            placed = [{**each, "expression": [f"Bundle.entry[{entry.place}]"]} for each in issues]
            raise ProblemError(entry.response.status, f"Bundle.entry[{entry.place}] failed", issues=placed)


def _settle_ids(server: Server, entries: list[BundleEntry]) -> None:
    """Decide the identity of each resource before any is written: references to it need it."""
    for entry in entries:
        request = entry.request
        if request.method == "POST" and len(request.steps) == 1 and isinstance(request.resource, dict):
            _settle_create(server, entry)
        elif request.method == "PUT" and len(request.steps) == 1 and isinstance(request.resource, dict):
            _settle_update(server, entry)
        elif request.method in {"PUT", "PATCH", "DELETE"} and len(request.steps) == 2:  # noqa: PLR2004  # Type/id
            entry.will_be = "/".join(request.steps)


def _settle_create(server: Server, entry: BundleEntry) -> None:
    request = entry.request
    condition = request.header("if-none-exist").rpartition("?")[2]
    seq = one_match(server, request, condition, pairs(condition)) if condition else None
    if seq is not None:
        entry.will_be = server.store.rows([seq])[0].key
        return
    if request.type in server.types:
        request.given_id = crud.fresh_id(server, request.type)
        entry.will_be = f"{request.type}/{request.given_id}"


def _settle_update(server: Server, entry: BundleEntry) -> None:
    request = entry.request
    if request.type not in server.types:
        return
    seq = one_match(server, request, urlencode(request.query), request.query)
    if seq is not None:
        entry.will_be = server.store.rows([seq])[0].key
        return
    request.given_id = request.resource.get("id") or crud.fresh_id(server, request.type)
    entry.will_be = f"{request.type}/{request.given_id}"


def _no_resource_twice(entries: list[BundleEntry]) -> None:
    seen: set[str] = set()
    for entry in entries:
        if not entry.will_be or (entry.request.method == "POST" and entry.request.header("if-none-exist")):
            continue
        if entry.will_be in seen:
            raise ProblemError(400, f"{entry.will_be} is changed twice in one transaction", code="duplicate")
        seen.add(entry.will_be)


def _answer(entry: BundleEntry, outer: Request) -> str:
    response = entry.response
    text: dict[str, Any] = {"status": f"{response.status} {HTTPStatus(response.status).phrase}"}
    for header, name in (("Location", "location"), ("ETag", "etag")):
        if header in response.headers:
            text[name] = response.headers[header]
    modified = response.headers.get("Last-Modified")
    if modified is not None:
        text["lastModified"] = crud.instant_of(modified)
    parts = []
    content = response.parsed() if response.has_content else None
    if content is not None and content["resourceType"] == "OperationOutcome":
        text["outcome"] = content
    elif content is not None and _is_shown(entry, outer):
        parts.append(f'"resource":{response.json()}')
    if entry.will_be and response.status in {200, 201}:
        parts.insert(0, f'"fullUrl":{json_codec.dumps(f"{outer.base}/{entry.will_be}")}')
    parts.append(f'"response":{json_codec.dumps(text)}')
    return f"{{{','.join(parts)}}}"


def _is_shown(entry: BundleEntry, outer: Request) -> bool:
    """Whether the resource comes back: what was asked for always, what was written if that is preferred."""
    return entry.request.method == "GET" or outer.preference("return") == "representation"


def _response_bundle(kind: str, answers: list[str]) -> str:
    head = f'{{"resourceType":"Bundle","type":"{kind}-response"'
    return f'{head},"entry":[{",".join(answers)}]}}' if answers else f"{head}}}"
