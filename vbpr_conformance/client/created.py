"""The register of what a run creates on a target: on disk before the request is sent, deleted at the end.

One register serves a run that ends as it should, one that is interrupted, what a lost answer created, and the
`cleanup` of a run that is long gone: that opens the journal where the run left it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from vbpr_conformance.client.client_errors import PagingError, UnusableUrlError
from vbpr_conformance.client.effects import GONE, Effects, effects, outcome
from vbpr_conformance.client.journal import Intent, Journal, journal_path
from vbpr_conformance.client.tagged import SearchingClient, find_tagged, tags
from vbpr_conformance.client.urls import checked_base
from vbpr_conformance.errors import TargetError
from vbpr_conformance.rest.exchange import Exchange

_OK = 200
_DELETED = frozenset({200, 204})
"""Says that it was deleted; 202 (accepted) promises it for later."""
_BROKEN_TO_GIVE_UP = 3
"""After so many deletes in a row without an answer the server counts as gone: one broken connection says little."""
_QUICK_S = 2.0
"""A delete that took longer to fail hung: others would hang as well."""


class DeletingClient(SearchingClient, Protocol):
    """What the register asks of a client of the target."""

    def limit(self, seconds: float | None) -> None:
        """Let no request end later than so many seconds from now; None takes the limit away."""

    def delete(self, kind: str, identity: str) -> Exchange:
        """Delete a resource."""

    def read(self, kind: str, identity: str) -> Exchange:
        """Read a resource."""


class Remaining(NamedTuple):
    """What is left on the target, and why. `reference` is None where it is not even known whether it is there."""

    reference: str | None
    reason: str

    def __str__(self) -> str:
        return self.reason if self.reference is None else f"{self.reference}: {self.reason}"


class Noted(NamedTuple):
    """A request that was noted before it was sent; `number` is None where it creates nothing."""

    number: int | None
    effects: Effects


class CreatedResources:
    """What one process of a run has created on a target and not deleted, kept on disk as it happens.

    The client notes its requests here by itself: `before`, then `after` or `nothing_sent`. Others read `references`,
    and delete by `delete` or, at the end, `delete_all`.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._known = set(journal.state.created)
        self.created = len(self._known)
        """How many resources were created in all."""
        self.deleted = 0
        """How many of them were deleted again."""
        self._keeps_deleted: bool | None = None
        """Whether the server still gives what it said it deleted; None until one was looked at."""
        self._hung = ""
        """What is to be said of a delete that hung: until the end of the run nothing more is deleted then."""

    @classmethod
    def of_run(cls, base_url: str, run: str, tag: tuple[str, str] | None = None) -> CreatedResources:
        """Begin the register of a run.

        `tag` is the identifier (system, value) that all resources of the run carry: by it, what was created by a
        request that got no answer is found again.
        """
        base = checked_base(base_url)[0].rstrip("/")
        return cls(Journal(journal_path(base, run), base, run, tag))

    @classmethod
    def in_memory(cls, base_url: str) -> CreatedResources:
        """Begin a register that leaves nothing on disk."""
        return cls(Journal(None, checked_base(base_url)[0].rstrip("/"), ""))

    @classmethod
    def left_by(cls, path: Path) -> CreatedResources:
        """Open the register that a run left on disk."""
        return cls(Journal.reopened(path))

    @property
    def run(self) -> str:
        """The id of the run."""
        return self._journal.state.run

    @property
    def references(self) -> tuple[str, ...]:
        """What was created and not deleted so far, as `Type/id` in the order of creation."""
        return tuple(self._journal.state.created)

    def __contains__(self, reference: object) -> bool:
        """Whether the run created this (`Type/id`), deleted since or not."""
        return reference in self._known

    # ---- noted by the client

    def before(self, method: str, url: str, body: Any, headers: Mapping[str, str]) -> Noted | None:
        """Note a request before it is sent; None for one that creates and deletes nothing.

        Raises `UsageError` where nothing can be written down: then nothing may be sent.
        """
        found = effects(self._journal.state.url, method, url, body, headers)
        if found is None:
            return None
        intents = found.intents
        if not found.is_bundle and intents and f"{intents[0].type}/{intents[0].id}" in self._journal.state.created:
            return None  # an update of what is known
        return Noted(self._journal.intend(intents) if intents else None, found)

    def after(self, noted: Noted, exchange: Exchange) -> None:
        """Note what came of it."""
        found = outcome(noted.effects, exchange)
        for reference in found.deleted if not self._keeps_deleted else ():
            self._gone(reference)
        if noted.number is not None:
            self._add(noted.number, [*found.created, *self._brought_back(noted.effects, exchange)], found.unknown)

    def nothing_sent(self, noted: Noted) -> None:
        """Note that the request never reached the server."""
        if noted.number is not None:
            self._add(noted.number)

    # ---- deleted again

    def delete(
        self, client: DeletingClient, references: Iterable[str], *, within: float | None = None
    ) -> list[Remaining]:
        """Delete what the run created, the newest first, because others may refer to the older ones.

        What the server keeps because something refers to it is tried again once the rest is gone
        (https://hl7.org/fhir/R4/http.html#delete), and stays in the register; so is what broke off. Where the server
        hangs or is gone, or after `within` seconds, nothing more is tried. Gives what remains.
        """
        end = None if within is None else time.monotonic() + within
        order = {reference: i for i, reference in enumerate(self._journal.state.created)}
        here = [each for each in dict.fromkeys(references) if each in order or each not in self._known]
        waiting = sorted(here, key=lambda each: order.get(each, -1), reverse=True)
        if self._hung:
            return [Remaining(each, self._hung) for each in waiting]
        broken = 0
        while waiting:
            kept: list[Remaining] = []
            for i, reference in enumerate(waiting):
                began = time.monotonic()
                if end is not None and began > end:
                    return [*kept, *(Remaining(each, "no time was left to delete it") for each in waiting[i:])]
                try:
                    refused = self._delete(client, reference)
                    broken = 0
                except TargetError as error:
                    refused = str(error)
                    broken += 1
                    self._hung = refused if time.monotonic() - began > _QUICK_S else ""
                    if broken == _BROKEN_TO_GIVE_UP or self._hung:
                        return [*kept, *(Remaining(each, refused) for each in waiting[i:])]
                except UnusableUrlError as error:
                    refused = str(error)
                if refused:
                    kept.append(Remaining(reference, refused))
            if len(kept) == len(waiting):
                return kept
            waiting = [each.reference for each in kept if each.reference is not None]
        return []

    def delete_all(self, client: DeletingClient, *, within: float | None = None) -> list[Remaining]:
        """Delete all that is left of the run, with what was created by requests whose answer was lost.

        `within` is in seconds, and also ends a request that goes on.
        """
        client.limit(within)
        self._hung = ""
        end = None if within is None else time.monotonic() + within
        lost = self._recover(client)
        return [*self.delete(client, self.references, within=None if end is None else end - time.monotonic()), *lost]

    def release(self) -> None:
        """Close the journal; where nothing is left on the target, it goes."""
        self._journal.close()

    def _delete(self, client: DeletingClient, reference: str) -> str:
        """Delete a resource; give why it is still there, or nothing."""
        kind, identity = reference.split("/", 1)
        status = client.delete(kind, identity).status
        if status not in GONE:
            return f"the server answered {status} to its delete"
        if status in _DELETED and self._keeps_deleted is not False:
            # Looked at once; a server that was found to keep what it said it deleted is believed nothing more.
            shown = client.read(kind, identity)
            self._keeps_deleted = shown.status == _OK and (shown.resource or {}).get("resourceType") == kind
            if self._keeps_deleted:
                self._still_there(reference)
                return f"the server answered {status} to its delete and still gives it"
        self._gone(reference)
        return ""

    def _still_there(self, reference: str) -> None:
        if reference in self._known and reference not in self._journal.state.created:
            intent = Intent(*reference.split("/", 1))
            self._journal.settle(self._journal.intend([intent]), [reference], [])
            self.deleted -= 1

    def _add(self, number: int, created: Sequence[str] = (), unknown: Sequence[Intent] = ()) -> None:
        self.created += sum(each not in self._journal.state.created for each in created)
        self._known |= set(created)
        self._journal.settle(number, created, unknown)

    def _brought_back(self, asked: Effects, exchange: Exchange) -> Iterator[str]:
        """What the run had created and deleted, and an update answered 200 stored again."""
        for intent in asked.intents if exchange.status == _OK and not asked.is_bundle else ():
            reference = f"{intent.type}/{intent.id}"
            if reference in self._known and reference not in self._journal.state.created:
                yield reference

    def _gone(self, reference: str) -> None:
        if reference in self._journal.state.created:
            self._journal.deleted(reference)
            self.deleted += 1

    def _recover(self, client: DeletingClient) -> list[Remaining]:
        """Find by the run's tag what was created by requests whose outcome is not known; give what cannot be found."""
        state = self._journal.state
        lost: dict[Intent, Remaining] = {}
        looked_up: dict[Intent, list[str] | None] = {}
        for number, intents in [*state.unknown.items()]:
            for intent in intents:
                if intent not in looked_up:
                    looked_up[intent] = self._look_up(client, intent)
                if looked_up[intent] is None:
                    what = f"{intent.type}/{intent.id}" if intent.id else f"a {intent.type} of unknown id"
                    lost[intent] = Remaining(
                        None,
                        f"perhaps {what}: its creation got no clear answer in run {state.run} ({self._journal.path})",
                    )
            found = [each for intent in intents for each in looked_up[intent] or () if each not in state.created]
            self._add(number, found, [intent for intent in intents if intent in lost])
        return [*lost.values()]

    def _look_up(self, client: DeletingClient, intent: Intent) -> list[str] | None:
        """Give the resources that carry the run's tag; None where the server does not let us know."""
        tag = self._journal.state.tag
        try:
            return None if tag is None else _tagged(client, intent, tag)
        except (TargetError, PagingError):
            return None


def _tagged(client: DeletingClient, intent: Intent, tag: tuple[str, str]) -> list[str] | None:
    """Look for what a request may have created: by its id, or by the tag; None where the server does not tell."""

    def is_ours(resource: Any) -> bool:
        return tag[1] in tags(resource, tag[0])

    if intent.id is None:
        return find_tagged(client, intent.type, "|".join(tag), is_ours)
    exchange = client.read(intent.type, intent.id)
    if exchange.status == _OK:
        return [f"{intent.type}/{intent.id}"] if is_ours(exchange.resource or {}) else []
    return [] if exchange.status in GONE else None
