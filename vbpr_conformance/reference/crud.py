"""Interactions on one resource: create, read, vread, update, patch, delete.

https://hl7.org/fhir/R4/http.html
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import jsonpatch
from jsonpointer import JsonPointerException

from vbpr_conformance.fhir import json_codec
from vbpr_conformance.fhir.resource_ids import RESOURCE_ID
from vbpr_conformance.reference.content import read_patch, read_resource
from vbpr_conformance.reference.http_messages import Request, Response
from vbpr_conformance.reference.literal_references import literal_references, local_key
from vbpr_conformance.reference.problems import ProblemError, all_well
from vbpr_conformance.reference.server import known_type
from vbpr_conformance.reference.subsetting import shaped

if TYPE_CHECKING:
    from vbpr_conformance.reference.server import Server
    from vbpr_conformance.reference.store import StoredVersion


def read(server: Server, request: Request) -> Response:
    """Give the current version; 404 if there never was one, 410 if it was deleted, 304 if the client has it."""
    row = living(server, request)
    if _is_known(request, row):
        return Response(304, headers(row))
    return Response(200, headers(row), text=shaped(server, request, server.show(row, request.base)))


def vread(server: Server, request: Request) -> Response:
    """Give one version; 410 if that version is the deletion."""
    known_type(server, request.type)
    row = server.store.version(request.type, request.id, request.steps[3])
    if row is None:
        raise ProblemError(404, f"there is no version {request.steps[3]} of {request.type}/{request.id}")
    if row.body is None:
        raise ProblemError(410, f"version {row.version} of {row.key} is its deletion", headers=headers(row))
    if _is_known(request, row):
        return Response(304, headers(row))
    return Response(200, headers(row), text=shaped(server, request, server.show(row, request.base)))


def create(server: Server, request: Request) -> Response:
    """Store a new resource under an id of the server's choice."""
    resource = incoming(server, request)
    own = resource.get("id") if server.behaviour.client_id_on_create else None
    return created(server, request, resource, request.given_id or own or fresh_id(server, request.type), None)


def update(server: Server, request: Request) -> Response:
    """Store a new version of a resource, or a new resource under the id that the client chose."""
    known_type(server, request.type)
    if not RESOURCE_ID.fullmatch(request.id) and not server.behaviour.any_id:
        raise ProblemError(400, f"{request.id} is no id: letters, digits, '-' and '.' make one, at most 64")
    resource = incoming(server, request)
    if resource.get("id") != request.id and not server.behaviour.id_may_differ:
        raise ProblemError(400, f"the resource has the id {resource.get('id')}, the URL says {request.id}")
    return save(server, request, resource, request.id)


def save(server: Server, request: Request, resource: dict[str, Any], resource_id: str) -> Response:
    """Store a checked resource under an id, over what is there if that is what the client means."""
    previous = server.store.current(request.type, resource_id)
    _if_match(request, previous)
    if previous is None or previous.body is None:
        if not server.behaviour.update_as_create:
            raise ProblemError(405, f"{request.type}/{resource_id} is not here: ids are given by the server")
        return created(server, request, resource, resource_id, previous)
    if server.behaviour.unchanged_keeps_version and same(resource, json_codec.loads(previous.text)):
        return answered(server, request, previous, 200)
    return answered(server, request, server.put(resource, request, resource_id, previous), 200)


def patch(server: Server, request: Request) -> Response:
    """Change the current version by a JSON Patch (RFC 6902)."""
    return patched(server, request, living(server, request))


def patched(server: Server, request: Request, row: StoredVersion) -> Response:
    """Apply the request's JSON Patch to a resource."""
    _if_match(request, row)
    operations = request.resource if request.in_bundle else read_patch(request)
    before = json_codec.loads(row.text)
    try:
        after = jsonpatch.JsonPatch(operations).apply(before)
    except (jsonpatch.JsonPatchConflict, jsonpatch.JsonPatchTestFailed) as error:
        raise ProblemError(422, f"the patch does not apply: {error}") from None
    except (jsonpatch.JsonPatchException, JsonPointerException, TypeError, KeyError) as error:
        raise ProblemError(400, f"not a JSON Patch: {error}", code="structure") from None
    if not isinstance(after, dict) or (after.get("resourceType"), after.get("id")) != (row.type, row.id):
        raise ProblemError(422, "the patch may not change resourceType or id")
    server.check(after)
    _check_targets(server, request, after)
    return answered(server, request, server.put(after, request, row.id, row), 200)


def delete(server: Server, request: Request) -> Response:
    """Delete a resource; what is not there is deleted already.

    https://hl7.org/fhir/R4/http.html#delete
    """
    known_type(server, request.type)
    row = server.store.current(request.type, request.id)
    _if_match(request, row)
    if row is None:
        return Response(204)
    if row.body is not None:
        if server.behaviour.keeps_what_is_referred_to and server.store.refers_to(row.key):
            raise ProblemError(409, f"others refer to {row.key}", code="conflict")
        row = server.remove(row)
    return Response(204, {"ETag": etag(row)})


