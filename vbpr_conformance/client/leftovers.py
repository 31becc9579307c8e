"""What runs against a target left there, by the journals that they left here."""

from __future__ import annotations

from typing import NamedTuple

from vbpr_conformance.client.created import CreatedResources, DeletingClient, Remaining
from vbpr_conformance.client.journal import is_open, journals


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
