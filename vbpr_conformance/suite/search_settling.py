"""How long the target's search lags behind its writes, and whether it can be kept to the resources of a run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from vbpr_conformance.suite.answer import Answer
from vbpr_conformance.suite.created_resource import CreatedResource
from vbpr_conformance.suite.findings import Finding, NotTestedError
from vbpr_conformance.suite.seed_payloads import Tag

if TYPE_CHECKING:
    from vbpr_conformance.suite.system_under_test import SystemUnderTest

_OK = 200
_GONE = {404, 410}
PATIENCE_S = 8.0
"""How long a server's search may lag behind its writes before it is taken to miss what it holds."""
MOST_WAITING_S = 60.0
"""How long a run waits in all for a search that lags."""
_PAUSE_S = 0.2


class SearchSettling:
    """Learns by a search for the run's tag how long writes take to be found, and waits as long after later ones."""

    def __init__(self, system: SystemUnderTest, tag: Tag, sleep: Callable[[float], None] = time.sleep) -> None:
        self._system = system
        self._tag = tag
        self._sleep = sleep
        self._is_found: dict[str, bool] = {}
        self._writes_seen = 0
        self._waited = 0.0
        self.lag = 0.0
        """The longest that was seen, in seconds."""
        self.limits: list[str] = []
        """What the run gave up, in sentences: told with its summary."""

    def settle(self, resources: Iterable[CreatedResource]) -> None:
        """Wait after a write as long as the server's search was seen to lag behind; find that out with the first."""
        if self._system.writes == self._writes_seen:
            return
        self.find_out([each for each in resources if each.type not in self._is_found])
        if self.lag > 0:
            self._wait(min(2 * self.lag, PATIENCE_S))

    def _wait(self, seconds: float) -> None:
        if self._waited >= MOST_WAITING_S:
            if not self.limits:
                self.limits.append(
                    f"the server's search lags {self.lag:.1f} s and more behind its writes: after {self._waited:.0f} s "
                    "of waiting the run waited no more, and what a search misses may come of that"
                )
            return
        self._waited += seconds
        self._sleep(seconds)

    def scope_of(self, kind: str) -> list[tuple[str, str]]:
        """The parameter that keeps a search to this run's resources, if the server's search by it works."""
        return [("identifier", self._tag.token)] if self._is_found.get(kind) else []

    def find_out(self, resources: Iterable[CreatedResource]) -> None:
        """Find out whether a search by the run's tag finds what was created, waiting for a search that lags."""
        by_type: dict[str, set[str]] = {}
        for each in resources:
            if self._tag.identifier in each.sent.get("identifier", []):
                by_type.setdefault(each.type, set()).add(each.reference)
        for kind, expected in by_type.items():
            patience = 0.0 if self._is_found.get(kind) is False else PATIENCE_S
            waited = self._waited_for(kind, expected, patience)
            if not expected:
                continue  # a case deleted or changed all of it by now: the next one tells
            self._is_found[kind] = waited is not None
            self.lag = max(self.lag, waited or 0.0)
        self._writes_seen = self._system.writes

    def _waited_for(self, kind: str, expected: set[str], patience: float) -> float | None:
        """Search by the run's tag until all of `expected` is found, and give the seconds that took; None for never.

        What is missing because a case deleted it, or took its tag away, is taken out of `expected`.
        """
        started = time.monotonic()
        waited = 0.0
        while True:
            answer = Answer("search", self._system.client.search(kind, [("identifier", self._tag.token)]))
            if answer.exchange.status != _OK:
                return None
            try:
                self._system.read_pages(answer)
            except (Finding, NotTestedError):
                return None  # what is wrong with pages is told by the cases about them
            if not waited:
                expected -= {each for each in expected - answer.match_references if self._is_gone(each)}
            if expected <= answer.match_references:
                return waited
            if waited >= patience:
                if patience:
                    self.limits.append(
                        f"a search of {kind} by identifier did not find within {patience:.0f} s what the run created: "
                        "searches are not kept to this run's resources, and not waited for"
                    )
                return None
            self._sleep(_PAUSE_S)
            waited = time.monotonic() - started

    def _is_gone(self, reference: str) -> bool:
        """Whether a resource is no longer there, or no longer carries the run's tag."""
        exchange = self._system.client.read(*reference.split("/", 1))
        resource = exchange.resource
        if exchange.status in _GONE:
            return True
        is_it = resource is not None and f"{resource.get('resourceType')}/{resource.get('id')}" == reference
        identifiers = (resource or {}).get("identifier")
        return is_it and self._tag.identifier not in (identifiers if isinstance(identifiers, list) else [])
