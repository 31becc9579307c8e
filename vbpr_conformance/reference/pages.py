"""Results of searches and histories in pages. What was found is kept, so that pages stay the same while others write.

https://hl7.org/fhir/R4/http.html#paging
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from vbpr_conformance.fhir import json_codec
from vbpr_conformance.reference.http_messages import Pairs, Request, Response
from vbpr_conformance.reference.problems import ProblemError
from vbpr_conformance.reference.server import timestamp

if TYPE_CHECKING:
    from vbpr_conformance.reference.server import Server

PER_PAGE = 50
"""How many entries a page has if the client does not say."""
PAGE = "_page"
"""The parameter of links to other pages; its value is the server's own affair."""


@dataclass(slots=True)
class Result:
    """What a search or history found: versions by their place in the sequence, and how they are to be shown."""

    kind: str
    """The type of the Bundle: searchset or history."""
    seqs: list[int]
    per_page: int
    query: list[tuple[str, str]]
    """The parameters that were used."""
    total: int | None = None
    """How many matches there are; None if that is not told."""
    outcome: str = ""
    more: tuple[str, ...] = ()
    """The types of which there are more matches than `seqs`, to be looked for when a page gets there."""

    def as_dict(self) -> dict[str, Any]:
        """Give its fields as they are, not copied: there may be many matches."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


Render = Callable[["Server", Request, list[int], Result], list[str]]
"""Writes the entries of a page as JSON text: server, request, versions by their place, what was searched."""


Complete = Callable[["Server", str, Result], None]
"""Adds to a result all the matches that were left for later: server, base URL, result."""


def count_of(server: Server, query: Pairs) -> int:
    """Give the size of a page that the client asks for, within what the server grants.

    https://hl7.org/fhir/R4/search.html#count
    """
    asked = next((value for name, value in reversed(query) if name == "_count"), None)
    if asked is None:
        return min(PER_PAGE, server.behaviour.most_per_page)
    if not asked.isascii() or not asked.isdigit():
        raise ProblemError(400, f"_count={asked}: a number was expected")
    return min(int(asked), server.behaviour.most_per_page)


def first_page(server: Server, request: Request, result: Result, render: Render) -> Response:
    """Answer with the first page, or with the whole if it fits; `result.query` is what the self link tells."""
    text = urlencode(result.query, safe="|,:/$", quote_via=quote)
    steps = "/".join(quote(each) for each in request.steps if each != "_search")
    url = f"{request.base}/{steps}".rstrip("/") + (f"?{text}" if text else "")
    token = ""
    if 0 < result.per_page < len(result.seqs) or (result.more and result.per_page):
        token = secrets.token_urlsafe(12)
        server.store.keep_result(token, result.as_dict())
    return _page(server, request, result, _PageStart(0, token, url), render)


def later_page(server: Server, request: Request, renders: Mapping[str, Render], complete: Complete) -> Response:
    """Answer with a page that a link of an earlier one led to; 410 if the result is kept no longer."""
    token, _, start = dict(request.query)[PAGE].rpartition(".")
    kept = server.store.kept_result(token)
    if kept is None or not start.isdigit():
        raise ProblemError(410, "this page is not kept any longer: search again", code="not-found")
    pairs, more = [(name, value) for name, value in kept["query"]], tuple(kept["more"])
    result = Result(**kept | {"query": pairs, "more": more})
    if result.more and int(start) + result.per_page >= len(result.seqs):
        complete(server, request.base, result)
        server.store.keep_result(token, result.as_dict())
    place = _PageStart(int(start), token, _link(request.base, token, int(start)))
    return _page(server, request, result, place, renders[result.kind])


@dataclass(frozen=True, slots=True)
class _PageStart:
    start: int
    token: str
    url: str


def _link(base: str, token: str, start: int) -> str:
    return f"{base}?{PAGE}={token}.{start}"


def _page(server: Server, request: Request, result: Result, place: _PageStart, render: Render) -> Response:
    first = max(0, place.start - server.behaviour.page_overlap)
    seqs = result.seqs[first : place.start + result.per_page]
    for change in server.behaviour.page:
        seqs = change(place.start, seqs)
    links = [("self", place.url)]
    if place.token:
        links += _neighbours(request.base, place, result)
    head: dict[str, Any] = {"resourceType": "Bundle", "id": secrets.token_hex(8), "meta": {"lastUpdated": timestamp()}}
    head |= {"type": result.kind}
    if result.total is not None:
        head |= {"total": result.total}
    head |= {"link": [{"relation": relation, "url": each} for relation, each in links]}
    entries = render(server, request, seqs, result)
    text = json_codec.dumps(head)
    if entries:
        text = f'{text[:-1]},"entry":[{",".join(entries)}]}}'
    response = Response(200, {}, text=text)
    for alter in server.behaviour.bundle:
        response.replace(alter(request.base, response.parsed()))
    return response


def _neighbours(base: str, place: _PageStart, result: Result) -> list[tuple[str, str]]:
    links = []
    start, size = place.start, result.per_page
    if start + size < len(result.seqs) or result.more:
        links.append(("next", _link(base, place.token, start + size)))
    if start > 0:
        links.append(("previous", _link(base, place.token, max(0, start - size))))
        links.append(("first", _link(base, place.token, 0)))
    return links
