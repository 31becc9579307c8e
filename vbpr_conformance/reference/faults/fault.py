"""A fault, and what makes one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vbpr_conformance.reference.behaviour import Behaviour, Change


@dataclass(frozen=True)
class Fault:
    """One fault.

    `breaks` says which requirement it is about, as `about` in results.json; `description` what goes wrong, in a
    user's words.
    """

    name: str
    breaks: Mapping[str, str]
    description: str
    change: Change


def at(**pipelines: Any) -> Change:
    """Change the behaviour by appending a function to each of the named pipelines."""

    def change(behaviour: Behaviour) -> Behaviour:
        return behaviour.also(**pipelines)

    return change
