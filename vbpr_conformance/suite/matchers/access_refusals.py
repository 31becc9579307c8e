"""Matchers of how a server refuses who may not see its data: https://hl7.org/fhir/R4/security.html#AccessDenied."""

from __future__ import annotations

from typing import Any, Literal

from vbpr_conformance.suite.answer import Answer, references
from vbpr_conformance.suite.evidence import Evidence
from vbpr_conformance.suite.findings import Finding
from vbpr_conformance.suite.sentences import request_text
from vbpr_conformance.suite.untrusted import member, objects

_OK = 200
_MULTIPLE_CHOICES = 300
_UNAUTHORIZED = 401
_DENIED = {401, 403, 404, 410}


def denied(value: Literal[True], answer: Answer, evidence: Evidence) -> None:  # noqa: ARG001  all matchers are called alike
    """A request whose answer is a Bundle is refused, or nothing is found, which are the ways that R4 lists."""
    exchange = answer.exchange
    resource = exchange.resource or {}
    is_empty = exchange.status == _OK and resource.get("resourceType") == "Bundle" and not _held(resource)
    if exchange.status not in _DENIED and not is_empty:
        raise Finding(
            f"{request_text(exchange)} answered {exchange.status}, expected 401, 403, 404 or a Bundle without results",
            (),
            [exchange],
        )


def _held(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    """Give what a Bundle holds, its OperationOutcomes left out."""
    held = [member(each, "resource") for each in objects(bundle, "entry")]
    return [each for each in held if each.get("resourceType") != "OperationOutcome"]


def shut(value: Literal[True], answer: Answer, evidence: Evidence) -> None:  # noqa: ARG001
    """Nobody is served here: no connection, a refusal, or a redirect; neither FHIR nor the question who is there."""
    exchange = answer.exchange
    is_fhir = isinstance((exchange.resource or {}).get("resourceType"), str)
    is_served = _OK <= exchange.status < _MULTIPLE_CHOICES and is_fhir
    if is_served or exchange.status == _UNAUTHORIZED:
        where = "over HTTP without TLS" if exchange.url.startswith("http:") else "over TLS 1.1 or older"
        raise Finding(f"GET {exchange.url} is served {where}: it answered {exchange.status}", (), [exchange])


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
        text = f"the answer to {request_text(answer.exchange)} brings {shown[0]}, expected no {value}"
        raise Finding(text, (), [answer.exchange])


def no_open_credentials(value: Literal[True], answer: Answer, evidence: Evidence) -> None:  # noqa: ARG001
    """Every origin and credentials are not allowed at once, neither by `*` nor by repeating the origin that asks."""
    headers = answer.exchange.headers
    asked = answer.exchange.request_headers.get("Origin", "*")
    is_open = headers.get("Access-Control-Allow-Origin", "").strip() in {"*", asked}
    if is_open and headers.get("Access-Control-Allow-Credentials", "").strip().lower() == "true":
        where = request_text(answer.exchange)
        raise Finding(f"the answer to {where} lets pages of any origin use credentials", (), [answer.exchange])
