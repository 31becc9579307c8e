"""Follows the `next` links of a Bundle, and never where they must not lead: https://hl7.org/fhir/R4/http.html#paging."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from vbpr_conformance.client.client_errors import ForeignLinkError, PagingError
from vbpr_conformance.client.urls import followed, origin
from vbpr_conformance.rest.exchange import Exchange

_OK = 200
_ENOUGH_TO_KNOW = 5
"""The pages without anything new after which a server that never ended once is not followed further."""


@dataclass
class PagingLimits:
    """What is taken for pages without end: so many in all, so many on end that show nothing new, so many bytes.

    Shared by all searches of a client: of a server that never ended once the next pages are believed less.
    """

    pages: int = 1000
    repeated: int = 50
    size: int = 64 * 1024 * 1024

    def check(self, number: int, repeated: int, size: int) -> str:
        """What is wrong after the page with this number; empty while nothing is."""
        if number < self.pages and repeated < self.repeated and size < self.size:
            return ""
        self.repeated = _ENOUGH_TO_KNOW
        self.pages = max(self.pages // 10, _ENOUGH_TO_KNOW)
        shown = f" and {size // 1024 // 1024} MiB" if size > self.size else ""
        without = f", the last {repeated} of them without anything new" if repeated > 1 else ""
        return f"there is still a next link after {number} pages{shown}{without}: the pages do not end"


def follow(
    first: Exchange,
    get: Callable[[str], Exchange],
    base_url: str,
    aliases: Sequence[str] = (),
    limits: PagingLimits | None = None,
) -> Iterator[Exchange]:
    """Yield the page and all after it. A page that is no Bundle is yielded and the last one.

    `aliases` are other base URLs that the server calls itself by: links below them are asked for at `base_url`. Raises
    `PagingError` for a link that cannot or must not be followed, and for pages beyond the limits.
    """
    limits = limits or PagingLimits()
    page, seen = first, {first.url}
    known: set[str] = set()
    number = repeated = size = 0
    while True:
        yield page
        number, size = number + 1, size + len(page.body)
        found = _entries(page)
        repeated = repeated + 1 if found <= known else 0
        known |= found
        link = _next(page, number)
        if link is None:
            return
        url = _at_home(followed(link, page.url, base_url), base_url, aliases)
        if origin(url) != origin(base_url):
            raise ForeignLinkError(
                f"the next link of page {number} leads to another server and was not followed: {url}", page
            )
        if url in seen:
            raise PagingError(f"the next link of page {number} leads back to a page that was read: {url}", page)
        endless = limits.check(number, repeated, size)
        if endless:
            raise PagingError(endless, page)
        seen.add(url)
        page = get(url)


def _entries(page: Exchange) -> set[str]:
    """The URLs that the entries of a page have, as far as they can be read."""
    entries: Any = (page.resource or {}).get("entry")
    found = [each.get("fullUrl") for each in entries if isinstance(each, dict)] if isinstance(entries, list) else []
    return {each for each in found if isinstance(each, str)}


def _at_home(url: str, base_url: str, aliases: Sequence[str]) -> str:
    alias = next((each for each in aliases if url.startswith((f"{each}/", f"{each}?"))), None)
    return url if alias is None else base_url + url[len(alias) :]


def _next(page: Exchange, number: int) -> str | None:
    bundle = page.resource
    if page.status != _OK or bundle is None or bundle.get("resourceType") != "Bundle":
        return None
    links: Any = bundle.get("link")
    found = (
        [each for each in links if isinstance(each, dict) and each.get("relation") == "next"]
        if isinstance(links, list)
        else []
    )
    if not found:
        return None
    if len(found) > 1:
        raise PagingError(f"page {number} has {len(found)} next links", page)
    url = found[0].get("url")
    if not isinstance(url, str) or not url:
        raise PagingError(f"the next link of page {number} has no URL", page)
    return url
