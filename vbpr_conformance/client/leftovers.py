"""What runs against a target left there: by the journals that they left here, or by the tags that they left there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from vbpr_conformance.client.client_errors import PagingError
from vbpr_conformance.client.created import CreatedResources, DeletingClient, Remaining
from vbpr_conformance.client.journal import is_open, journals
from vbpr_conformance.client.tagged import find_tagged, tags
from vbpr_conformance.errors import TargetError


class CleanedUp(NamedTuple):
    """How many resources a clean-up deleted, and what is left."""

    deleted: int
    remaining: list[Remaining]


def clean_up(client: DeletingClient, base_url: str, run: str | None = None) -> CleanedUp:
    """Delete what interrupted runs left on a target.

    Runs that still go on are left alone, unless one is named.
    """
    deleted = 0
    remaining: list[Remaining] = []
    for path, state in journals(base_url, run):
        if run is None and is_open(path):
            remaining.append(Remaining(None, f"what run {state.run} created: it still goes on"))
            continue
        register = CreatedResources.left_by(path)
        remaining += register.delete_all(client)
        register.release()
        deleted += register.deleted
    return CleanedUp(deleted, remaining)


def clean_up_tagged(
    client: DeletingClient, base_url: str, system: str, kinds: Mapping[str, bool], run: str | None = None
) -> CleanedUp:
    """Delete what carries a tag of `system`, of all runs or of one: also where no journal tells of it.

    `kinds` are the types that runs create, each with whether the target says that it has it: one that it has and does
    not search may hold more. Runs of this machine that still go on are left alone, unless one is named; others cannot
    be told from those that are over.
    """
    going_on = {state.run for path, state in journals(base_url, None) if is_open(path)} if run is None else set()

    def is_ours(resource: Any) -> bool:
        return any(
            value not in going_on and (run is None or value == run or value.startswith(f"{run}-gw"))
            for value in tags(resource, system)
        )

    found: list[str] = []
    remaining = [Remaining(None, f"what run {each} created: it still goes on") for each in sorted(going_on)]
    for kind, is_declared in kinds.items():
        try:
            tagged = find_tagged(client, kind, f"{system}|", is_ours)
        except (TargetError, PagingError) as error:
            remaining.append(Remaining(None, f"perhaps a {kind}: {error}"))
            continue
        if tagged is None and is_declared:
            remaining.append(Remaining(None, f"perhaps a {kind}: the server does not search it by identifier"))
        found += tagged or []
    kept = CreatedResources.in_memory(base_url).delete(client, found)
    return CleanedUp(len(found) - len(kept), [*kept, *remaining])
