"""What the self-test found: which case saw which fault, what was missed, and whom the suites accuse wrongly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from vbpr_conformance import __version__

FORMAT = "vbpr-conformance-selftest/1"


@dataclass
class FaultMatrix:
    """The matrix, and what it proves.

    `seen` holds for each fault that was tried the cases that it turned red. `cases` are all that must be able to fail.
    `unseen` are the faults that no run can see, each with its reason; one of them that was seen all the same is stale.
    `permitted` holds for each permitted variation what was wrongly said of it, `good_server` the same for the server
    without any. `partial`: only some faults and variations were tried, and no case needs to fail. `duration_s` is how
    long it took.
    """

    edition: str
    partial: bool = False
    faults: dict[str, str] = field(default_factory=dict)
    cases: dict[str, str] = field(default_factory=dict)
    seen: dict[str, list[str]] = field(default_factory=dict)
    unseen: dict[str, str] = field(default_factory=dict)
    unable: dict[str, str] = field(default_factory=dict)
    permitted: dict[str, list[str]] = field(default_factory=dict)
    good_server: list[str] = field(default_factory=list)
    duration_s: float = 0.0

    @property
    def missed(self) -> list[str]:
        """The faults that no case saw, though one should."""
        return [name for name in self.faults if not self.seen.get(name) and name not in self.unseen]

    @property
    def never_red(self) -> list[str]:
        """The cases that no fault turned red, though one should."""
        able = self.reds
        return [] if self.partial else [name for name in self.cases if name not in able and name not in self.unable]

    @property
    def stale(self) -> list[str]:
        """What is listed as impossible and happened: faults that were seen, cases that failed."""
        able = self.reds
        return [
            *(name for name in self.unseen if self.seen.get(name)),
            *(name for name in self.unable if name in able),
        ]

    @property
    def reds(self) -> Mapping[str, Sequence[str]]:
        """The faults that turned each case red."""
        found: dict[str, list[str]] = {}
        for fault, cases in self.seen.items():
            for case in cases:
                found.setdefault(case, []).append(fault)
        return found

    @property
    def is_proven(self) -> bool:
        """Whether everything was caught, can fail, and passes."""
        wrong = [*self.missed, *self.never_red, *self.stale, *self.good_server]
        return not wrong and not any(self.permitted.values())

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain JSON data."""
        found = {"missed": self.missed, "never_red": self.never_red, "stale": self.stale}
        return {"format": FORMAT, "harness": __version__, "proven": self.is_proven, **found, **asdict(self)}
