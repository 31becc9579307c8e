"""What a run creates on the target, and deletes again."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from vbpr_conformance.suite.created_resource import CreatedResource
from vbpr_conformance.suite.findings import Finding, NotTestedError, refuse_when_locked_out
from vbpr_conformance.suite.sentences import explanation_in, in_brackets, request_text

if TYPE_CHECKING:
    from vbpr_conformance.client.created import Remaining
    from vbpr_conformance.rest.exchange import Exchange
    from vbpr_conformance.suite.system_under_test import SystemUnderTest

_STORED = frozenset({200, 201})


class RunResources:
    """Creates what cases need, and deletes it; the client's register knows what there is."""

    def __init__(self, system: SystemUnderTest) -> None:
        self._system = system
        self._register = system.client.created
        self._remaining: list[Remaining] = []
        self._is_closed = False
        self._case = 0
        self._refused_in: dict[tuple[str, int], int] = {}
        """By type and status the number of the case that tells of it: the same one tells it whenever it is repeated."""
        self._for_all: dict[str, Exchange] = {}

    def begin_case(self) -> None:
        """Begin another case: what the earlier ones told is told."""
        self._case += 1

    @property
    def created(self) -> int:
        """How many resources the run created."""
        return self._register.created

    @property
    def deleted(self) -> int:
        """How many of them are deleted."""
        return self._register.deleted

    @property
    def references(self) -> Container[str]:
        """What the run created, deleted since or not, as `Type/id`."""
        return self._register

    @property
    def types(self) -> frozenset[str]:
        """The types of what the run created and did not delete."""
        return frozenset(each.partition("/")[0] for each in self._register.references)

    @property
    def left(self) -> list[str]:
        """What was created and is not deleted, as references; in words what is not known to be there."""
        return [*self._register.references, *(each.reason for each in self._remaining if each.reference is None)]

    @property
    def removal(self) -> list[str]:
        """Once the run is over: for each of `left` the command that deletes it, or a comment."""
        if not self._is_closed:
            return []
        delete = self._system.client.curl_of_delete
        return [delete(each) if each in self._register.references else f"# {each}" for each in self.left]

    @property
    def left_because(self) -> str:
        """Why the first of what is left is left."""
        return next((each.reason for each in self._remaining if each.reference is not None), "")

    def create(self, name: str, resource: dict[str, Any], *, for_all: bool = False) -> CreatedResource:
        """Create a resource that a case needs, or `for_all` those of a suite.

        What it is refused with is a finding, once for each type and status: what was sent is conformant. Later cases
        say that they could not be tested because of it.
        """
        created, exchange = self._create(name, resource)
        if created is not None:
            if for_all:
                self._for_all[created.reference] = exchange
            return created
        refuse_when_locked_out(exchange)
        kind, status = resource["resourceType"], exchange.status
        text = in_brackets(explanation_in(exchange))
        if status in _STORED:
            unread = in_brackets(exchange.error or "")
            raise Finding(
                f"{request_text(exchange)} answered {status} and does not tell the id{unread}", exchanges=[exchange]
            )
        if not self._is_told(kind, status):
            raise Finding(
                f"{request_text(exchange)} answered {status} to a conformant {kind}, expected 201{text}",
                exchanges=[exchange],
            )
        raise NotTestedError(
            f"not verifiable: the {kind} that it needs ({name}) was refused with {status}, as in a case before{text}"
        )

    def is_known_refusal(self, exchanges: Sequence[Exchange]) -> bool:
        """Whether a case has told already that the server refuses payloads so; if not, this one is to tell it."""
        return any(
            self._is_told(str((each.request_resource or {}).get("resourceType")), each.status) for each in exchanges[:1]
        )

    def _is_told(self, kind: str, status: int) -> bool:
        """Whether a case before this one told of such a refusal; if none did, this one does from now on."""
        return self._refused_in.setdefault((kind, status), self._case) != self._case

    def create_for_all(self, name: str, resource: dict[str, Any]) -> CreatedResource | None:
        """Create a resource that several cases use, if the server takes it; it is deleted at the end of the run."""
        created, exchange = self._create(name, resource)
        if created is not None:
            self._for_all[created.reference] = exchange
        return created

    def created_for(self, exchanges: Iterable[Exchange], resources: Iterable[CreatedResource]) -> list[Exchange]:
        """Give the requests that created what several cases use, as far as these exchanges and resources need it.

        In the order in which they were sent, so that what is referred to comes first.
        """
        needed = {each.reference for each in resources if each.reference in self._for_all}
        waiting = [each.request_body for each in exchanges] + [self._for_all[each].request_body for each in needed]
        while waiting:
            text = waiting.pop().decode("utf-8", "replace")
            found = {each for each in self._for_all if each in text} - needed
            needed |= found
            waiting += [self._for_all[each].request_body for each in found]
        return [exchange for reference, exchange in self._for_all.items() if reference in needed]

    def _create(self, name: str, resource: dict[str, Any]) -> tuple[CreatedResource | None, Exchange]:
        exchange = self._system.client.create(resource)
        self._system.wrote(exchange)
        place, exchange = exchange.located, exchange.lightened()
        if exchange.status not in _STORED or place.id is None or place.type != resource["resourceType"]:
            return None, exchange
        return CreatedResource(name, place.id, resource, exchange), exchange

    def remove(self, resources: Iterable[CreatedResource]) -> None:
        """Delete what a case no longer needs; what the server keeps now is tried again at the end of the run."""
        self._register.delete(self._system.client, [each.reference for each in resources])

    def close(self) -> None:
        """Delete everything that is left of the run."""
        self._is_closed = True
        self._remaining = self._register.delete_all(self._system.client)
