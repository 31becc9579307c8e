"""The server as an ASGI 3 application: bytes in, bytes out (https://asgi.readthedocs.io/en/latest/specs/www.html)."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.reference.behaviour import changed
from vbpr_conformance.reference.content import JSON, negotiate, render
from vbpr_conformance.reference.faults import find_fault
from vbpr_conformance.reference.http_messages import Request, Response, pairs, steps
from vbpr_conformance.reference.permitted_variations import find_variation
from vbpr_conformance.reference.problems import ProblemError, issue, outcome
from vbpr_conformance.reference.routes import route
from vbpr_conformance.reference.server import Server
from vbpr_conformance.reference.store import Store

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

ROOT = "/fhir"
"""Where the server lives below its host."""
MAX_BODY = 64 * 1024 * 1024
"""The largest body that is taken, in bytes."""
_log = logging.getLogger(__name__)


class App:
    """The ASGI application around a `Server`."""

    def __init__(self, server: Server) -> None:
        self.server = server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        body = await _body(receive)
        if body is None:
            return
        status, headers, content = self.handle(scope["method"], _path(scope), _headers(scope), body)
        coded = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": coded})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else content})

    def handle(
        self, method: str, target: str, headers: dict[str, str], body: bytes = b""
    ) -> tuple[int, dict[str, str], bytes]:
        """Answer one request, away from sockets: status, headers, body."""
        path, _, query = target.partition("?")
        base = f"{headers.get('x-forwarded-proto', 'http')}://{headers.get('host', 'localhost')}{ROOT}"
        below = path.removeprefix(ROOT) if path == ROOT or path.startswith(f"{ROOT}/") else None
        request = Request(method, steps(below or ""), pairs(query), headers, base, body)
        form = "json"
        try:
            form = negotiate(self.server, request)
            for change in self.server.behaviour.format:
                form = change(request, form)
            response = self._answer(request, known=below is not None)
        except ProblemError as problem:
            response = self.server.refused(request, problem)
        return self._rendered(request, response, form)

    def _answer(self, request: Request, *, known: bool) -> Response:
        if not known:
            raise ProblemError(404, f"the FHIR server is at {request.base}")
        if len(request.body) > MAX_BODY:
            raise ProblemError(413, f"the body is larger than {MAX_BODY // 1024 // 1024} MiB")
        return self.server.answer(request)

    def _rendered(self, request: Request, response: Response, form: str) -> tuple[int, dict[str, str], bytes]:
        try:
            content = render(self.server, request, response, form)
        except Exception:  # noqa: BLE001  # whatever breaks down, the client gets a FHIR answer; it is logged
            _log.exception("writing the answer to %s /%s", request.method, "/".join(request.steps))
            failed = outcome([issue("exception", "the answer could not be written in this format")])
            response = Response(500, {"Content-Type": JSON}, failed)
            content = response.json().encode()
        if response.status not in {204, 304}:
            response.headers["Content-Length"] = str(len(content))
        return response.status, response.headers, content


def make_app(
    edition: Edition,
    store: Store,
    *,
    fault: str | None = None,
    variations: Sequence[str] = (),
    validate: bool = True,
) -> App:
    """Make the application; `fault` and `variations` name changes of its behaviour."""
    changes = [find_variation(each).change for each in variations]
    if fault is not None:
        changes.append(find_fault(edition, fault).change)
    server = Server(edition, store, changed(changes), validate=validate)
    server.route_with(route)
    return App(server)


async def _body(receive: Receive) -> bytes | None:
    """Read the whole body; None if the client went away. What is too large is read but not kept."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part = message.get("body", b"")
        if size <= MAX_BODY:
            parts.append(part)
        size += len(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _path(scope: Scope) -> str:
    raw = scope.get("raw_path") or scope["path"].encode()
    query = scope.get("query_string", b"")
    path: str = raw.partition(b"?")[0].decode("latin-1")
    return f"{path}?{query.decode('latin-1')}" if query else path


def _headers(scope: Scope) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        key = name.decode("latin-1").lower()
        text = value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found
