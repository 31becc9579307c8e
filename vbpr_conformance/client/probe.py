"""Is this a FHIR server at all, and does it let us in? Asked once, before anything is judged.

A wrong URL or a missing login is nobody's broken requirement.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vbpr_conformance.client.client import FhirClient
from vbpr_conformance.errors import TargetError
from vbpr_conformance.rest.exchange import Exchange

_TOO_MANY = 429
_OVERLOADED = {
    _TOO_MANY: "too many requests",
    502: "bad gateway",
    503: "unavailable",
    504: "no answer from what is behind it",
}
_SAID_BY_PROXIES = {
    "No required SSL certificate was sent": "asks for a client certificate: name one with --cert and --cert-key",
    "The SSL certificate error": "does not take this client certificate: name another with --cert and --cert-key",
    "plain HTTP request was sent to HTTPS port": "speaks TLS: its URL begins with https",
}
"""What proxies in front of a server say in HTML, each with what it means."""
_LOCKED = {401: "asks who is there", 403: "does not let this client in"}
_NOT_FOUND = 404
_REDIRECTS = range(300, 400)
_MOST_TEXT = 200
_MOST_PAGE = 5000


def check_fhir_endpoint(client: FhirClient, resource_type: str) -> Mapping[str, Any]:
    """Raise `TargetError` if nothing answers, if no answer is FHIR's, or if the search is not permitted.

    Gives what was answered in place of a CapabilityStatement, whatever it holds; nothing where that was no resource.

    The metadata and one search of `resource_type` are asked for. The CapabilityStatement gates nothing: a server whose
    `/metadata` is broken is still one if it answers the search with a resource.
    """
    capabilities = client.capabilities()
    search = client.search(resource_type, {"_count": "1"})
    if search.status in _LOCKED:
        raise TargetError(
            f"{client.base_url} {_LOCKED[search.status]}: GET {search.url} answered {search.status}{_hint(search)}. "
            f"{_ways(client)}"
        )
    if {capabilities.status, search.status} <= _OVERLOADED.keys():
        slower = ", or slower with --requests-per-second" if search.status == _TOO_MANY else ""
        raise TargetError(
            f"{client.base_url} answers {search.status} ({_OVERLOADED[search.status]}) to the first requests, "
            f"also after waiting where it asked for that: try again later{slower}{_hint(search)}"
        )
    answers = [each for each in (capabilities, search) if _speaks_fhir(each)]
    if not answers:
        _raise_what_a_proxy_says(client, capabilities)
    if not answers:
        raise TargetError(
            f"{client.base_url} is not the base URL of a FHIR server: GET {client.base_url}/metadata answered "
            f"{_said(capabilities)}, expected a CapabilityStatement"
        )
    if all(each.status == _NOT_FOUND for each in answers):
        raise TargetError(
            f"{client.base_url} is not the base URL of a FHIR server, or its path is wrong: metadata and the search of "
            f"{resource_type} are answered 404{_hint(answers[0])}"
        )
    return capabilities.resource or {}


def _raise_what_a_proxy_says(client: FhirClient, exchange: Exchange) -> None:
    text = exchange.body[:_MOST_PAGE].decode("utf-8", "replace")
    for sentence, meaning in _SAID_BY_PROXIES.items():
        if sentence in text:
            raise TargetError(f"{client.base_url} {meaning} (it answered {exchange.status}: {sentence})")


def _ways(client: FhirClient) -> str:
    """Name the ways to log in, or say that the one that was taken did not help."""
    if client.credentials is not None:
        return (
            f"The client is logged in by {client.credentials.name}: it lacks the right to it, or what it shows is wrong"
        )
    return (
        "Log in with VBPR_TOKEN, --token-file, --token-command, VBPR_BASIC, --client-id with --client-key (SMART) or "
        "--client-secret-file, --cert, --header, or the `auth` of a target file"
    )


def _speaks_fhir(exchange: Exchange) -> bool:
    resource = exchange.resource
    return resource is not None and isinstance(resource.get("resourceType"), str)


def _said(exchange: Exchange) -> str:
    """What an answer that is no resource was."""
    if exchange.error:
        return f"{exchange.status}: {exchange.error}"
    location = exchange.headers.get("Location")
    if exchange.status in _REDIRECTS and location:
        return f"{exchange.status}, a redirect to {location[:_MOST_TEXT]}"
    if not exchange.body.strip():
        return f"{exchange.status} and nothing else"
    kind = exchange.headers.get("content-type", "no media type").partition(";")[0]
    is_fhir = any(each in kind for each in ("json", "xml"))
    why = f" ({exchange.parse_error[:_MOST_TEXT]})" if is_fhir and exchange.parse_error else ""
    return f"{exchange.status} with {kind}{why}"


def _hint(exchange: Exchange) -> str:
    """What the server itself says, of an OperationOutcome the first text."""
    issues: Any = (exchange.resource or {}).get("issue")
    first = issues[0] if isinstance(issues, list) and issues and isinstance(issues[0], dict) else {}
    details = first.get("details")
    texts = [first.get("diagnostics"), details.get("text") if isinstance(details, dict) else None]
    found = next((each for each in texts if isinstance(each, str) and each.strip()), "")
    return f" ({' '.join(found.split())[:_MOST_TEXT]})" if found else ""
