"""Known deviations of a target: still shown, no longer counted, and never hiding anything else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from fnmatch import fnmatchcase

from vbpr_conformance.suite.verdicts import CaseResult, Verdict

_CAN_BE_KNOWN = frozenset({Verdict.FAIL, Verdict.WARN})


@dataclass(frozen=True)
class Deviation:
    """One thing that a target is known to do otherwise than asked.

    `case` is the id of the case that shows it (`*` stands for anything), `requirement` the id of a requirement that the
    case tests; one of the two is given. `says` stands in the message of the case, as a text or a regular expression:
    another failure of the same case is not known. `expires` is the last day on which it is.
    """

    case: str = ""
    requirement: str = ""
    says: str = ""
    reason: str = ""
    link: str = ""
    expires: date | None = None

    def as_dict(self) -> dict[str, str]:
        """Give it as plain JSON data."""
        return {**asdict(self), "expires": self.expires.isoformat() if self.expires else ""}

    @classmethod
    def from_dict(cls, data: Mapping[str, str]) -> Deviation:
        """Make one of what `as_dict` gave."""
        last = date.fromisoformat(data["expires"]) if data.get("expires") else None
        return cls(**{name: text for name, text in data.items() if name != "expires"}, expires=last)

    def covers(self, result: CaseResult) -> bool:
        """Whether this is about the case of a result."""
        if self.case and not fnmatchcase(result.id, self.case):
            return False
        if self.requirement and self.requirement not in result.requirements:
            return False
        return bool(self.case or self.requirement)

    def explains(self, result: CaseResult) -> bool:
        """Whether what came out of the case is this deviation."""
        return result.verdict in _CAN_BE_KNOWN and self.covers(result) and self._is_said(result.message)

    def is_expired(self, today: date) -> bool:
        """Whether its last day is over."""
        return self.expires is not None and today > self.expires

    def text(self) -> str:
        """Say in a few words why it is known, and until when."""
        until = f"until {self.expires.isoformat()}" if self.expires else ""
        return ": ".join(part for part in (until, self.reason or self.link) if part) or "known"

    def _is_said(self, message: str) -> bool:
        if self.says in message:
            return True
        try:
            return re.search(self.says, message) is not None
        except re.error:
            return False


@dataclass(frozen=True)
class DeviationState:
    """What became of a known deviation in a run: `occurred`, `stale` (its case ran without it) or `not seen`."""

    deviation: Deviation
    occurred: int = 0
    stale: bool = False
    expired: bool = False


def mark_known(result: CaseResult, deviations: Iterable[Deviation], today: date) -> CaseResult:
    """Give a result as known where a deviation that is not expired explains it."""
    for each in deviations:
        if each.explains(result) and not each.is_expired(today):
            return result.known_as(each.text())
    return result


def states(deviations: Sequence[Deviation], results: Sequence[CaseResult], today: date) -> tuple[DeviationState, ...]:
    """Say of each deviation whether it occurred: one whose cases were judged without it is stale."""
    found = []
    for each in deviations:
        covered = [result for result in results if each.covers(result)]
        judged = [result for result in covered if result.verdict not in {Verdict.SKIP, Verdict.ERROR}]
        occurred = sum(1 for result in covered if each.explains(result))
        found.append(DeviationState(each, occurred, bool(judged) and not occurred, each.is_expired(today)))
    return tuple(found)
