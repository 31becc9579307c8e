"""Conditional create, update, patch and delete: the resource is named by a search.

https://hl7.org/fhir/R4/http.html#ccreate, https://hl7.org/fhir/R4/http.html#cond-update
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from vbpr_conformance.fhir.resource_ids import RESOURCE_ID
from vbpr_conformance.reference import crud
from vbpr_conformance.reference.http_messages import Request, Response, pairs
from vbpr_conformance.reference.problems import ProblemError
from vbpr_conformance.reference.searching import all_matches, one_match
from vbpr_conformance.reference.server import known_type

if TYPE_CHECKING:
    from vbpr_conformance.reference.server import Server
    from vbpr_conformance.reference.store import StoredVersion


def create(server: Server, request: Request) -> Response:
    """Create unless a resource matches `If-None-Exist`, which is then the answer."""
    resource = crud.incoming(server, request)
    row = _existing(server, request)
    if row is None:
        return crud.created(server, request, resource, request.given_id or crud.fresh_id(server, request.type), None)
    response = crud.answered(server, request, row, 200)
    response.headers["Location"] = crud.location(request, row)
    return response


def _existing(server: Server, request: Request) -> StoredVersion | None:
    condition = request.header("if-none-exist").rpartition("?")[2]
    seq = one_match(server, request, condition, pairs(condition))
    return server.store.rows([seq])[0] if seq is not None else None


def update(server: Server, request: Request) -> Response:
    """Update the one match, or create where there is none."""
    resource = crud.incoming(server, request)
    seq = one_match(server, request, urlencode(request.query), request.query)
    named = resource.get("id")
    if seq is None:
        if named is None:
            return crud.created(
                server, request, resource, request.given_id or crud.fresh_id(server, request.type), None
            )
        if not isinstance(named, str) or not RESOURCE_ID.fullmatch(named):
            raise ProblemError(400, f"{named} is no id")
        if server.alive(f"{request.type}/{named}"):
            raise ProblemError(409, f"nothing matches, and {request.type}/{named} is another resource")
        return crud.save(server, request, resource, named)
    row = server.store.rows([seq])[0]
    if named is not None and named != row.id:
        raise ProblemError(400, f"the resource has the id {named}, the match is {row.key}")
    return crud.save(server, request, resource, row.id)


def patch(server: Server, request: Request) -> Response:
    """Patch the one match."""
    known_type(server, request.type)
    seq = one_match(server, request, urlencode(request.query), request.query)
    if seq is None:
        raise ProblemError(404, "nothing matches the condition")
    return crud.patched(server, request, server.store.rows([seq])[0])


def delete(server: Server, request: Request) -> Response:
    """Delete all matches.

    https://hl7.org/fhir/R4/http.html#3.1.0.7.1
    """
    known_type(server, request.type)
    with server.store.transaction():
        found = all_matches(server, request, request.query)
        for row in server.store.rows(found[:1] if server.behaviour.deletes_one else found):
            server.remove(row)
    return Response(204)
