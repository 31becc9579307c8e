"""Deletes from a target what runs left there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vbpr_conformance.client.ledger import Intent, State, is_open, ledgers, note_deleted

if TYPE_CHECKING:
    from vbpr_conformance.client.client import FhirClient

GONE = {200, 202, 204, 404, 410}
"""The answers to a delete after which the resource is not there."""
_OK = 200
_MOST_PAGES = 50
"""A server that ignores the tag gives all it holds: so many pages of it are looked through, and no more."""


def clean_up(client: FhirClient, run: str | None = None) -> tuple[int, list[str]]:
    """Delete what interrupted runs against the client's target left; give how many went, and what is left and why.

    Runs that still go on are left alone, unless one is named.
    """
    deleted = 0
    left: list[str] = []
    for path, state in ledgers(client.base_url, run):
        if run is None and is_open(path):
            left.append(f"what run {state.run} created: it still goes on")
            continue
        gone, stay = _clean(client, path, state)
        deleted += gone
        left += stay
        if not stay:
            path.unlink(missing_ok=True)
    return deleted, left


def _clean(client: FhirClient, path: Path, state: State) -> tuple[int, list[str]]:
    """Delete in rounds, the newest first: a server may refuse to delete what others still refer to."""
    found, lost = looked_up(client, path, state)
    todo = [*reversed(state.created), *(each for each in found if each not in state.created)]
    deleted = 0
    answers: dict[str, int] = {}
    while todo:
        stay = []
        for reference in todo:
            answers[reference] = client.delete(*reference.split("/", 1)).status
            if answers[reference] in GONE:
                note_deleted(path, reference)
                deleted += 1
            else:
                stay.append(reference)
        if len(stay) == len(todo):
            break
        todo = stay
    return deleted, [*(f"{each}: the server answered {answers[each]} to its delete" for each in todo), *lost]


def looked_up(client: FhirClient, path: Path, state: State) -> tuple[list[str], list[str]]:
    """Find by the run's tag what was created by requests whose outcome is not known; give also what cannot be found."""
    found: dict[str, None] = {}
    lost: list[str] = []
    for intent in dict.fromkeys(each for intents in state.unknown.values() for each in intents):
        references = None if state.tag is None else _tagged(client, intent, state.tag)
        if references is None:
            what = f"{intent.type}/{intent.id}" if intent.id else f"a {intent.type} of unknown id"
            lost.append(f"perhaps {what}: its creation got no clear answer in run {state.run} ({path})")
        else:
            found |= dict.fromkeys(references)
    return list(found), lost


def _tagged(client: FhirClient, intent: Intent, tag: tuple[str, str]) -> list[str] | None:
    """Give the resources that carry the run's tag; None where the server does not let us know.

    What is found is looked at: a server that ignores the parameter gives resources that are not ours.
    """
    if intent.id is not None:
        exchange = client.read(intent.type, intent.id)
        resource = exchange.resource or {}
        if exchange.status == _OK:
            return [f"{intent.type}/{intent.id}"] if _carries(resource, tag) else []
        return [] if exchange.status in GONE else None
    first = client.search(intent.type, [("identifier", "|".join(tag))])
    if first.status != _OK:
        return None
    found = []
    for count, page in enumerate(client.pages(first), start=1):
        if count > _MOST_PAGES:
            return None
        found += [
            f"{intent.type}/{each['id']}"
            for each in _resources(page.resource or {})
            if each.get("resourceType") == intent.type and isinstance(each.get("id"), str) and _carries(each, tag)
        ]
    return found


def _resources(bundle: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for entry in bundle.get("entry", ()):
        if isinstance(entry, dict) and isinstance(entry.get("resource"), dict):
            yield entry["resource"]


def _carries(resource: dict[str, Any], tag: tuple[str, str]) -> bool:
    identifiers = resource.get("identifier", [])
    for each in identifiers if isinstance(identifiers, list) else [identifiers]:
        if isinstance(each, dict) and (each.get("system"), each.get("value")) == tag:
            return True
    return False
