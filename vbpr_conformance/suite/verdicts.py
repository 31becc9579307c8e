"""Verdicts of cases, of requirements and of a whole run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any

from vbpr_conformance.ig.model import Requirement


class Verdict(StrEnum):
    """What a case says: `error` says nothing about conformance."""

    PASS = "pass"  # noqa: S105  a verdict, no password
    FAIL = "fail"
    WARN = "warn"
    SKIP = "skip"
    ERROR = "error"


UNTESTED = "untested"
"""The verdict of a requirement that no case of the run tested."""


class RunVerdict(StrEnum):
    """What a run says."""

    CONFORMANT = "conformant"
    NON_CONFORMANT = "non-conformant"
    INCOMPLETE = "incomplete"
    ERROR = "error"


@dataclass(frozen=True)
class CaseResult:
    """What came out of one case: plain data, so that it travels between processes and into files.

    `details` are the labelled lines of evidence below the message, `exchanges` the requests and answers behind them
    (redacted), `payload` what was sent. `applicable` is False where the guide leaves the tested thing to the server
    and the server does not claim it.
    """

    id: str
    suite: str
    title: str
    expectation: str
    verdict: Verdict
    message: str = ""
    requirements: tuple[str, ...] = ()
    duration_s: float = 0.0
    requests: int = 0
    reproduce: str = ""
    source: str = ""
    description: str = ""
    link: str = ""
    does_not_check: str = ""
    applicable: bool = True
    details: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    exchanges: tuple[dict[str, Any], ...] = ()
    payload: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Give the result as plain JSON data: no enumeration, which does not travel between processes."""
        return {**asdict(self), "verdict": self.verdict.value}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> CaseResult:
        """Make a result of what `as_dict` gave, also after a way through JSON."""
        made = {each.name: data[each.name] for each in fields(cls) if each.name in data}
        made["verdict"] = Verdict(made["verdict"])
        made["details"] = tuple((label, text) for label, text in made.get("details", ()))
        for name in ("requirements", "notes", "exchanges"):
            made[name] = tuple(made.get(name, ()))
        return cls(**made)

    def text(self) -> str:
        """Render the result as it is shown everywhere: the sentence first, the evidence below."""
        head = f"{self.verdict.upper():5} {self.id}   {self.message}   {self.expectation}"
        return "\n".join([head, *(f"      {label:15}  {text}" for label, text in self.details)])


@dataclass(frozen=True)
class RequirementVerdict:
    """What the run says about one requirement, by the cases that test it."""

    requirement: Requirement
    verdict: str
    cases: tuple[str, ...] = ()
    applicable: bool = True


def requirement_verdicts(
    requirements: Iterable[Requirement], results: Sequence[CaseResult]
) -> tuple[RequirementVerdict, ...]:
    """Judge each requirement by all cases that name it."""
    by_id: dict[str, list[CaseResult]] = {}
    for result in results:
        for requirement in result.requirements:
            by_id.setdefault(requirement, []).append(result)
    return tuple(_judge(requirement, by_id.get(requirement.id, [])) for requirement in requirements)


def _judge(requirement: Requirement, results: list[CaseResult]) -> RequirementVerdict:
    cases = tuple(result.id for result in results)
    applicable = [result for result in results if result.applicable]
    if not results:
        return RequirementVerdict(requirement, UNTESTED, applicable=not requirement.not_tested)
    if not applicable:
        return RequirementVerdict(requirement, Verdict.SKIP, cases, applicable=False)
    found = {result.verdict for result in applicable}
    worst = next(
        verdict
        for verdict in (Verdict.FAIL, Verdict.ERROR, Verdict.SKIP, Verdict.WARN, Verdict.PASS)
        if verdict in found
    )
    return RequirementVerdict(requirement, worst, cases)


def run_verdict(verdicts: Sequence[RequirementVerdict], results: Sequence[CaseResult]) -> RunVerdict:
    """Judge the run: conformant only if every SHALL requirement was tested and met."""
    found = {result.verdict for result in results}
    if Verdict.FAIL in found:
        return RunVerdict.NON_CONFORMANT
    if Verdict.ERROR in found:
        return RunVerdict.ERROR
    met = {Verdict.PASS, Verdict.WARN}
    open_ones = [
        each
        for each in verdicts
        if each.requirement.expectation == "SHALL" and each.applicable and each.verdict not in met
    ]
    if open_ones or Verdict.PASS not in found:
        return RunVerdict.INCOMPLETE
    return RunVerdict.CONFORMANT


@dataclass
class Counts:
    """How many cases had which verdict."""

    by_verdict: dict[str, int] = field(default_factory=lambda: {verdict.value: 0 for verdict in Verdict})

    @classmethod
    def of(cls, results: Iterable[CaseResult]) -> Counts:
        """Count the verdicts of `results`."""
        made = cls()
        for result in results:
            made.by_verdict[result.verdict.value] += 1
        return made
