"""References between the entries of a transaction: from names inside the Bundle to the resources that they become.

https://hl7.org/fhir/R4/http.html#transaction, https://hl7.org/fhir/R4/bundle.html#references
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from vbpr_conformance.reference.http_messages import Request, pairs
from vbpr_conformance.reference.literal_references import literal_references, redirected
from vbpr_conformance.reference.problems import ProblemError
from vbpr_conformance.reference.query import find

if TYPE_CHECKING:
    from vbpr_conformance.reference.server import Server


def resolve(server: Server, names: Mapping[str, str], *requests: Request) -> None:
    """Point references to `urn:uuid:…` and other full URLs, and conditional ones, to what they mean.

    `names` gives for the fullUrl of an entry the `Type/id` that its resource will be.
    """
    for request in requests:
        if isinstance(request.resource, dict):
            found = {each: _found(server, request, each) for each in _conditional(request.resource)}
            known = {**names, **found}
            if known:
                request.resource = redirected(request.resource, known, server.behaviour.links_left_in)


def _conditional(resource: object) -> set[str]:
    return {each for each in literal_references(resource) if "?" in each and ":" not in each.partition("?")[0]}


def _found(server: Server, request: Request, reference: str) -> str:
    """Find the one resource that a conditional reference (`Type?identifier=…`) means."""
    name, _, query = reference.partition("?")
    if name not in server.types:
        raise ProblemError(412, f"the conditional reference {reference} is to a type that is not served here")
    seqs = find(server, name, pairs(query), request.base, strict=True).seqs
    if not seqs and server.behaviour.unmatched_references_taken:
        return f"{name}/unmatched"
    if len(seqs) != 1:
        raise ProblemError(412, f"the conditional reference {reference} has {len(seqs)} matches, one was meant")
    return server.store.rows(seqs)[0].key
