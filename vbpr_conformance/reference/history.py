"""History of a resource, of a type and of the whole server.

https://hl7.org/fhir/R4/http.html#history
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from vbpr_conformance.fhir import json_codec
from vbpr_conformance.reference.access.access_control import may
from vbpr_conformance.reference.crud import etag
from vbpr_conformance.reference.http_messages import Request, Response
from vbpr_conformance.reference.pages import Result, count_of, first_page
from vbpr_conformance.reference.problems import ProblemError
from vbpr_conformance.reference.server import known_type

if TYPE_CHECKING:
    from vbpr_conformance.reference.server import Server
    from vbpr_conformance.reference.store import StoredVersion


def history_instance(server: Server, request: Request) -> Response:
    """Give all versions of a resource, its deletion included, newest first."""
    known_type(server, request.type)
    if server.store.current(request.type, request.id) is None:
        raise ProblemError(404, f"{request.type}/{request.id} was never here")
    return _history(server, request, "type = ? AND id = ?", [request.type, request.id])


def history_type(server: Server, request: Request) -> Response:
    """Give all versions of all resources of a type, newest first."""
    known_type(server, request.type)
    return _history(server, request, "type = ?", [request.type])


def history_system(server: Server, request: Request) -> Response:
    """Give all versions of all resources, newest first."""
    allowed = [each for each in server.types if may(request, server.behaviour, each, "s")]
    return _history(server, request, f"type IN ({','.join('?' * len(allowed))})", list(allowed))


def _history(server: Server, request: Request, where: str, values: list[Any]) -> Response:
    for name, value in request.query:
        if name == "_since":
            where += " AND julianday(updated) >= julianday(?)"
            values.append(_instant(value))
    sql = f"SELECT seq FROM version WHERE {where} ORDER BY seq DESC"  # noqa: S608  # conditions of this module
    seqs = [seq for (seq,) in server.store.select(sql, values)]
    query = [pair for pair in request.query if pair[0] in {"_since", "_count"}]
    return first_page(
        server, request, Result("history", seqs, count_of(server, query), query, len(seqs)), history_entries
    )


def _instant(text: str) -> str:
    try:
        return datetime.fromisoformat(text.replace(" ", "+")).isoformat()
    except ValueError:
        raise ProblemError(400, f"_since={text}: an instant was expected") from None


def history_entries(server: Server, request: Request, seqs: list[int], _result: Result) -> list[str]:
    """Write versions as the entries of a history Bundle."""
    rows = server.store.rows(seqs)
    only_granted(server, request, rows)
    return [_entry(server, request.base, row) for row in rows]


def only_granted(server: Server, request: Request, rows: list[StoredVersion]) -> None:
    """Refuse a page with resources of types that the sender of the request may neither read nor search."""
    if not all(
        any(may(request, server.behaviour, each, letter) for letter in "rs") for each in {row.type for row in rows}
    ):
        raise ProblemError(403, "the scopes of the token are too narrow", code="forbidden")


def _entry(server: Server, base: str, row: StoredVersion) -> str:
    status = {"POST": "201 Created", "DELETE": "204 No Content"}.get(row.method)
    if status is None:
        status = "201 Created" if row.version == "1" else "200 OK"
    url = row.type if row.method == "POST" else row.key
    entry = {
        "request": {"method": row.method, "url": url},
        "response": {"status": status, "etag": etag(row), "lastModified": row.updated},
    }
    content = f',"resource":{server.show(row, base)}' if row.body is not None else ""
    return f'{{"fullUrl":{json_codec.dumps(f"{base}/{row.key}")}{content},{json_codec.dumps(entry)[1:-1]}}}'
