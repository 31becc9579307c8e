"""What the user says of a target beforehand: what it holds, and what is not to be run against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vbpr_conformance.client.redact import Secret
    from vbpr_conformance.suite.expand import Case


@dataclass(frozen=True)
class LeftOut:
    """Cases that are not run: by their id (`*` stands for anything), or by the id of a requirement."""

    reason: str
    case: str = ""
    requirement: str = ""

    def covers(self, case: Case) -> bool:
        """Whether a case is one of them."""
        if self.requirement:
            return any(each.id == self.requirement for each in case.requirements)
        return bool(self.case) and fnmatchcase(case.id, self.case)


@dataclass(frozen=True)
class TargetTerms:
    """What is left out, ids of resources that the target holds, by type, and tokens that it must refuse, by name."""

    left_out: Sequence[LeftOut] = ()
    existing: Mapping[str, Sequence[str]] = field(default_factory=dict)
    refused_tokens: Mapping[str, Secret] = field(default_factory=dict, repr=False)

    def why_left_out(self, case: Case) -> str:
        """The reason why a case is not run, empty where there is none."""
        return next((each.reason for each in self.left_out if each.covers(case)), "")
