"""The server as an ASGI 3 application: bytes in, bytes out (https://asgi.readthedocs.io/en/latest/specs/www.html)."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any, NamedTuple

from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.reference.access.access_control import AccessControl
from vbpr_conformance.reference.behaviour import changed
from vbpr_conformance.reference.content import JSON, negotiate, render
from vbpr_conformance.reference.faults import find_fault
from vbpr_conformance.reference.http_messages import Request, Response, pairs, steps
from vbpr_conformance.reference.permitted_variations import find_variation
from vbpr_conformance.reference.problems import ProblemError, issue, outcome
from vbpr_conformance.reference.request_body import BodyReader, Receive
from vbpr_conformance.reference.routes import route
from vbpr_conformance.reference.server import Server
from vbpr_conformance.reference.store import Store
from vbpr_conformance.rest.exchange import Exchange
from vbpr_conformance.rest.headers import Headers

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
OnExchange = Callable[[Exchange, str], None]
"""Is told each finished exchange, with the address of the client as `host:port` (empty if it is not known)."""

ROOT = "/fhir"
"""Where the server lives below its host."""
_HOST = re.compile(r"[A-Za-z0-9._\-\[\]:]{1,255}")
_log = logging.getLogger(__name__)


class AppAnswer(NamedTuple):
    """What the application says to one request: `interaction` is empty where the request matched no route."""

    status: int
    headers: dict[str, str]
    content: bytes
    interaction: str


class App:
    """The ASGI application around a `Server`, which lives at the path `root`.

    `on_exchange` sees every exchange, also those that match no route or are not answered because the client went away.
    """

    def __init__(self, server: Server, root: str = ROOT, on_exchange: OnExchange | None = None) -> None:
        self.server = server
        self.root = root
        self._on_exchange = on_exchange
        self._bodies = BodyReader()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        started, begun = time.time(), time.perf_counter()
        target, headers = target_of(scope), headers_of(scope)
        headers.setdefault("x-forwarded-proto", scope.get("scheme", "http"))
        body: bytes | None = b""
        problem = None
        try:
            body = await self._bodies.read(receive)
        except ProblemError as error:
            problem = error
        answer = None
        if body is not None:
            answer = self.answer(scope["method"], target, headers, body, problem)
            coded = [
                (name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in answer.headers.items()
            ]
            await send({"type": "http.response.start", "status": answer.status, "headers": coded})
            await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else answer.content})
        if self._on_exchange is not None:
            sent = Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]])
            exchange = Exchange(
                answer.interaction if answer else "",
                scope["method"],
                f"{scope.get('scheme', 'http')}://{headers.get('host', 'localhost')}{target}",
                sent,
                body or b"",
                answer.status if answer else 0,
                Headers(answer.headers if answer else ()),
                answer.content if answer else b"",
                time.perf_counter() - begun,
                None if answer else "the client went away before its request was complete",
                self.server.edition.structure,
                started,
            )
            self._tell(exchange, scope.get("client"))

    def _tell(self, exchange: Exchange, client: tuple[str, int] | None) -> None:
        assert self._on_exchange is not None  # noqa: S101  # asked before
        try:
            self._on_exchange(exchange, f"{client[0]}:{client[1]}" if client else "")
        except Exception:  # noqa: BLE001  # whatever a recorder does, the server goes on; it is logged
            _log.exception("recording %s %s", exchange.method, exchange.url)

    def handle(
        self, method: str, target: str, headers: dict[str, str], body: bytes = b""
    ) -> tuple[int, dict[str, str], bytes]:
        """AppAnswer one request, away from sockets: status, headers, body."""
        return self.answer(method, target, headers, body)[:3]

    def answer(
        self,
        method: str,
        target: str,
        headers: dict[str, str],
        body: bytes,
        problem: ProblemError | None = None,
    ) -> AppAnswer:
        """AppAnswer one request; `problem` says why its body was not read. Names of headers are in lower case."""
        path, _, query = target.partition("?")
        host, scheme = headers.get("host", "localhost"), headers.get("x-forwarded-proto", "http")
        base = (
            f"{'https' if scheme == 'https' else 'http'}://{host if _HOST.fullmatch(host) else 'localhost'}{self.root}"
        )
        below = path.removeprefix(self.root) if path == self.root or path.startswith(f"{self.root}/") else None
        request = Request(method, steps(below or ""), [], headers, base, body)
        form = "json"
        try:
            request.query = pairs(query)
            form = negotiate(self.server, request)
            for change in self.server.behaviour.format:
                form = change(request, form)
            response = self._other_place(request, path)
            if response is not None:
                return self._rendered(request, response, "json")
            response = self._response(request, problem, known=below is not None)
        except ProblemError as error:
            response = self.server.refused(request, error)
        return self._rendered(request, response, form)

    def _other_place(self, request: Request, path: str) -> Response | None:
        return self.server.access.other_place(request, path) if self.server.access else None

    def _response(self, request: Request, problem: ProblemError | None, *, known: bool) -> Response:
        if not known:
            raise ProblemError(404, f"the FHIR server is at {request.base}")
        if problem is not None:
            route(request)  # names the interaction
            raise problem
        return self.server.answer(request)

    def _rendered(self, request: Request, response: Response, form: str) -> AppAnswer:
        try:
            content = render(self.server, request, response, form)
        except Exception:  # noqa: BLE001  # whatever breaks down, the client gets a FHIR answer; it is logged
            _log.exception("writing the answer to %s /%s", request.method, "/".join(request.steps))
            failed = outcome([issue("exception", "the answer could not be written in this format")])
            response = Response(500, {"Content-Type": JSON}, failed)
            content = response.json().encode()
        if response.status not in {204, 304}:
            response.headers["Content-Length"] = str(len(content))
        return AppAnswer(response.status, response.headers, content, request.interaction)


def make_app(  # noqa: PLR0913  # what a server is made of
    edition: Edition,
    store: Store,
    *,
    fault: str | None = None,
    variations: Sequence[str] = (),
    validate: bool = True,
    root: str = ROOT,
    on_exchange: OnExchange | None = None,
    access: AccessControl | None = None,
) -> App:
    """Make the application; `fault` and `variations` name changes of its behaviour, `access` guards it."""
    changes = [find_variation(each).change for each in variations]
    if fault is not None:
        changes.append(find_fault(edition, fault).change)
    server = Server(edition, store, changed(changes), validate=validate)
    server.route_with(route)
    server.access = access
    return App(server, root, on_exchange)


def target_of(scope: Scope) -> str:
    """Give the path and query of a request, as they were sent."""
    raw = scope.get("raw_path") or scope["path"].encode()
    query = scope.get("query_string", b"")
    path: str = raw.partition(b"?")[0].decode("latin-1")
    return f"{path}?{query.decode('latin-1')}" if query else path


def headers_of(scope: Scope) -> dict[str, str]:
    """Give the headers of a request by name in small letters; those of one name are joined by commas."""
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        key = name.decode("latin-1").lower()
        text = value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found
