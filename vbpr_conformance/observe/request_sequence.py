"""What is wrong with requests in their sequence: links changed, pages without end, retries too soon or too many.

https://hl7.org/fhir/R4/http.html#paging and https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from urllib.parse import unquote, urljoin

from vbpr_conformance.observe.recording import FOREIGN, RecordedRequest, Recording, RequestIssue
from vbpr_conformance.observe.request_rules import decoded

_AGAIN = 3
"""How often one page may be fetched before that has no end: a page may be asked for again after trouble."""
_STORM = 8
"""How often one request may fail before that is a storm."""
_EARLY = 0.85
"""What part of the time that a server asked for must have passed: clocks and networks differ."""
_SHORT = 0.2
_WITH_LINKS = ("page", "search-type", "search-system", "history", "batch", "transaction")
_ACCEPTED = 202
_REFUSED = frozenset({429, 503})


class RequestSequence:
    """The sequence of a recording, judged as far as it goes: each request once. `named` are known references."""

    def __init__(self, recording: Recording, named: set[str]) -> None:
        self._recording = recording
        self._judged = 0
        self._given: dict[str, list[tuple[str, str]]] = {}
        self._fetched: Counter[str] = Counter()
        self._failed: Counter[tuple[str, str]] = Counter()
        self._free_at = 0.0
        self._known = set(named)

    def judge(self) -> None:
        """Add to each request since the last time what its place in the sequence makes wrong."""
        since, self._judged = self._judged, len(self._recording.requests)
        for request in self._recording.requests[since : self._judged]:
            if request.made_by != FOREIGN:
                self._page(request)
            if request.interaction != "capabilities":
                self._retry(request)
            self._unknown_id(request)

    def _page(self, request: RecordedRequest) -> None:
        """A link is used as it was given; one page is not fetched again and again."""
        target = unquote(request.target)
        if request.interaction == "page":
            if target not in self._given:
                _add(request, "paging", f"{request.target} is no link that the server gave: next is used as it is")
            elif decoded(request.target.partition("?")[2]) != self._given[target]:
                _add(request, "paging", f"{request.target}: the link was unescaped, and not escaped again")
            self._fetched[target] += request.succeeded
        elif request.interaction in {"search-type", "search-system"} and request.method == "GET":
            self._fetched[target] += request.succeeded
        if self._fetched[target] == _AGAIN + 1 and target in self._given:
            _add(request, "endless", f"the page {request.target} was fetched {_AGAIN + 1} times: paging has no end")
        self._given |= {unquote(each): decoded(each.partition("?")[2]) for each in self._links(request)}

    def _links(self, request: RecordedRequest) -> Iterator[str]:
        """The links that an answer gave, as targets below the base."""
        base = self._recording.base
        if request.interaction.startswith(_WITH_LINKS):
            urls = (urljoin(f"{base}{request.target}", each) for each in self._recording.links(request))
            yield from (each.removeprefix(base) for each in urls if each.startswith(base))

    def _retry(self, request: RecordedRequest) -> None:
        """A server that says when it can be asked again is not asked before; what fails is not repeated without end."""
        if request.at < self._free_at - _SHORT:
            early = self._free_at - request.at
            _add(request, "retry", f"asked {early:.1f} s before the time that Retry-After gave")
        self._free_at = 0.0
        if request.status in _REFUSED:
            wait = request.answer_headers.get("retry-after", "")
            self._free_at = request.at + _seconds(wait, request.started) * _EARLY
        if request.status >= 400 or request.status == _ACCEPTED:  # noqa: PLR2004  # client and server errors
            self._failed[request.method, request.target] += 1
            if self._failed[request.method, request.target] == _STORM:
                how = "was accepted" if request.status == _ACCEPTED else "failed"
                _add(request, "storm", f"{request.method} {request.target} {how} {_STORM} times and is still repeated")

    def _unknown_id(self, request: RecordedRequest) -> None:
        """What is read is what somebody named: an id that never was on the server was made up by the client."""
        self._known |= {each.reference for each in self._recording.delivered(request)}
        location = request.answer_headers.get("location", "")
        if location:
            self._known.add("/".join(location.removeprefix(self._recording.base).strip("/").split("/")[:2]))
        if request.interaction in {"read", "vread", "history-instance"} and request.status == 404:  # noqa: PLR2004
            reference = f"{request.type}/{request.id}"
            if reference not in self._known:
                _add(request, "reference", f"{reference} was never named by the server or the task")


def _seconds(retry_after: str, now: float) -> float:
    """How long to wait: a number of seconds, or the date until which (to the second: it may be half of one less)."""
    if retry_after.isdigit():
        return float(retry_after)
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - now - 1)
    except (ValueError, TypeError):
        return 0.0


def _add(request: RecordedRequest, rule: str, message: str) -> None:
    if not any(each.rule == rule for each in request.issues):
        request.issues = [*request.issues, RequestIssue(rule, is_error=True, message=message)]
