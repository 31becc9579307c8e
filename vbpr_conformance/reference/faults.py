"""Named faults, each of which breaks one rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vbpr_conformance.errors import UsageError
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.reference.behaviour import Change


@dataclass(frozen=True)
class Fault:
    """One fault: `breaks` says what requirement it is about, as `about` in results.json."""

    name: str
    breaks: Mapping[str, str]
    description: str
    change: Change


def catalogue(_edition: Edition) -> dict[str, Fault]:
    """Give all faults by name."""
    return {}


def find_fault(edition: Edition, name: str) -> Fault:
    """Find a fault by its name."""
    known = catalogue(edition)
    if name not in known:
        raise UsageError(f"there is no fault {name}: --list-faults tells which there are")
    return known[name]