def living(server: Server, request: Request) -> StoredVersion:
    """Find the current version of the resource in the URL."""
    known_type(server, request.type)
    row = server.store.current(request.type, request.id)
    if row is None:
        raise ProblemError(404, f"{request.type}/{request.id} is not here")
    if row.body is None:
        raise ProblemError(410, f"{row.key} was deleted", headers=headers(row))
    return row


def incoming(server: Server, request: Request) -> dict[str, Any]:
    """Read and check the resource that a request carries."""
    known_type(server, request.type)
    resource = read_resource(server, request)
    if resource["resourceType"] != request.type:
        raise ProblemError(400, f"the resource is a {resource['resourceType']}, the URL says {request.type}")
    if server.behaviour.validates_in_bundles or not request.in_bundle:
        server.check(resource)
    _check_targets(server, request, resource)
    return resource


def _check_targets(server: Server, request: Request, resource: dict[str, Any]) -> None:
    """Refuse references to what is not here, where the server holds to that.

    https://hl7.org/fhir/R4/http.html#create (referential integrity is the server's choice)
    """
    if not server.behaviour.references_must_exist:
        return
    for reference in literal_references(resource):
        key = local_key(reference, request.base)
        served = key is not None and key.partition("/")[0] in server.types
        if key is not None and served and key not in request.coming and not server.alive(key):
            raise ProblemError(422, f"the reference to {reference} points to nothing here")


def fresh_id(server: Server, resource_type: str) -> str:
    """Give an id that no resource of the type ever had."""
    while True:
        candidate = str(uuid.uuid4()) if server.behaviour.uuid_ids else server.behaviour.new_id()
        if server.store.current(resource_type, candidate) is None:
            return candidate


def created(
    server: Server, request: Request, resource: dict[str, Any], resource_id: str, previous: StoredVersion | None
) -> Response:
    """Store a new resource and say where it is."""
    row = server.put(resource, request, resource_id, previous)
    response = answered(server, request, row, 201)
    response.headers["Location"] = location(request, row)
    return response


def answered(server: Server, request: Request, row: StoredVersion, status: int) -> Response:
    """Answer a write as `Prefer: return` asks; without it, with the resource.

    https://hl7.org/fhir/R4/http.html#ops
    """
    wanted = request.preference("return") if server.behaviour.preferences else ""
    if wanted == "minimal" or (server.behaviour.minimal and not wanted):
        return Response(status, headers(row))
    if wanted == "OperationOutcome":
        return Response(status, headers(row), all_well(f"{row.key} is stored as version {row.version}"))
    return Response(status, headers(row), text=server.show(row, request.base))


def location(request: Request, row: StoredVersion) -> str:
    """Give the URL of a version."""
    return f"{request.base}/{row.key}/_history/{row.version}"


def etag(row: StoredVersion) -> str:
    """Give the version as a weak entity tag."""
    return f'W/"{row.version}"'


def headers(row: StoredVersion) -> dict[str, str]:
    """Give the headers that describe a version."""
    return {"ETag": etag(row), "Last-Modified": format_datetime(updated(row), usegmt=True)}


def updated(row: StoredVersion) -> datetime:
    """Give the moment at which a version was stored."""
    return datetime.fromisoformat(row.updated)


def instant_of(header: str) -> str:
    """Turn the date of a header into an instant."""
    return parsedate_to_datetime(header).isoformat().replace("+00:00", "Z")


def _tags(header: str) -> list[str]:
    """Read entity tags; the quotes and the mark of weakness are forgiven."""
    return [each.strip().removeprefix("W/").strip('"') for each in header.split(",") if each.strip()]


def _if_match(request: Request, row: StoredVersion | None) -> None:
    """Refuse a write over a version that the client has not seen.

    https://hl7.org/fhir/R4/http.html#concurrency
    """
    tags = _tags(request.header("if-match"))
    if not tags:
        return
    now = row.version if row is not None and row.body is not None else None
    if now is None or ("*" not in tags and now not in tags):
        raise ProblemError(412, f"If-Match asks for version {', '.join(tags)}: the current one is {now or 'none'}")


def _is_known(request: Request, row: StoredVersion) -> bool:
    """Whether a conditional read finds nothing new.

    https://hl7.org/fhir/R4/http.html#cread
    """
    tags = _tags(request.header("if-none-match"))
    if tags:
        return "*" in tags or row.version in tags
    since = request.header("if-modified-since")
    if not since:
        return False
    try:
        moment = parsedate_to_datetime(since)
    except ValueError:
        return False
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return updated(row).replace(microsecond=0) <= moment


def same(new: dict[str, Any], old: dict[str, Any]) -> bool:
    """Whether two versions differ in nothing but what the server itself sets."""
    return json_codec.dumps(_bare(new)) == json_codec.dumps(_bare(old))


def _bare(resource: dict[str, Any]) -> list[tuple[str, Any]]:
    meta = {k: v for k, v in (resource.get("meta") or {}).items() if k not in {"versionId", "lastUpdated"}}
    return sorted((k, v) for k, v in ({**resource, "meta": meta}).items() if k != "id")
