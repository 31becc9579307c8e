"""What is wrong with requests in their sequence: links changed, pages without end, retries too soon or too many.

https://hl7.org/fhir/R4/http.html#paging and https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
"""

from __future__ import annotations

from collections import Counter
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import unquote, urljoin

from vbpr_conformance.observe.recording import FOREIGN, RecordedRequest, Recording, RequestIssue

_AGAIN = 3
"""How often one page may be fetched before that has no end: a page may be asked for again after trouble."""
_STORM = 8
"""How often one request may fail before that is a storm."""
_EARLY = 0.85
"""What part of the time that a server asked for must have passed: clocks and networks differ."""
_SHORT = 0.2
_WITH_LINKS = ("page", "search-type", "search-system", "history", "batch", "transaction")
_REFUSED = frozenset({429, 503})


def sequence_issues(recording: Recording, named: set[str]) -> None:
    """Add to each recorded request what its place in the sequence makes wrong; `named` are known references."""
    _pages(recording)
    _retries(recording.requests)
    _unknown_ids(recording, named)


def _pages(recording: Recording) -> None:
    """A link is used as it was given; one page is not fetched again and again."""
    given: set[str] = set()
    times: Counter[str] = Counter()
    for request in recording.requests:
        if request.made_by == FOREIGN:
            continue
        if request.interaction == "page":
            target = unquote(request.target)
            if target not in given:
                _add(request, "paging", f"{request.target} is no link that the server gave: next is used as it is")
            times[target] += request.succeeded
        elif request.interaction in {"search-type", "search-system"} and request.method == "GET":
            times[unquote(request.target)] += request.succeeded
        if times[unquote(request.target)] == _AGAIN + 1 and unquote(request.target) in given:
            _add(request, "endless", f"the page {request.target} was fetched {_AGAIN + 1} times: paging has no end")
        given |= {unquote(each) for each in _links(recording, request)}


def _links(recording: Recording, request: RecordedRequest) -> set[str]:
    """The links that an answer gave, as targets below the base; those of searches inside a batch as well."""
    if not request.succeeded or not request.interaction.startswith(_WITH_LINKS):
        return set()
    body: Any = recording.parsed(request)
    entries = body.get("entry") if isinstance(body, dict) else None
    inside = [each.get("resource") for each in entries if isinstance(each, dict)] if isinstance(entries, list) else []
    found = set()
    for bundle in (body, *inside):
        for each in bundle.get("link", ()) if isinstance(bundle, dict) else ():
            url = urljoin(f"{recording.base}{request.target}", str(each.get("url", "")))
            if url.startswith(recording.base):
                found.add(url.removeprefix(recording.base))
    return found


def _retries(requests: list[RecordedRequest]) -> None:
    """A server that says when it can be asked again is not asked before; what fails is not repeated without end."""
    failed: Counter[tuple[str, str]] = Counter()
    free_at = 0.0
    for request in requests:
        if request.interaction == "capabilities":
            continue
        if request.at < free_at - _SHORT and not any(each.rule == "retry" for each in request.issues):
            early = free_at - request.at
            _add(request, "retry", f"asked {early:.1f} s before the time that Retry-After gave")
        if request.status in _REFUSED:
            wait = request.answer_headers.get("retry-after", "")
            free_at = request.at + _seconds(wait, request.started) * _EARLY
        else:
            free_at = 0.0
        key = (request.method, request.target)
        if request.status >= 400:  # noqa: PLR2004  # client and server errors
            failed[key] += 1
            if failed[key] == _STORM:
                _add(request, "storm", f"{request.method} {request.target} failed {_STORM} times and is still repeated")


def _seconds(retry_after: str, now: float) -> float:
    """How long to wait: a number of seconds, or the date until which (to the second: it may be half of one less)."""
    if retry_after.isdigit():
        return float(retry_after)
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - now - 1)
    except (ValueError, TypeError):
        return 0.0


def _unknown_ids(recording: Recording, named: set[str]) -> None:
    """What is read is what somebody named: an id that never was on the server was made up by the client."""
    known = set(named)
    for request in recording.requests:
        known |= {each.reference for each in recording.delivered(request)}
        location = request.answer_headers.get("location", "")
        if location:
            known.add("/".join(location.removeprefix(recording.base).strip("/").split("/")[:2]))
        if request.interaction in {"read", "vread", "history-instance"} and request.status == 404:  # noqa: PLR2004
            reference = f"{request.type}/{request.id}"
            if reference not in known and not any(each.rule == "reference" for each in request.issues):
                _add(request, "reference", f"{reference} was never named by the server or the task")


def _add(request: RecordedRequest, rule: str, message: str) -> None:
    if not any(each.rule == rule for each in request.issues):
        request.issues = [*request.issues, RequestIssue(rule, is_error=True, message=message)]
