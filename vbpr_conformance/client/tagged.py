"""Resources that carry the tag of a run: an identifier by which a server finds what a run created there.

What is found is looked at: a server that ignores the parameter gives resources that are not ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

from vbpr_conformance.rest.exchange import Exchange

_OK = 200
_MOST_PAGES = 50
"""A server that ignores the tag gives all it holds: so many pages of it are looked through, and no more."""


class SearchingClient(Protocol):
    """What it takes of a client of the target."""

    def search(self, kind: str, params: Any) -> Exchange:
        """Search a type."""

    def pages(self, first: Exchange) -> Iterator[Exchange]:
        """Give the page and those after it."""


def find_tagged(client: SearchingClient, kind: str, token: str, is_ours: Callable[[Any], bool]) -> list[str] | None:
    """Give the resources of a type that a search by identifier finds and that are ours, as `Type/id`.

    None where the server does not let us know. Raises `TargetError` where it does not answer, `PagingError` for a
    wrong link.
    """
    first = client.search(kind, [("identifier", token)])
    if first.status != _OK:
        return None
    found = []
    for count, page in enumerate(client.pages(first), start=1):
        if count > _MOST_PAGES or page.status != _OK:
            return None
        found += [
            f"{kind}/{each['id']}"
            for each in _resources(page.resource or {})
            if each.get("resourceType") == kind and isinstance(each.get("id"), str) and is_ours(each)
        ]
    return list(dict.fromkeys(found))


def tags(resource: dict[str, Any], system: str) -> Iterator[str]:
    """Yield the values of the identifiers of a system that a resource has."""
    identifiers = resource.get("identifier", [])
    for each in identifiers if isinstance(identifiers, list) else [identifiers]:
        if isinstance(each, dict) and each.get("system") == system and isinstance(each.get("value"), str):
            yield each["value"]


def _resources(bundle: dict[str, Any]) -> Iterator[dict[str, Any]]:
    entries = bundle.get("entry")
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("resource"), dict):
            yield entry["resource"]
