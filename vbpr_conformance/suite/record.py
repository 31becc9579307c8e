"""What a run leaves behind: one record, from which every report is written. Plain data, also across processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.suite.deviations import Deviation
from vbpr_conformance.suite.rows import NotExpanded
from vbpr_conformance.suite.run_summary import RunSummary, SelectedCase, summarise
from vbpr_conformance.suite.verdicts import CaseResult


@dataclass
class Tally:
    """What one process did to the target; those of several processes add up."""

    requests: int = 0
    created: int = 0
    deleted: int = 0
    left: list[str] = field(default_factory=list)
    removal: list[str] = field(default_factory=list)
    """For each of `left` the command that deletes it, or a comment that says what is not known of it."""
    left_because: str = ""
    """Why something is left, where the server said so."""
    software: str = ""
    version: str = ""
    limits: list[str] = field(default_factory=list)
    """What the run gave up because of the target, in sentences."""

    def add(self, other: Mapping[str, Any]) -> None:
        """Add what another process did."""
        self.requests += other["requests"]
        self.created += other["created"]
        self.deleted += other["deleted"]
        self.left += other["left"]
        self.removal += other.get("removal", ())
        self.left_because = self.left_because or other.get("left_because", "")
        self.software = self.software or other["software"]
        self.version = self.version or other["version"]
        self.limits = list(dict.fromkeys([*self.limits, *other.get("limits", ())]))

    def as_dict(self) -> dict[str, Any]:
        """Give the tally as plain data."""
        return asdict(self)


@dataclass
class RunRecord:
    """A run: how it was made, what it did, and the result of every case in the order of the suites.

    `actor` is who is tested: `server` or `client`. `selected` are the cases that are to be judged, `whole` says whether
    these are all that there are for the edition; of a shard (`1/3`) `whole_before_shard` says it of all shards
    together. `embedded` is true where the target is the reference server, started for this run. `started` is a time in
    UTC as in XML Schema. `trouble` says why no case was run, where that is so. While a run goes on, and where
    it was ended from outside, `interrupted` is true.
    """

    run_id: str
    edition: Edition
    url: str
    suites: tuple[str, ...]
    seed: int
    examples: int
    started: str
    actor: str = "server"
    duration_s: float = 0.0
    strict: bool = False
    read_only: bool = False
    trouble: str = ""
    interrupted: bool = False
    embedded: bool = False
    shard: str = ""
    whole_before_shard: bool = True
    tally: Tally = field(default_factory=Tally)
    selected: tuple[SelectedCase, ...] = ()
    whole: bool = True
    deviations: tuple[Deviation, ...] = ()
    results: list[CaseResult] = field(default_factory=list)
    not_expanded: list[NotExpanded] = field(default_factory=list)

    def summary(self) -> RunSummary:
        """Judge the run by the results there are."""
        return summarise(
            [each for each in self.edition.requirements if each.actor == self.actor],
            self.results,
            selected=self.selected or None,
            whole=self.whole,
            deviations=self.deviations,
            today=datetime.now(UTC).date(),
            trouble=self.trouble,
            interrupted=self.interrupted,
        )
