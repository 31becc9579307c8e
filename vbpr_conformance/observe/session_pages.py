"""What a session recorded, as the pages of exchanges.har: one for each scenario, and one for what came to none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from vbpr_conformance.observe.observe_session import ObserveSession, UnmatchedRequest
from vbpr_conformance.observe.observed_scenario import ObservedScenario
from vbpr_conformance.report.exchanges_har import HarPage
from vbpr_conformance.rest.exchange import Exchange
from vbpr_conformance.rest.headers import Headers
from vbpr_conformance.suite.recorder import CaseRecorder


def session_pages(session: ObserveSession) -> Iterator[HarPage]:
    """Give a page for each scenario that was asked, with every request to it, and one for what came to no scenario."""
    for observed in session.opened.values():
        if observed.recording.requests:
            started = observed.recording.requests[0].started
            title = f"{observed.scenario.id}: {observed.scenario.spec.title}"
            yield HarPage(observed.scenario.id, title, _moment(started), _recorded(observed))
    if session.unmatched:
        started = session.unmatched[0].at
        exchanges = (_unmatched(session.root, each) for each in session.unmatched)
        yield HarPage("no scenario", "what came to no scenario", _moment(started), _plain(exchanges))


def _recorded(observed: ObservedScenario) -> Iterator[dict[str, Any]]:
    return _plain(observed.recording.exchange(each) for each in observed.recording.requests)


def _plain(exchanges: Iterable[Exchange]) -> Iterator[dict[str, Any]]:
    recorder = CaseRecorder()
    for exchange in exchanges:
        for each in recorder.exchanges([exchange]):
            yield each | {"started": exchange.started, "phase": exchange.interaction}


def _unmatched(root: str, request: UnmatchedRequest) -> Exchange:
    return Exchange(
        interaction=request.cause,
        method=request.method,
        url=f"{root}{request.target}",
        request_headers=request.headers,
        request_body=b"",
        status=404,
        headers=Headers(),
        body=b"",
        elapsed=0.0,
        started=request.at,
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
