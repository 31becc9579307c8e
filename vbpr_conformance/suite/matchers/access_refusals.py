"""Matchers of how a server refuses who may not see its data: https://hl7.org/fhir/R4/security.html#AccessDenied."""

from __future__ import annotations

from typing import Literal

from vbpr_conformance.suite.answer import Answer, references
from vbpr_conformance.suite.evidence import Evidence
from vbpr_conformance.suite.findings import Finding
from vbpr_conformance.suite.sentences import request_text

_UNAUTHORIZED = 401


def challenge(value: Literal[True], answer: Answer, evidence: Evidence) -> None:  # noqa: ARG001  all matchers are called alike
    """A 401 says in WWW-Authenticate how to be let in, as HTTP demands.

    https://www.rfc-editor.org/rfc/rfc7235#section-3.1
    """
    exchange = answer.exchange
    if exchange.status == _UNAUTHORIZED and "WWW-Authenticate" not in exchange.headers:
        raise Finding(f"the 401 to {request_text(exchange)} has no header WWW-Authenticate", (), [exchange])


def hides(value: str, answer: Answer, evidence: Evidence) -> None:  # noqa: ARG001
    """The answer nowhere holds this text, which belongs to the data."""
    exchange = answer.exchange
    if value.encode() in exchange.body:
        raise Finding(f"the answer {exchange.status} to {request_text(exchange)} tells of the data", (), [exchange])


def shows_none_of(value: str, answer: Answer, evidence: Evidence) -> None:  # noqa: ARG001
    """Nothing of this type is found or included by a search."""
    shown = sorted(each for each in references([*answer.matches, *answer.included]) if each.startswith(f"{value}/"))
    if shown:
        said = f"the answer to {request_text(answer.exchange)} brings {shown[0]}, expected no {value}"
        raise Finding(said, (), [answer.exchange])


def no_open_credentials(value: Literal[True], answer: Answer, evidence: Evidence) -> None:  # noqa: ARG001
    """Every origin and credentials are not allowed at once."""
    headers = answer.exchange.headers
    is_open = headers.get("Access-Control-Allow-Origin", "").strip() == "*"
    if is_open and headers.get("Access-Control-Allow-Credentials", "").strip().lower() == "true":
        where = request_text(answer.exchange)
        raise Finding(f"the answer to {where} lets pages of any origin use credentials", (), [answer.exchange])
