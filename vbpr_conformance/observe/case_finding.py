"""What the judgement of one case came to, before it becomes a result."""

from __future__ import annotations

from dataclasses import dataclass, field

from vbpr_conformance.observe.recording import RecordedRequest
from vbpr_conformance.suite.verdicts import Verdict


@dataclass
class CaseFinding:
    """A verdict with its sentence and its evidence.

    `step` is the kind of evidence (wire, reaction, witness, answer, attestation). `is_certain` says that the verdict
    stands on something that was seen: it holds even if the client broke down later. `hint` is what to do to get a
    verdict, `questions` what can be asked instead: the id of each and its text.
    """

    verdict: Verdict
    message: str
    step: str = "wire"
    is_certain: bool = False
    applicable: bool = True
    hint: str = ""
    requests: list[RecordedRequest] = field(default_factory=list)
    details: list[tuple[str, str]] = field(default_factory=list)
    questions: dict[str, str] = field(default_factory=dict)


def passed(message: str, step: str = "wire", requests: list[RecordedRequest] | None = None) -> CaseFinding:
    """A pass."""
    return CaseFinding(Verdict.PASS, message, step, requests=requests or [])


def failed(
    message: str, step: str = "wire", requests: list[RecordedRequest] | None = None, *, is_certain: bool = False
) -> CaseFinding:
    """A failure."""
    return CaseFinding(Verdict.FAIL, message, step, is_certain, requests=requests or [])


def unseen(message: str, hint: str) -> CaseFinding:
    """Nothing to judge by; `hint` says what to do."""
    return CaseFinding(Verdict.SKIP, message, hint=hint)


WITNESS_HINT = (
    "let the client write what it shows to its standard output or into VBPR_OUTPUT, or give it with --witness"
)


def nothing_put_out() -> CaseFinding:
    """What cannot be seen as the client put nothing out."""
    return unseen("nothing was put out that could be looked at", WITNESS_HINT)
