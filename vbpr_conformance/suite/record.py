"""What a run leaves behind: one record, from which every report is written. Plain data, also across processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.suite.rows import NotExpanded
from vbpr_conformance.suite.verdicts import (
    CaseResult,
    RequirementVerdict,
    RunVerdict,
    requirement_verdicts,
    run_verdict,
)

ACTOR = "server"


@dataclass
class Tally:
    """What one process did to the target; those of several processes add up."""

    requests: int = 0
    created: int = 0
    deleted: int = 0
    left: list[str] = field(default_factory=list)
    software: str = ""
    version: str = ""

    def add(self, other: Mapping[str, Any]) -> None:
        """Add what another process did."""
        self.requests += other["requests"]
        self.created += other["created"]
        self.deleted += other["deleted"]
        self.left += other["left"]
        self.software = self.software or other["software"]
        self.version = self.version or other["version"]

    def as_dict(self) -> dict[str, Any]:
        """Give the tally as plain data."""
        return asdict(self)


@dataclass
class RunRecord:
    """A run: how it was made, what it did, and the result of every case in the order of the suites.

    `trouble` says why no case was run, where that is so.
    """

    run_id: str
    edition: Edition
    url: str
    suites: tuple[str, ...]
    seed: int
    examples: int
    started: str
    duration_s: float = 0.0
    strict: bool = False
    read_only: bool = False
    trouble: str = ""
    tally: Tally = field(default_factory=Tally)
    results: list[CaseResult] = field(default_factory=list)
    not_expanded: list[NotExpanded] = field(default_factory=list)

    @property
    def requirement_verdicts(self) -> tuple[RequirementVerdict, ...]:
        """The verdict of every requirement of the actor, tested or not."""
        asked = [each for each in self.edition.requirements if each.actor == ACTOR]
        return requirement_verdicts(asked, self.results)

    @property
    def verdict(self) -> RunVerdict:
        """The verdict of the run."""
        if self.trouble:
            return RunVerdict.ERROR
        return run_verdict(self.requirement_verdicts, self.results)
