"""The matcher of claims that were tried: https://hl7.org/fhir/R4/http.html#capabilities."""

from __future__ import annotations

from typing import Literal

from vbpr_conformance.suite.answer import Answer
from vbpr_conformance.suite.evidence import Evidence
from vbpr_conformance.suite.findings import Finding

_MOST_LINES = 8


def claims_hold(value: Literal[True], answer: Answer, evidence: Evidence) -> None:  # noqa: ARG001  all matchers are called alike
    """Every claim of the server's CapabilityStatement that was tried holds."""
    if not answer.untrue:
        return
    sentence, exchange = answer.untrue[0]
    more = f" (and {len(answer.untrue) - 1} more claims)" if len(answer.untrue) > 1 else ""
    lines = [("claimed", text) for text, _ in answer.untrue[:_MOST_LINES]]
    raise Finding(f"the CapabilityStatement claims {sentence}{more}", lines, [exchange])
