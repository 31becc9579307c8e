"""The server under test as a run gets to know it: what it claims, what it calls itself, and how its pages are read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from vbpr_conformance.client.client_errors import ForeignLinkError, PagingError
from vbpr_conformance.rest.exchange import Exchange
from vbpr_conformance.rest.located import located
from vbpr_conformance.suite.answer import Answer
from vbpr_conformance.suite.claims import declared
from vbpr_conformance.suite.findings import Finding, NotTestedError
from vbpr_conformance.suite.sentences import explanation_in, in_brackets

if TYPE_CHECKING:
    from vbpr_conformance.client.client import FhirClient

_OK = 200
_MOST_PAGES = 400
_PAGES_OF_DELETED = 3
_MOST_DELETED = 20
"""So many deleted resources on so many pages are taken for an index that forgets nothing."""


class SystemUnderTest:
    """One server, and what was learnt of it so far; `writes` counts what was sent to change what it holds."""

    def __init__(self, client: FhirClient) -> None:
        self.client = client
        self.writes = 0
        self.limits: list[str] = []
        """What the run gave up, in sentences: told with its summary."""
        self._bases: list[str] = []

    @cached_property
    def statement(self) -> Mapping[str, Any]:
        """The server's CapabilityStatement, empty where it gives none. It never gates what R4 or the guide require."""
        found = self.client.capabilities().resource or {}
        return found if found.get("resourceType") == "CapabilityStatement" else {}

    @property
    def known_statement(self) -> Mapping[str, Any]:
        """The CapabilityStatement if somebody has read it, empty otherwise: nothing is sent."""
        known: Mapping[str, Any] = self.__dict__.get("statement", {})
        return known

    def claims(self, about: Mapping[str, str]) -> bool:
        """Whether the server claims what `about` names.

        `security` is about servers that the run shows credentials to, beside those of its connection, or, as
        `security: tls`, about those that are reached by TLS.
        """
        if about.get("security") == "tls":
            return self.client.base_url.startswith("https:")
        if "security" in about:
            shown = self.client.credentials
            return shown is not None and bool(shown.scheme)
        return declared(about, self.statement)

    @property
    def bases(self) -> tuple[str, ...]:
        """The base URLs that the server is known by, its own first: behind a proxy it may be another than is asked."""
        return tuple(dict.fromkeys((*self._bases, self.client.base_url)))

    def wrote(self, exchange: Exchange) -> None:
        """Note that something was written, and under which base URL the server says it is."""
        self.writes += 1
        location = exchange.headers.get("Location", "")
        base, found, _ = location.partition(f"/{located(location).reference}")
        if found and "://" in base and base not in self.bases:
            self._bases.append(base)

    def read_pages(self, answer: Answer, *, enough: int | None = None) -> None:
        """Read the pages of a search, all of them or `enough`; a page that is no Bundle is a finding."""
        answer.pages = []
        try:
            for page in self.client.pages(answer.exchange, self._bases):
                answer.add_page(page)
                if page.status != _OK or page.resource is None or page.resource.get("resourceType") != "Bundle":
                    text = in_brackets(explanation_in(page))
                    raise Finding(f"page {len(answer.pages)} of the search answered {page.status}{text}", (), [page])
                if len(answer.pages) == enough:
                    return
                if len(answer.pages) % _PAGES_OF_DELETED == 0:
                    self._refuse_deleted(answer)
                if len(answer.pages) >= _MOST_PAGES:
                    raise NotTestedError(f"the search has more than {_MOST_PAGES} pages; test against a smaller store")
        except ForeignLinkError as error:
            raise NotTestedError(f"{error}; give the URL that the server itself uses") from error
        except PagingError as error:
            raise Finding(str(error), (), answer.pages[-1:]) from error

    def _refuse_deleted(self, answer: Answer) -> None:
        """Read no further where a search goes on finding what the run has deleted: its pages grow without end."""
        created = self.client.created
        there = set(created.references)
        deleted = [each for each in answer.match_references if each in created and each not in there]
        if len(deleted) < _MOST_DELETED:
            return
        if not self.limits:
            self.limits.append(
                "the server's search goes on finding what was deleted: searches with many such matches are not read to "
                "their end, and cases that need them are not tested"
            )
        raise NotTestedError(
            f"not verifiable: the search goes on finding what was deleted ({len(deleted)} such matches on "
            f"{len(answer.pages)} pages)"
        )
