"""A fault: one rule that the reference server then breaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vbpr_conformance.reference.behaviour import Change


@dataclass(frozen=True)
class Fault:
    """One fault.

    `breaks` says which requirement it is about, as `about` in results.json; `description` what goes wrong, in a
    user's words. `needs_credentials`: it is seen only where the server asks for credentials (`serve --auth`).
    """

    name: str
    breaks: Mapping[str, str]
    description: str
    change: Change
    needs_credentials: bool = False
