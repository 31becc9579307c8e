"""The door of the reference server: who asks, by which credentials, and for what.

Without credentials there is nothing but the CapabilityStatement and the discovery of SMART. Refusals are
OperationOutcomes that tell nothing of the data: 401 with `WWW-Authenticate`, 403 where the scopes are too narrow.
https://hl7.org/fhir/R4/http.html#security, https://www.rfc-editor.org/rfc/rfc6750.html#section-3
"""

from __future__ import annotations

import base64
import binascii
import secrets
from typing import Any, Protocol

from vbpr_conformance.reference.access.grant import EVERYTHING, LETTERS, Grant
from vbpr_conformance.reference.behaviour import Behaviour
from vbpr_conformance.reference.http_messages import Request, Response
from vbpr_conformance.reference.problems import ProblemError

_SERVICES = "http://terminology.hl7.org/CodeSystem/restful-security-service"


class AccessControl(Protocol):
    """One way of asking for credentials."""

    def authenticate(self, request: Request, behaviour: Behaviour) -> Grant:
        """Say what the sender of a request may do; raises `ProblemError` 401 for one that is not known."""

    def other_place(self, request: Request, path: str, /) -> Response | None:
        """Answer at a place that is not FHIR's: a token endpoint, a discovery document; None for all others."""

    def security(self, base: str, /) -> dict[str, Any]:
        """The `rest.security` of the CapabilityStatement."""

    def client_settings(self, base: str, /) -> dict[str, Any]:
        """What a client needs to get in, as the keys `auth` and `tls` of a configuration of `run`."""


def authorize(access: AccessControl, request: Request, behaviour: Behaviour) -> None:
    """Let a request pass whose sender is known and may do that; it then carries what it may (`grant`).

    Raises `ProblemError`: 401 for whom it does not know, 403 for what is not granted.
    """
    is_open = request.interaction == "capabilities" and not behaviour.closed_metadata
    if is_open or request.interaction == behaviour.anonymous:
        return
    if request.grant is None:
        request.grant = access.authenticate(request, behaviour)
    letter = LETTERS.get(request.interaction)
    kind = "" if request.interaction in {"search-system", "history-system"} else request.type
    if letter is not None and not may(request, behaviour, kind, letter):
        wanted = f"system/{request.type or '*'}.{letter}"
        challenge = f'Bearer realm="fhir", error="insufficient_scope", scope="{wanted}"'
        raise ProblemError(
            403, "the scopes of the token are too narrow", code="forbidden", headers={"WWW-Authenticate": challenge}
        )


def may(request: Request, behaviour: Behaviour, resource_type: str, letter: str) -> bool:
    """Whether the sender of a request may see or do this; always, where no credentials are asked for."""
    return request.grant is None or behaviour.scopes_ignored or request.grant.allows(resource_type, letter)


def unknown(message: str, challenge: str, *, code: str = "login") -> ProblemError:
    """Refuse whom the server does not know."""
    return ProblemError(401, message, code=code, headers={"WWW-Authenticate": challenge})


def bearer_token(request: Request, behaviour: Behaviour) -> str:
    """Give the token of the Authorization header; raises `ProblemError` 401 where there is none.

    One in the URL is not taken: https://www.rfc-editor.org/rfc/rfc6750.html#section-2.3.
    """
    scheme, _, token = request.header("authorization").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    if behaviour.token_in_url and "access_token" in dict(request.query):
        return dict(request.query)["access_token"]
    raise unknown("an access token is needed", 'Bearer realm="fhir"')


class NoOtherPlace:
    """What the ways without endpoints of their own have in common."""

    def other_place(self, _request: Request, _path: str) -> Response | None:
        """There is no place but FHIR's."""
        return None


class StaticBearer(NoOtherPlace):
    """One token that is given beforehand."""

    def __init__(self) -> None:
        self._token = secrets.token_urlsafe(24)

    def authenticate(self, request: Request, behaviour: Behaviour) -> Grant:
        """Compare the token."""
        given = bearer_token(request, behaviour)
        if behaviour.any_token or secrets.compare_digest(given.encode(), self._token.encode()):
            return Grant((EVERYTHING,))
        raise unknown("the access token is not known", 'Bearer realm="fhir", error="invalid_token"', code="security")

    def security(self, _base: str) -> dict[str, Any]:
        """OAuth tokens, got elsewhere."""
        return {"service": [{"coding": [{"system": _SERVICES, "code": "OAuth"}]}]}

    def client_settings(self, _base: str) -> dict[str, Any]:
        """The token."""
        return {"auth": {"type": "bearer", "token": self._token}}


class Basic(NoOtherPlace):
    """A user with a password: https://www.rfc-editor.org/rfc/rfc7617.html."""

    def __init__(self) -> None:
        self._user, self._password = "client", secrets.token_urlsafe(12)

    def authenticate(self, request: Request, behaviour: Behaviour) -> Grant:
        """Compare user and password."""
        challenge = 'Basic realm="fhir", charset="UTF-8"'
        scheme, _, text = request.header("authorization").partition(" ")
        if scheme.lower() != "basic":
            raise unknown("user and password are needed", challenge)
        try:
            given = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            given = b""
        if behaviour.any_token or secrets.compare_digest(given, f"{self._user}:{self._password}".encode()):
            return Grant((EVERYTHING,))
        raise unknown("user or password is wrong", challenge, code="security")

    def security(self, _base: str) -> dict[str, Any]:
        """HTTP's own."""
        return {"service": [{"coding": [{"system": _SERVICES, "code": "Basic"}]}]}

    def client_settings(self, _base: str) -> dict[str, Any]:
        """User and password."""
        return {"auth": {"type": "basic", "user": self._user, "password": self._password}}
