"""Known deviations of a target: still shown, no longer counted, and never hiding anything else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from typing import Any

from vbpr_conformance.suite.verdicts import CaseResult, Verdict

_CAN_BE_KNOWN = frozenset({Verdict.FAIL, Verdict.WARN})
_CHANGE = re.compile(r"sent (\S+), got (\S+)$")


@dataclass(frozen=True)
class Deviation:
    """One thing that a target is known to do otherwise than asked.

    `cases` are the ids of the cases that show it (`*` stands for anything), `requirement` the id of a requirement that
    the cases test; one of the two is given. `says` stands in the message of the case, as a text or a regular
    expression: another failure of the same case is not known. In its place `differs: precision` stands for what comes
    back with fewer zeros at the end of decimals, or without their exponents, and differs in nothing else. `verdict`
    says what the cases come to, where that is known; a `skip` is told and never counted as tested. `expires` is the
    last day on which it is known.
    """

    cases: tuple[str, ...] = ()
    requirement: str = ""
    says: str = ""
    differs: str = ""
    verdict: str = ""
    reason: str = ""
    link: str = ""
    expires: date | None = None

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain JSON data."""
        return {**asdict(self), "expires": self.expires.isoformat() if self.expires else ""}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Deviation:
        """Make one of what `as_dict` gave."""
        last = date.fromisoformat(data["expires"]) if data.get("expires") else None
        return cls(**{**data, "cases": tuple(data["cases"]), "expires": last})

    @property
    def name(self) -> str:
        """What it is about, in a word or several."""
        return ", ".join(self.cases) or self.requirement

    def covers(self, result: CaseResult) -> bool:
        """Whether this is about the case of a result."""
        if self.requirement:
            return self.requirement in result.requirements
        return any(fnmatchcase(result.id, each) for each in self.cases)

    def explains(self, result: CaseResult) -> bool:
        """Whether what came out of the case is this deviation."""
        is_verdict = result.verdict == self.verdict if self.verdict else result.verdict in _CAN_BE_KNOWN
        return is_verdict and self.covers(result) and self._is_shown(result)

    def is_expired(self, today: date) -> bool:
        """Whether its last day is over."""
        return self.expires is not None and today > self.expires

    def text(self) -> str:
        """Say in a few words why it is known, and until when."""
        until = f"until {self.expires.isoformat()}" if self.expires else ""
        return ": ".join(part for part in (until, self.reason or self.link) if part) or "known"

    def _is_shown(self, result: CaseResult) -> bool:
        if self.differs:
            changes = [text for label, text in result.details if label == "differs"]
            return bool(changes) and all(map(_lost_precision, changes))
        if self.says in result.message:
            return True
        try:
            return re.search(self.says, result.message) is not None
        except re.error:
            return False


def _lost_precision(change: str) -> bool:
    """Whether a line of evidence tells of a decimal that kept its value, and lost zeros at its end or its exponent."""
    found = _CHANGE.search(change)
    try:
        sent, got = (Decimal(each) for each in found.groups()) if found else (Decimal(0), Decimal(1))
    except InvalidOperation:
        return False
    return sent == got and found is not None and (len(found[1]) > len(found[2]) or "E" in found[1].upper())


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
        if result.verdict in _CAN_BE_KNOWN and each.explains(result) and not each.is_expired(today):
            return result.known_as(each.text())
    return result


def states(deviations: Sequence[Deviation], results: Sequence[CaseResult], today: date) -> tuple[DeviationState, ...]:
    """Say of each deviation whether it occurred: one whose cases were judged without it is stale."""
    found = []
    for each in deviations:
        covered = [result for result in results if each.covers(result)]
        unjudged = {Verdict.ERROR} if each.verdict == Verdict.SKIP else {Verdict.SKIP, Verdict.ERROR}
        judged = [result for result in covered if result.verdict not in unjudged]
        occurred = sum(1 for result in covered if each.explains(result))
        found.append(DeviationState(each, occurred, bool(judged) and not occurred, each.is_expired(today)))
    return tuple(found)
