"""The listener of `observe` as an ASGI 3 application: FHIR bases of scenarios, CORS, and the page for people."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from vbpr_conformance.fhir import json_codec
from vbpr_conformance.observe.observe_session import ObserveSession
from vbpr_conformance.observe.recording import RequestIssue
from vbpr_conformance.observe.scenario_answer import JSON, ScenarioAnswer
from vbpr_conformance.reference.app import headers_of, target_of
from vbpr_conformance.reference.problems import ProblemError
from vbpr_conformance.reference.request_body import BodyReader

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Route = Callable[[str, str, dict[str, str], bytes], ScenarioAnswer | None]

_EXPOSED = "Location, ETag, Last-Modified, Content-Location, Retry-After, WWW-Authenticate"


class ObserveApp:
    """Serves one session; `routes` are asked first, each may answer (the page, the authorization server)."""

    def __init__(self, session: ObserveSession, routes: tuple[Route, ...] = (), *, foreign: bool = False) -> None:
        self._session = session
        self._routes = routes
        self._foreign = foreign
        self._bodies = BodyReader()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        client = ":".join(str(each) for each in scope.get("client") or ())
        refused: ScenarioAnswer | None = None
        try:
            body = await self._bodies.read(receive)
        except ProblemError as problem:
            body, refused = b"", ScenarioAnswer(problem.status, {"Content-Type": JSON}, problem.resource)
            refused.issues = [RequestIssue("body", is_error=False, message=f"the body was not taken: {problem}")]
        if body is None:
            return
        answer = self.answer(scope["method"], target_of(scope), headers_of(scope), body, client, refused)
        coded = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in answer.headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": coded})
        content = b"" if scope["method"] == "HEAD" else answer.body or b""
        if answer.cut:
            await send({"type": "http.response.body", "body": content[: len(content) // 2], "more_body": True})
            raise ConnectionAbortedError("the rest of this body is not sent: that is what the scenario is about")
        await send({"type": "http.response.body", "body": content})

    def answer(  # noqa: PLR0913, PLR0917  # a request, part by part
        self,
        method: str,
        target: str,
        headers: dict[str, str],
        body: bytes,
        client: str = "",
        refused: ScenarioAnswer | None = None,
    ) -> ScenarioAnswer:
        """Answer one request, away from sockets; `refused` is the answer to a body that was not taken."""
        answer = self._answer(method, target, headers, body, client, refused)
        if answer.body is None:
            answer.body = json_codec.dumps(answer.resource).encode() if answer.resource is not None else b""
        names = {name.lower() for name in answer.headers}
        if answer.status not in {204, 304} and "content-length" not in names:
            answer.headers["Content-Length"] = str(len(answer.body))
        answer.headers["Access-Control-Allow-Origin"] = "*"
        answer.headers["Access-Control-Expose-Headers"] = _EXPOSED
        return answer

    def _answer(  # noqa: PLR0913, PLR0917  # a request, part by part
        self,
        method: str,
        target: str,
        headers: dict[str, str],
        body: bytes,
        client: str,
        refused: ScenarioAnswer | None,
    ) -> ScenarioAnswer:
        if method == "OPTIONS" and "access-control-request-method" in headers:
            return _preflight(headers)
        for route in self._routes:
            found = route(method, target, headers, body)
            if found is not None:
                return found
        return self._session.handle(method, target, headers, body, client, foreign=self._foreign, refused=refused)


def _preflight(headers: dict[str, str]) -> ScenarioAnswer:
    """https://fetch.spec.whatwg.org/#cors-preflight-request."""
    return ScenarioAnswer(
        204,
        {
            "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
            "Access-Control-Allow-Headers": headers.get("access-control-request-headers", "*"),
            "Access-Control-Max-Age": "600",
        },
    )
