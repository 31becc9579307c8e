"""The journal of a run: what its requests create on the target and delete again, kept on disk as it happens."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from vbpr_conformance.client.ledger import Intent, Ledger, ledger_path
from vbpr_conformance.client.leftovers import GONE, clean_up, looked_up
from vbpr_conformance.client.urls import checked_base
from vbpr_conformance.rest.exchange import Exchange
from vbpr_conformance.rest.located import located

if TYPE_CHECKING:
    from vbpr_conformance.client.client import FhirClient

__all__ = ["Journal", "Noted", "clean_up"]

_CREATED = 201
_SUCCESS = range(200, 300)
_SERVER_ERRORS = range(500, 600)


class Noted(NamedTuple):
    """What was noted of a request before it was sent. `deletes` are the resources that it should delete."""

    number: int | None
    intents: tuple[Intent | None, ...]
    deletes: tuple[str | None, ...]
    is_bundle: bool
    is_conditional: bool


class Journal:
    """Notes before a request what it may create, and after it what came of it.

    `tag` is the identifier (system, value) that all resources of the run carry: by it, what was created by a request
    that got no answer is found again.
    """

    def __init__(self, base_url: str, run: str, tag: tuple[str, str] | None = None) -> None:
        self._base = checked_base(base_url)[0].rstrip("/")
        self._ledger = Ledger(ledger_path(self._base, run), self._base, run, tag)

    @property
    def left(self) -> tuple[str, ...]:
        """What was created and not deleted so far, as references in the order of creation."""
        return tuple(self._ledger.state.created)

    def before(self, method: str, url: str, body: Any, headers: Mapping[str, str]) -> Noted | None:
        """Note a request before it is sent; None for one that creates and deletes nothing."""
        path, _, where = url.partition("?")
        steps = [unquote(step) for step in path.removeprefix(self._base).strip("/").split("/") if step]
        if method == "POST" and not steps and isinstance(body, Mapping):
            return self._before_bundle(body)
        is_conditional = bool(where) or "If-None-Exist" in headers
        if method == "DELETE" and len(steps) == 2:  # noqa: PLR2004  type and id
            return Noted(None, (), ("/".join(steps),), is_bundle=False, is_conditional=False)
        intent = _intent(method, steps)
        if intent is None or f"{intent.type}/{intent.id}" in self._ledger.state.created:
            return None
        return Noted(self._ledger.intend([intent]), (intent,), (), is_bundle=False, is_conditional=is_conditional)

    def _before_bundle(self, bundle: Mapping[str, Any]) -> Noted | None:
        intents: list[Intent | None] = []
        deletes: list[str | None] = []
        for entry in bundle.get("entry", ()):
            request = entry.get("request", {}) if isinstance(entry, Mapping) else {}
            url, method = str(request.get("url", "")), request.get("method")
            steps = [step for step in url.partition("?")[0].removeprefix(self._base).split("/") if step]
            intents.append(_intent(method, steps))
            deletes.append("/".join(steps) if method == "DELETE" and "?" not in url else None)
        wanted = [each for each in intents if each is not None]
        if not wanted and not any(deletes):
            return None
        number = self._ledger.intend(wanted) if wanted else None
        return Noted(number, tuple(intents), tuple(deletes), is_bundle=True, is_conditional=False)

    def after(self, noted: Noted, exchange: Exchange) -> None:
        """Note what came of it."""
        if noted.is_bundle:
            self._after_bundle(noted, exchange)
            return
        if noted.number is None:
            if exchange.status in GONE and noted.deletes[0]:
                self._ledger.deleted(noted.deletes[0])
            return
        intent = noted.intents[0]
        if intent is not None:
            created, unknown = _outcome(intent, exchange, is_conditional=noted.is_conditional)
            self._ledger.settle(noted.number, created, unknown)

    def nothing_sent(self, noted: Noted) -> None:
        """Note that the request never reached the server."""
        if noted.number is not None:
            self._ledger.settle(noted.number)

    def recover(self, client: FhirClient, known: Container[str]) -> tuple[int, list[str]]:
        """Delete what was created without a clear answer, by a request that was interrupted for example.

        `known` is what others look after. Gives how many went, and what is, or may be, left.
        """
        state = self._ledger.state
        found, left = looked_up(client, self._ledger.path, state)
        if not left:
            for number in [*state.unknown]:
                self._ledger.settle(number)
        gone = 0
        for reference in dict.fromkeys((*found, *reversed(state.created))):
            if reference in known:
                continue
            if client.delete(*reference.split("/", 1)).status in GONE:
                gone += 1
            else:
                left.append(reference)
        return gone, left

    def close(self) -> None:
        """Close the file; where nothing is left on the target, it goes."""
        self._ledger.close()

    def _after_bundle(self, noted: Noted, exchange: Exchange) -> None:
        answers = _entries(exchange)
        created: list[str] = []
        unknown: list[Intent] = []
        for i, intent in enumerate(noted.intents):
            answer = answers[i] if i < len(answers) else None
            deleted = noted.deletes[i]
            if deleted and answer and answer[0] in GONE:
                self._ledger.deleted(deleted)
            if intent is None or (answer and answer[0] not in {_CREATED, 200} and answer[0] not in _SERVER_ERRORS):
                continue
            found = located(answer[1]) if answer else None
            if found and found.reference and answer and (answer[0] == _CREATED or intent.id is None):
                created.append(found.reference)
            elif answer is None or intent.id is None:  # also where all should have been undone: not every server does
                unknown.append(intent)
        if noted.number is not None:
            self._ledger.settle(noted.number, created, unknown)


def _intent(method: str | None, steps: Sequence[str]) -> Intent | None:
    """Give what the request may create: POST and PUT on a type or a resource do, operations and searches do not."""
    if not steps or not steps[0][:1].isupper() or any(step[:1] in "$_" for step in steps):
        return None
    if method == "POST" and len(steps) == 1:
        return Intent(steps[0])
    if method == "PUT" and len(steps) <= 2:  # noqa: PLR2004  type and id
        return Intent(*steps)
    return None


def _outcome(intent: Intent, exchange: Exchange, *, is_conditional: bool) -> tuple[list[str], list[Intent]]:
    """Give what was created for sure, and what may have been."""
    if exchange.status in _SERVER_ERRORS:
        return [], [intent]
    is_new = exchange.status == _CREATED or (exchange.status in _SUCCESS and intent.id is None and not is_conditional)
    if not is_new:
        return [], []
    if intent.id is not None:
        return [f"{intent.type}/{intent.id}"], []
    found = exchange.located
    return ([f"{found.type}/{found.id}"], []) if found.type == intent.type and found.id else ([], [intent])


def _entries(exchange: Exchange) -> list[tuple[int, str]]:
    """Give status and location of each entry of the answer to a bundle; none where there is no such answer."""
    bundle = exchange.resource if exchange.status in _SUCCESS else None
    entries = bundle.get("entry") if bundle else None
    found = []
    for entry in entries if isinstance(entries, list) else ():
        response = entry.get("response", {}) if isinstance(entry, dict) else {}
        status = str(response.get("status", ""))[:3]
        found.append((int(status) if status.isdigit() else 0, str(response.get("location", ""))))
    return found
