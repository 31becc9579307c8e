"""Is this a FHIR server at all? Asked once, before anything is judged: a wrong URL is nobody's broken requirement."""

from __future__ import annotations

from vbpr_conformance.client.client import FhirClient
from vbpr_conformance.errors import TargetError
from vbpr_conformance.rest.exchange import Exchange

ASKS_WHO = frozenset({401, 403})


def check_fhir_endpoint(client: FhirClient, resource_type: str) -> None:
    """Raise `TargetError` if nothing answers, or if no answer is FHIR's.

    The CapabilityStatement gates nothing: a server whose `/metadata` is broken is still one if it answers a search of
    `resource_type` with a resource, and one that asks for credentials first is taken at its word.
    """
    capabilities = client.capabilities()
    if _speaks_fhir(capabilities):
        return
    search = client.search(resource_type, {"_count": "1"})
    if _speaks_fhir(search):
        return
    raise TargetError(
        f"{client.base_url} is not the base URL of a FHIR server: GET {client.base_url}/metadata answered "
        f"{_said(capabilities)}, expected a CapabilityStatement"
    )


def _speaks_fhir(exchange: Exchange) -> bool:
    resource = exchange.resource
    return exchange.status in ASKS_WHO or (resource is not None and isinstance(resource.get("resourceType"), str))


def _said(exchange: Exchange) -> str:
    if not exchange.body.strip():
        return f"{exchange.status} and nothing else"
    kind = exchange.headers.get("content-type", "no media type").partition(";")[0]
    return f"{exchange.status} with {kind}"
