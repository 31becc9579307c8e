"""What R4 leaves to each server, by name: no variation breaks a rule, so no check may take offence at one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vbpr_conformance.errors import UsageError
from vbpr_conformance.reference.behaviour import Change
from vbpr_conformance.reference.changes.change_table import read_rows


@dataclass(frozen=True)
class Variation:
    """One variation: `description` says what the server does, in a user's words, `see` the page that leaves it open."""

    name: str
    description: str
    see: str
    change: Change


def find_variation(name: str) -> Variation:
    """Find a variation by its name; raises `UsageError` with all names for one that is not known."""
    if name not in PERMITTED_VARIATIONS:
        raise UsageError(f"there is no variation {name}: {', '.join(PERMITTED_VARIATIONS)} are known")
    return PERMITTED_VARIATIONS[name]


PERMITTED_VARIATIONS = {
    row.name: Variation(row.name, row.says, row.group["see"], row.change)
    for row in read_rows(Path(__file__).with_suffix(".yaml"))
}
"""All variations by name."""
