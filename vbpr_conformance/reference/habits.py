"""Named habits that R4 leaves to each server."""

from __future__ import annotations

from dataclasses import dataclass

from vbpr_conformance.errors import UsageError
from vbpr_conformance.reference.behaviour import Change


@dataclass(frozen=True)
class Habit:
    """One habit."""

    name: str
    description: str
    change: Change


HABITS: dict[str, Habit] = {}


def find_habit(name: str) -> Habit:
    """Find a habit by its name."""
    if name not in HABITS:
        raise UsageError(f"there is no habit {name}: {', '.join(HABITS)} are known")
    return HABITS[name]
