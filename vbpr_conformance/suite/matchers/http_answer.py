"""Matchers of the HTTP part of an answer: status and headers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from vbpr_conformance.suite.answer import Answer
from vbpr_conformance.suite.evidence import Evidence
from vbpr_conformance.suite.findings import Finding
from vbpr_conformance.suite.sentences import explanation_in, in_brackets, request_text

_ERRORS = 400
_REFUSED_BY_HEADER = {406: "Accept", 415: "Content-Type"}
"""The header of a request that a status is about."""


def status(value: Sequence[str], answer: Answer, evidence: Evidence) -> None:  # noqa: ARG001  all matchers are called alike
    """The status is one of those stated; `4xx` stands for all from 400 to 499."""
    got = str(answer.exchange.status)
    if any(got == each or (each.endswith("xx") and got[0] == each[0]) for each in value):
        return
    name = _REFUSED_BY_HEADER.get(answer.exchange.status, "")
    asked = answer.exchange.request_headers.get(name, "") if name else ""
    text = "; ".join(each for each in (asked and f"{name}: {asked}", explanation_in(answer.exchange)) if each)
    raise Finding(
        f"{request_text(answer.exchange)} answered {got}, expected {' or '.join(value)}{in_brackets(text)}",
        (),
        [answer.exchange],
    )


def header(value: Mapping[str, str], answer: Answer, evidence: Evidence) -> None:  # noqa: ARG001
    """Each header is there and matches its regular expression as a whole."""
    for name, pattern in value.items():
        got = answer.exchange.headers.get(name)
        if got is None:
            raise Finding(
                f"the answer to {request_text(answer.exchange)} has no header {name}",
                [("expected", f"{name}: {pattern}")],
                [answer.exchange],
            )
        if not re.fullmatch(pattern, got):
            raise Finding(
                f"the header {name} of the answer to {request_text(answer.exchange)} is {got!r}",
                [("expected", f"{name}: {pattern}")],
                [answer.exchange],
            )


def without_header(value: Sequence[str], answer: Answer, evidence: Evidence) -> None:  # noqa: ARG001
    """None of these headers is there."""
    for name in value:
        got = answer.exchange.headers.get(name)
        if got is not None:
            raise Finding(
                f"the answer to {request_text(answer.exchange)} has the header {name}: {got}",
                (),
                [answer.exchange],
            )


def refused_as(value: str, answer: Answer, evidence: Evidence) -> None:
    """What was refused by itself, in an earlier answer, is refused here too."""
    before = evidence.answers[value].exchange
    if before.status >= _ERRORS > answer.exchange.status:
        raise Finding(
            f"{request_text(answer.exchange)} is answered {answer.exchange.status}, though the "
            f"same was refused with {before.status} by itself",
            (),
            [answer.exchange, before],
        )
