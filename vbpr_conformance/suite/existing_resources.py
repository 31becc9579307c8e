"""Resources that the target held before the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from vbpr_conformance.suite.answer import Answer
from vbpr_conformance.suite.created_resource import CreatedResource
from vbpr_conformance.suite.findings import NotTestedError, refuse_when_locked_out
from vbpr_conformance.suite.untrusted import string

if TYPE_CHECKING:
    from vbpr_conformance.suite.system_under_test import SystemUnderTest

_PAGES = 3
_MOST = 30


class ExistingResources:
    """Some of the resources of each type, asked for once; `ids` are those that the user named, by type."""

    def __init__(self, system: SystemUnderTest, ids: Mapping[str, Sequence[str]] | None = None) -> None:
        self._system = system
        self._ids = ids or {}
        self._by_type: dict[str, list[CreatedResource]] = {}

    def of_type(self, kind: str) -> list[CreatedResource]:
        """Give up to 30 resources of a type: those that the user named, else what three pages of a search show."""
        if kind not in self._by_type and self._ids.get(kind):
            read = [self._system.client.read(kind, each).resource or {} for each in self._ids[kind][:_MOST]]
            found = [each for each in read if each.get("resourceType") == kind and string(each, "id")]
            self._by_type[kind] = [CreatedResource(f"existing {each['id']}", each["id"], each) for each in found]
        if kind not in self._by_type:
            first = self._system.client.search(kind)
            refuse_when_locked_out(first)
            answer = Answer("search", first)
            self._system.read_pages(answer, enough=_PAGES)
            found = [each for each in answer.matches if each.get("resourceType") == kind and string(each, "id")]
            self._by_type[kind] = [
                CreatedResource(f"existing {each['id']}", each["id"], each) for each in found[:_MOST]
            ]
        return self._by_type[kind]

    def scope(self, kind: str) -> dict[str, Any]:
        """What `{{existing.Type.…}}` gives in a suite: a resource of that type."""
        found = self.of_type(kind)
        if not found:
            raise NotTestedError(f"the server shows no {kind}; load some, or let the client read them")
        return found[0].sent
