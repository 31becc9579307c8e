"""What a request may create or delete on a server, and what its answer says of that.

https://hl7.org/fhir/R4/http.html#create, #update, #delete and #transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote

from vbpr_conformance.client.journal import Intent
from vbpr_conformance.rest.exchange import Exchange
from vbpr_conformance.rest.located import located

GONE = frozenset({200, 202, 204, 404, 410})
"""The answers to a delete after which the resource is not there."""
_OK = 200
_CREATED = 201
_SUCCESS = range(200, 300)
_SERVER_ERRORS = range(500, 600)


class Effects(NamedTuple):
    """What a request may create and should delete: one item for each entry of a bundle, else one; None for nothing."""

    creates: tuple[Intent | None, ...]
    deletes: tuple[str | None, ...]
    is_bundle: bool = False
    is_conditional: bool = False
    conditional: frozenset[int] = frozenset()
    """The entries, by number, that may find a resource which somebody else created."""

    @property
    def intents(self) -> list[Intent]:
        """All that may be created."""
        return [each for each in self.creates if each is not None]


class SeenEffects(NamedTuple):
    """What an answer says: references created and deleted for sure, and what may have been created."""

    created: Sequence[str] = ()
    unknown: Sequence[Intent] = ()
    deleted: Sequence[str] = ()


def effects(base_url: str, method: str, url: str, body: Any, headers: Mapping[str, str]) -> Effects | None:
    """Say what a request may do to the resources of a server; None for one that creates and deletes nothing."""
    path, _, where = url.partition("?")
    steps = [unquote(step) for step in path.removeprefix(base_url).strip("/").split("/") if step]
    if method == "POST" and not steps and isinstance(body, Mapping):
        return _of_bundle(base_url, body)
    if method == "DELETE" and len(steps) == 2:  # noqa: PLR2004  type and id
        return Effects((None,), ("/".join(steps),))
    intent = _intent(method, steps)
    if intent is None:
        return None
    return Effects((intent,), (None,), is_conditional=bool(where) or "If-None-Exist" in headers)


def _of_bundle(base_url: str, bundle: Mapping[str, Any]) -> Effects | None:
    creates: list[Intent | None] = []
    deletes: list[str | None] = []
    conditional: set[int] = set()
    entries = bundle.get("entry")
    for i, entry in enumerate(entries if isinstance(entries, list) else ()):
        request = entry.get("request") if isinstance(entry, Mapping) else None
        request = request if isinstance(request, Mapping) else {}
        url, method = str(request.get("url", "")), request.get("method")
        steps = [step for step in url.partition("?")[0].removeprefix(base_url).split("/") if step]
        creates.append(_intent(method, steps))
        deletes.append("/".join(steps) if method == "DELETE" and "?" not in url else None)
        conditional |= {i} if "?" in url or "ifNoneExist" in request else set()
    if not any(creates) and not any(deletes):
        return None
    return Effects(tuple(creates), tuple(deletes), is_bundle=True, conditional=frozenset(conditional))


def _intent(method: Any, steps: Sequence[str]) -> Intent | None:
    """Give what the request may create: POST and PUT on a type or a resource do, operations and searches do not."""
    if not steps or not steps[0][:1].isupper() or any(step[:1] in "$_" for step in steps):
        return None
    if method == "POST" and len(steps) == 1:
        return Intent(steps[0])
    if method == "PUT" and len(steps) <= 2:  # noqa: PLR2004  type and id
        return Intent(*steps)
    return None


def outcome(asked: Effects, exchange: Exchange) -> SeenEffects:
    """Read off an answer what came of a request.

    A refusal (4xx) created nothing. What came of a request that the server failed at (5xx) is not known, nor what a
    failed transaction left: not every server undoes all of it.
    """
    if asked.is_bundle:
        return _of_entries(asked, exchange)
    intent, reference = asked.creates[0], asked.deletes[0]
    if reference is not None:
        return SeenEffects(deleted=(reference,) if exchange.status in GONE else ())
    assert intent is not None  # noqa: S101  one of the two is there
    if exchange.status in _SERVER_ERRORS:
        return SeenEffects(unknown=(intent,))
    is_new = exchange.status == _CREATED or (
        exchange.status in _SUCCESS and intent.id is None and not asked.is_conditional
    )
    if not is_new:
        return SeenEffects()
    if intent.id is not None:
        return SeenEffects(created=(f"{intent.type}/{intent.id}",))
    found = exchange.located
    if found.type == intent.type and found.reference is not None:
        return SeenEffects(created=(found.reference,))
    return SeenEffects(unknown=(intent,))


def _of_entries(asked: Effects, exchange: Exchange) -> SeenEffects:
    answers = _entries(exchange)
    created: list[str] = []
    unknown: list[Intent] = []
    deleted: list[str] = []
    for i, (intent, reference) in enumerate(zip(asked.creates, asked.deletes, strict=True)):
        status, location = answers[i] if i < len(answers) else (None, "")
        if reference is not None and status in GONE:
            deleted.append(reference)
        if intent is None or not (status is None or status in {_OK, _CREATED} or status in _SERVER_ERRORS):
            continue
        if i in asked.conditional and status == _OK:
            continue  # it found what was there
        told = located(location)
        found = told.id if told.type == intent.type else None  # a location elsewhere is never taken for ours
        if status == _CREATED and intent.id is not None:
            created.append(f"{intent.type}/{intent.id}")
        elif found and intent.id is None:
            created.append(f"{intent.type}/{found}")
        elif status is None or intent.id is None:
            unknown.append(intent)
    return SeenEffects(created, unknown, deleted)


def _entries(exchange: Exchange) -> list[tuple[int, str]]:
    """Give status and location of each entry of the answer to a bundle; none where there is no such answer."""
    bundle = exchange.resource if exchange.status in _SUCCESS else None
    entries = bundle.get("entry") if bundle else None
    found = []
    for entry in entries if isinstance(entries, list) else ():
        response = entry.get("response") if isinstance(entry, dict) else None
        response = response if isinstance(response, dict) else {}
        status = str(response.get("status", ""))[:3]
        found.append((int(status) if status.isdecimal() else 0, str(response.get("location", ""))))
    return found
