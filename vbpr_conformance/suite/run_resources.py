"""What a run creates on the target, and deletes again."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from vbpr_conformance.client.leftovers import GONE
from vbpr_conformance.errors import TargetError
from vbpr_conformance.suite.created_resource import CreatedResource
from vbpr_conformance.suite.findings import NotTestedError
from vbpr_conformance.suite.sentences import explanation_in, in_brackets

if TYPE_CHECKING:
    from vbpr_conformance.rest.exchange import Exchange
    from vbpr_conformance.suite.system_under_test import SystemUnderTest

_STORED = frozenset({200, 201})


class RunResources:
    """Creates and deletes, and counts both; `references` is all that was created, as `Type/id`."""

    def __init__(self, system: SystemUnderTest) -> None:
        self._system = system
        self.references: set[str] = set()
        self.created = 0
        self.deleted = 0
        self._for_all: list[CreatedResource] = []
        self._kept: list[CreatedResource] = []
        """What the server refused to delete so far."""
        self._lost: list[str] = []
        """What the server did not delete at the end, though nobody knew that it was created."""

    @property
    def left(self) -> list[str]:
        """What was created and is not deleted, as references or in words."""
        return [*(each.reference for each in self._kept), *self._lost]

    def create(self, name: str, resource: dict[str, Any]) -> CreatedResource:
        """Create a resource that a case needs; where the server does not, the case cannot be tested."""
        created, exchange = self._create(name, resource)
        if created is None:
            said = in_brackets(explanation_in(exchange))
            raise NotTestedError(
                f"the {resource['resourceType']} that it needs ({name}) could not be created: the server answered "
                f"{exchange.status}{said}; let the client create it"
            )
        return created

    def create_for_all(self, name: str, resource: dict[str, Any]) -> CreatedResource | None:
        """Create a resource that several cases use, if the server takes it; it is deleted at the end of the run."""
        created, _ = self._create(name, resource)
        if created is not None:
            self._for_all.append(created)
        return created

    def keep_for_all(self, created: CreatedResource) -> None:
        """Keep a resource that was created to the end of the run."""
        self._for_all.append(created)

    def note(self, created: CreatedResource) -> None:
        """Note what a step of a case created."""
        self.created += 1
        self.references.add(created.reference)

    def _create(self, name: str, resource: dict[str, Any]) -> tuple[CreatedResource | None, Exchange]:
        exchange = self._system.client.create(resource)
        self._system.wrote(exchange)
        place = exchange.located
        if exchange.status not in _STORED or place.id is None or place.type != resource["resourceType"]:
            return None, exchange
        created = CreatedResource(name, place.id, resource, exchange)
        self.note(created)
        return created, exchange

    def remove(self, resources: Iterable[CreatedResource]) -> None:
        """Delete what was created, the newest first, because others may refer to the older ones.

        What the server keeps because something refers to it is tried again once the rest is gone, and at the end of the
        run (https://hl7.org/fhir/R4/http.html#delete).
        """
        waiting = list(reversed(list(resources)))
        while waiting:
            kept = self._still_there(waiting)
            if len(kept) == len(waiting):
                self._kept += reversed(kept)
                return
            waiting = kept

    def _still_there(self, resources: Sequence[CreatedResource]) -> list[CreatedResource]:
        """Delete each, and give those that are still there; without a server nothing more is tried."""
        kept: list[CreatedResource] = []
        for index, each in enumerate(resources):
            try:
                status = self._system.client.delete(each.type, each.id).status
            except TargetError:
                return [*kept, *resources[index:]]
            if status in GONE:
                self.deleted += 1
            else:
                kept.append(each)
        return kept

    def close(self) -> None:
        """Delete everything that was made for several cases, and what could not be deleted before."""
        resources = [*self._for_all, *self._kept]
        self._for_all, self._kept = [], []
        self.remove(resources)
        with contextlib.suppress(TargetError):  # where the server is gone, the journal stays for a later cleanup
            gone, self._lost = self._system.client.recover({each.reference for each in self._kept})
            self.created += gone + len(self._lost)
            self.deleted += gone
