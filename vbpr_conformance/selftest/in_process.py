"""Runs cases against a reference server in this process: no sockets, no pytest."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import httpx

from vbpr_conformance.client.client import FhirClient
from vbpr_conformance.client.credentials import Credentials
from vbpr_conformance.client.oauth import ClientCredentials
from vbpr_conformance.client.redact import Secret
from vbpr_conformance.client.side_doors import SideDoor
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.reference.access.token_endpoint import TokenEndpoint
from vbpr_conformance.reference.app import App, make_app
from vbpr_conformance.reference.store import Store
from vbpr_conformance.suite.case import run_case
from vbpr_conformance.suite.context import Context, Settings
from vbpr_conformance.suite.expand import Case
from vbpr_conformance.suite.language import Seed
from vbpr_conformance.suite.recorder import CaseRecorder
from vbpr_conformance.suite.target_terms import TargetTerms
from vbpr_conformance.suite.verdicts import CaseResult

BASE = "http://reference.invalid/fhir"
"""The base URL of every such server; nothing listens there."""
GUARDED_BASE = BASE.replace("http:", "https:")
"""The base URL of one that asks for credentials."""


class InProcess(httpx.BaseTransport):
    """Gives requests to an application as they are."""

    def __init__(self, app: App) -> None:
        self._app = app

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        headers = {"x-forwarded-proto": request.url.scheme}
        headers |= {name.lower(): value for name, value in request.headers.items()}
        target = request.url.raw_path.decode("ascii")
        status, answered, content = self._app.handle(request.method, target, headers, request.read())
        return httpx.Response(status, headers=answered, content=b"" if request.method == "HEAD" else content)

    def side_door(self, door: SideDoor) -> httpx.BaseTransport:
        """Lead to the application where its behaviour says so, else nowhere."""
        behaviour = self._app.server.behaviour
        is_open = behaviour.old_tls if door == "old-tls" else behaviour.plain_beside_tls
        return self if is_open else httpx.MockTransport(_shut)


def _shut(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("nobody listens", request=request)


def context_of(app: App, edition: Edition, credentials: Credentials | None = None, **settings: Any) -> Context:
    """Give the context of a run against an application; `settings` are those of `Settings`, with one example."""
    recorder = CaseRecorder()
    base = BASE if credentials is None else GUARDED_BASE
    client = FhirClient(
        base, structure=edition.structure, credentials=credentials, transport=InProcess(app), recorder=recorder
    )
    return Context(edition, client, "inside", Settings(**{"examples": 1, "seed": 1, **settings}), recorder=recorder)


def results_of(  # noqa: PLR0913  the parts of a run
    edition: Edition,
    cases: Iterable[Case],
    *,
    store: Store | None = None,
    fault: str | None = None,
    variations: Sequence[str] = (),
    asks_credentials: bool = False,
    until: Callable[[CaseResult], bool] = lambda _: False,
    **settings: Any,
) -> list[CaseResult]:
    """Run cases against a server with a fault or variations, on an empty store where none is given.

    `asks_credentials`: the server lets nobody in without a token, and the client has one. `until` says which result is
    the last one wanted.
    """
    app = make_app(edition, store or Store(), fault=fault, variations=variations)
    credentials = None
    if asks_credentials:
        endpoint = TokenEndpoint()
        app.server.access = endpoint
        shown = endpoint.client_settings(GUARDED_BASE)
        auth, refused = shown["auth"], shown["refused-tokens"]
        credentials = ClientCredentials(
            auth["token-url"], auth["client-id"], Secret(auth["client-secret"]), auth["scopes"]
        )
        settings["terms"] = TargetTerms(refused_tokens={name: Secret(token) for name, token in refused.items()})
    context = context_of(app, edition, credentials, **settings)
    found = []
    for case in cases:
        found.append(run_case(case, context))
        if until(found[-1]):
            break
    context.resources.close()
    context.client.close()
    return found


def fill(store: Store, edition: Edition, profiles: Iterable[str], number: int = 3) -> None:
    """Write resources with everything in them, as many of each profile: what a run that only reads looks at."""
    context = context_of(make_app(edition, store), edition)
    for profile in profiles:
        for seed in range(number):
            made = context.payload(Seed(profile=profile), {}, random.Random(seed), "maximal")
            context.resources.create(profile, made)
    context.client.close()
