"""The answer to one interaction, as matchers read it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from vbpr_conformance.fhir.resource_ids import RESOURCE_ID
from vbpr_conformance.rest.exchange import Exchange
from vbpr_conformance.rest.located import Located, located
from vbpr_conformance.suite.moment_days import days_around
from vbpr_conformance.suite.untrusted import member, objects, reference_to, string

NEXT = "next"
"""The link of a Bundle to the page after it: https://hl7.org/fhir/R4/http.html#paging."""
NEXT_VERSION = "nextVersionId"
"""What `{{name.meta.nextVersionId}}` gives: the version after that of the answer, where the server counts them."""


@dataclass
class Answer:
    """An exchange, for a search or a history all its pages, and what was sent.

    `verb` is that of the suite language; `matches` and `included` are the resources of a search by their mode; `untrue`
    are the claims that were tried and do not hold, each a sentence with the exchange that shows it.
    """

    verb: str
    exchange: Exchange
    pages: list[Exchange] = field(default_factory=list)
    sent: dict[str, Any] | None = None
    matches: list[dict[str, Any]] = field(default_factory=list)
    included: list[dict[str, Any]] = field(default_factory=list)
    untrue: list[tuple[str, Exchange]] = field(default_factory=list)

    @property
    def resource(self) -> dict[str, Any] | None:
        """The resource in the answer, None where there is none; all pages of a search or a history as one Bundle."""
        first = self.exchange.resource
        if self.verb not in {"search", "history"} or first is None or len(self.pages) < 2:  # noqa: PLR2004
            return first
        return {**first, "entry": [entry for page in self.pages for entry in objects(page.resource, "entry")]}

    @property
    def match_references(self) -> set[str]:
        """The matches as `Type/id`."""
        return references(self.matches)

    def add_page(self, page: Exchange) -> None:
        """Take the resources of a page: matches and what was included; an OperationOutcome is neither."""
        self.pages.append(page)
        for entry in objects(page.resource, "entry"):
            resource = entry.get("resource")
            if isinstance(resource, dict) and resource.get("resourceType") != "OperationOutcome":
                is_included = string(member(entry, "search"), "mode") == "include"
                (self.included if is_included else self.matches).append(resource)

    def scope(self) -> dict[str, Any]:
        """What `{{name.…}}` gives in a suite: the resource, what the headers tell of it, and days around."""
        exchange = self.exchange
        resource = self.resource or {}
        scope = {} if resource.get("resourceType") == "OperationOutcome" else dict(resource)
        place = exchange.located
        meta = dict(member(scope, "meta"))
        if place.version:
            meta["versionId"] = place.version
        if place.id:
            scope["id"] = place.id
        if resource.get("resourceType") == "Bundle":
            further = [string(each, "url") for each in objects(resource, "link") if each.get("relation") == NEXT]
            scope |= {NEXT: further[0]} if further else {}
            scope["created"] = [{"type": each.type, "id": each.id} for each in created_by(exchange)]
        meta |= days_around(string(meta, "lastUpdated"))
        version = meta.get("versionId")
        if isinstance(version, str) and version.isdecimal() and RESOURCE_ID.fullmatch(version):
            meta[NEXT_VERSION] = str(int(version) + 1)
        etag = exchange.headers.get("ETag") or (f'W/"{version}"' if version else None)
        return {**scope, "meta": meta, "etag": etag, "lastModified": exchange.headers.get("Last-Modified")}


def references(resources: Iterable[dict[str, Any]]) -> set[str]:
    """Resources as `Type/id`; those that do not tell both are left out."""
    return {reference for each in resources if (reference := reference_to(each))}


def created_by(exchange: Exchange) -> list[Located]:
    """Read off the answer to a batch or transaction what each entry created; nothing where it created none."""
    bundle = exchange.resource
    entries = bundle.get("entry") if bundle else None
    responses = [member(each, "response") for each in entries] if isinstance(entries, list) else []
    return [
        located(string(each, "location")) if string(each, "status").startswith("201") else Located()
        for each in responses
    ]
