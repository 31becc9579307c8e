"""Runs cases against a reference server in this process: no sockets, no pytest inside pytest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import httpx

from vbpr_conformance.client.client import FhirClient
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.reference.app import App, make_app
from vbpr_conformance.reference.store import Store
from vbpr_conformance.suite.case import run_case
from vbpr_conformance.suite.context import Context, Settings
from vbpr_conformance.suite.expand import Case
from vbpr_conformance.suite.recorder import CaseRecorder
from vbpr_conformance.suite.verdicts import CaseResult

BASE = "http://testserver/fhir"


class Straight(httpx.BaseTransport):
    """Gives requests to an application as they are."""

    def __init__(self, app: App) -> None:
        self._app = app

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        target = request.url.raw_path.decode("ascii")
        status, answered, content = self._app.handle(request.method, target, headers, request.read())
        return httpx.Response(status, headers=answered, content=b"" if request.method == "HEAD" else content)


def context_of(app: App, edition: Edition, **settings: object) -> Context:
    """The context of a run against an application."""
    recorder = CaseRecorder()
    client = FhirClient(BASE, structure=edition.structure, transport=Straight(app), recorder=recorder)
    chosen = Settings(**{"examples": 1, "seed": 1, **settings})
    return Context(edition, client, "inside", chosen, recorder=recorder)


def results(edition: Edition, cases: Iterable[Case], **options: Any) -> list[CaseResult]:
    """Run cases against a server that holds nothing; the options are those of `run_in`."""
    return run_in(Store(), edition, cases, **options)


def run_in(  # noqa: PLR0913  the parts of a run
    store: Store,
    edition: Edition,
    cases: Iterable[Case],
    *,
    fault: str | None = None,
    variations: Sequence[str] = (),
    until: Callable[[CaseResult], bool] = lambda _: False,
    **settings: object,
) -> list[CaseResult]:
    """Run cases against a server with a fault or variations; `until` says which result is the last one wanted."""
    context = context_of(make_app(edition, store, fault=fault, variations=variations), edition, **settings)
    found = []
    for case in cases:
        found.append(run_case(case, context))
        if until(found[-1]):
            break
    context.resources.close()
    context.client.close()
    return found
