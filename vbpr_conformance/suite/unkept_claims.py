"""Tries the claims of a server, one request for each, and says of those that do not hold what was seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vbpr_conformance.suite.answer import Answer, references
from vbpr_conformance.suite.claim_trials import ClaimTrial
from vbpr_conformance.suite.findings import NotTestedError, refuse_when_locked_out
from vbpr_conformance.suite.sentences import explanation_in, in_brackets, request_text
from vbpr_conformance.suite.untrusted import string

if TYPE_CHECKING:
    from vbpr_conformance.client.client import FhirClient
    from vbpr_conformance.rest.exchange import Exchange

_OK = 200
_LOCKED_OUT = {401, 403}


def try_claims(client: FhirClient, trials: Sequence[ClaimTrial]) -> Answer:
    """Try each claim; the answer holds what does not hold. Claims that the client may not use are passed over."""
    pages: list[Exchange] = []
    untrue: list[tuple[str, Exchange]] = []
    for trial in trials:
        headers = {"Cache-Control": "no-cache"}
        exchange = client.request(
            "GET", trial.path, params=list(trial.parameters), headers=headers, interaction=trial.interaction
        )
        pages.append(exchange)
        if exchange.status in _LOCKED_OUT:
            continue
        refuse_when_locked_out(exchange)
        what = _untrue(trial, exchange, client)
        if what:
            untrue.append((f"{trial.claim}, but {request_text(exchange)} {what}", exchange))
    if not pages:
        raise NotTestedError("the server's CapabilityStatement claims nothing of this kind", applicable=False)
    return Answer("claimed", pages[0], pages, untrue=untrue)


def _untrue(trial: ClaimTrial, exchange: Exchange, client: FhirClient) -> str:
    """Say what is wrong with the answer to a trial; empty where nothing is."""
    if exchange.status not in trial.statuses:
        return f"is answered {exchange.status}{in_brackets(explanation_in(exchange))}"
    if exchange.status != _OK:
        return ""
    if string(exchange.resource, "resourceType") != "Bundle":
        return f"is answered without a Bundle{in_brackets(explanation_in(exchange))}"
    found = Answer("search", exchange)
    found.add_page(exchange)
    if trial.finds_nothing and found.matches:
        return f"finds {len(found.matches)} resources, though none has this value"
    if trial.match in found.match_references:
        shown = found.match_references | references(found.included)
        lacking = [each for each in sorted(trial.brings - shown) if _is_there(each, client)]
        if lacking:
            return f"does not bring {lacking[0]}"
    return ""


def _is_there(reference: str, client: FhirClient) -> bool:
    kind, _, identity = reference.partition("/")
    return client.read(kind, identity).status == _OK
