"""Follows the `next` links of a Bundle, and never where they must not lead: https://hl7.org/fhir/R4/http.html#paging."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from vbpr_conformance.client.client_errors import ForeignLinkError, PagingError
from vbpr_conformance.client.urls import followed, origin
from vbpr_conformance.rest.exchange import Exchange

MAX_PAGES = 10_000
"""More pages than that are taken for a server that never ends."""
_OK = 200


def follow(
    first: Exchange, get: Callable[[str], Exchange], base_url: str, aliases: Sequence[str] = ()
) -> Iterator[Exchange]:
    """Yield the page and all after it. A page that is no Bundle is yielded and the last one.

    `aliases` are other base URLs that the server calls itself by: links below them are asked for at `base_url`.
    """
    page, seen = first, {first.url}
    for number in range(1, MAX_PAGES + 1):
        yield page
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
        seen.add(url)
        page = get(url)
    raise PagingError(f"there is still a next link after {MAX_PAGES} pages", page)


def _at_home(url: str, base_url: str, aliases: Sequence[str]) -> str:
    alias = next((each for each in aliases if url.startswith((f"{each}/", f"{each}?"))), None)
    return url if alias is None else base_url + url[len(alias) :]


def _next(page: Exchange, number: int) -> str | None:
    bundle = page.resource
    if page.status != _OK or bundle is None or bundle.get("resourceType") != "Bundle":
        return None
    links: Any = bundle.get("link", [])
    found = [each for each in links if isinstance(each, dict) and each.get("relation") == "next"] if links else []
    if not found:
        return None
    if len(found) > 1:
        raise PagingError(f"page {number} has {len(found)} next links", page)
    url = found[0].get("url")
    if not isinstance(url, str) or not url:
        raise PagingError(f"the next link of page {number} has no URL", page)
    return url
