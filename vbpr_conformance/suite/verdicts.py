"""What cases and runs can say: the words of every verdict, and what came out of one case."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, NamedTuple


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


class CaseKey(NamedTuple):
    """What tells the cases of a run apart: ids are unique within a suite only."""

    suite: str
    id: str


@dataclass(frozen=True)
class FailedCheck:
    """Which check of a case did not hold: what decides which requirements that breaks, and what has the same cause.

    `cause` is what is wrong, without what is particular to one request: failures with the same cause are told together.
    `interaction` is the FHIR interaction of the answer that was judged (`read`, `search-type`, `conditional-create`),
    `resource` its type, `parameters` the names of the search parameters asked for, `formats` the formats that were sent
    or asked for, `matcher` the name of the expectation in the suite language, `status` the HTTP status, `element` the
    path of the element that differed, without indexes.
    """

    cause: str
    interaction: str = ""
    resource: str = ""
    parameters: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    matcher: str = ""
    status: int = 0
    element: str = ""

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> FailedCheck:
        """Make one of plain JSON data."""
        return cls(**{**data, "parameters": tuple(data["parameters"]), "formats": tuple(data["formats"])})


@dataclass(frozen=True)
class CaseResult:
    """What came out of one case: plain data, so that it travels between processes and into files.

    `details` are labelled lines of what was found, `exchanges` the requests and answers of the case
    (redacted and cut to a size that can be read; of several examples those of the last), `payload` what was sent.
    `started` is a time in UTC, empty where a case has no beginning of its own (of a scenario many are judged at once).
    `applicable` is False where the guide leaves the tested thing to the server and the server does not claim it.
    `check` is the check that did not hold, None where none failed. `parameters` is the row that the case was made of.
    `deviation` is the reason why the failure is known and counts no more; empty where it counts.
    `flaky` is True where the same case came out differently when it was repeated.
    """

    id: str
    suite: str
    title: str
    expectation: str
    verdict: Verdict
    message: str = ""
    requirements: tuple[str, ...] = ()
    actor: str = "server"
    started: str = ""
    duration_s: float = 0.0
    requests: int = 0
    source: str = ""
    description: str = ""
    link: str = ""
    does_not_check: str = ""
    applicable: bool = True
    details: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    exchanges: tuple[dict[str, Any], ...] = ()
    payload: str = ""
    check: FailedCheck | None = None
    parameters: tuple[tuple[str, str], ...] = ()
    deviation: str = ""
    flaky: bool = False

    @property
    def key(self) -> CaseKey:
        """The key under which results are kept."""
        return CaseKey(self.suite, self.id)

    @property
    def strength(self) -> str:
        """How strong the rule is that did not hold: a warning is a missed SHOULD, whatever else the case asks."""
        return "SHOULD" if self.verdict is Verdict.WARN else self.expectation

    def known_as(self, reason: str) -> CaseResult:
        """Give the result as one that is known for this reason."""
        return replace(self, deviation=reason)

    def as_dict(self) -> dict[str, Any]:
        """Give the result as plain JSON data: no enumeration, which does not travel between processes."""
        check = asdict(self.check) if self.check is not None else None
        return {**vars(self), "check": check, "verdict": self.verdict.value}  # `asdict` would copy every exchange

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> CaseResult:
        """Make a result of what `as_dict` gave, also after a way through JSON."""
        made = {each.name: data[each.name] for each in fields(cls) if each.name in data}
        made["verdict"] = Verdict(made["verdict"])
        made["check"] = FailedCheck.from_dict(made["check"]) if made.get("check") else None
        for name in ("details", "parameters"):
            made[name] = tuple((str(label), str(text)) for label, text in made.get(name, ()))
        made["exchanges"] = tuple(dict(each) for each in made.get("exchanges", ()))
        for name in ("requirements", "notes"):
            made[name] = tuple(map(str, made.get(name, ())))
        return cls(**made)


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
