"""Access tokens got from a token endpoint of the server's own: OAuth client credentials and SMART Backend Services.

https://www.rfc-editor.org/rfc/rfc6749.html#section-4.4,
https://hl7.org/fhir/smart-app-launch/backend-services.html
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
import time
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

from vbpr_conformance.reference.access.access_control import bearer_token, unknown
from vbpr_conformance.reference.access.grant import EVERYTHING, Grant
from vbpr_conformance.reference.behaviour import Behaviour
from vbpr_conformance.reference.http_messages import Request, Response, pairs

ENDPOINT = "/oauth/token"
"""The path of the token endpoint, beside the FHIR base."""
LIFETIME = 300
"""How many seconds a token is good for; SMART asks for no more than five minutes."""
_MOST_TOKENS = 1000
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LONGEST_ASSERTION = 330
"""Seconds: five minutes, and half a minute for clocks that differ."""
_OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_SERVICES = "http://terminology.hl7.org/CodeSystem/restful-security-service"


class IssuedToken(NamedTuple):
    """A token as the server remembers it: scopes, the base URL that it is for, and when it ends (since 1970)."""

    grant: Grant
    audience: str
    ends: float


class TokenRefusedError(Exception):
    """A token request that is refused: `error` is a code of RFC 6749."""

    def __init__(self, error: str, why: str, status: int = 400) -> None:
        super().__init__(why)
        self.error = error
        self.status = status


class TokenEndpoint:
    """A server whose tokens are got by a client id and a secret."""

    grant_types = ("client_credentials",)
    method = "client_secret_basic"

    def __init__(self, lifetime: float = LIFETIME) -> None:
        self._lifetime = lifetime
        self._client_id = "vbpr-client"
        self._secret = secrets.token_urlsafe(24)
        self._issued: dict[str, IssuedToken] = {}

    def issue(self, scopes: str, audience: str, lifetime: float | None = None) -> str:
        """Make a token; `audience` is the base URL that it is for."""
        now = time.time()
        if len(self._issued) >= _MOST_TOKENS:
            self._issued = {token: each for token, each in self._issued.items() if each.ends > now}
        token = secrets.token_urlsafe(24)
        life = self._lifetime if lifetime is None else lifetime
        self._issued[token] = IssuedToken(Grant.of(scopes), audience, now + life)
        return token

    def authenticate(self, request: Request, behaviour: Behaviour) -> Grant:
        """Look the token up: it must be one of ours, for this server, and not be over."""
        challenge = 'Bearer realm="fhir", error="invalid_token"'
        found = self._issued.get(bearer_token(request, behaviour))
        if found is None:
            if behaviour.any_token:
                return Grant((EVERYTHING,))
            raise unknown("the access token is not known", challenge, code="security")
        if found.ends <= time.time() and not behaviour.expired_tokens:
            raise unknown("the access token has expired", challenge, code="expired")
        if found.audience != request.base and not behaviour.foreign_tokens:
            raise unknown("the access token is for another server", challenge, code="security")
        return found.grant

    def other_place(self, request: Request, path: str) -> Response | None:
        """Answer at the token endpoint and at the discovery document."""
        if path == ENDPOINT:
            return self._token(request)
        if request.steps == (".well-known", "smart-configuration") and request.method in {"GET", "HEAD"}:
            return Response(200, {"Content-Type": "application/json"}, self._configuration(request.base))
        return None

    def security(self, base: str) -> dict[str, Any]:
        """SMART, with its token endpoint."""
        uris = {"url": _OAUTH_URIS, "extension": [{"url": "token", "valueUri": self.url(base)}]}
        return {"extension": [uris], "service": [{"coding": [{"system": _SERVICES, "code": "SMART-on-FHIR"}]}]}

    def client_settings(self, base: str) -> dict[str, Any]:
        """Client id, secret and where to ask."""
        made = {"type": "client-credentials", "client-id": self._client_id, "client-secret": self._secret}
        return {"auth": made | {"token-url": self.url(base), "scopes": EVERYTHING}} | self._refused_tokens(base)

    def _refused_tokens(self, base: str) -> dict[str, Any]:
        """Tokens by which a client finds out whether they are refused."""
        elsewhere = "https://elsewhere.example/fhir"
        made = {"expired": self.issue(EVERYTHING, base, -1), "foreign": self.issue(EVERYTHING, elsewhere)}
        return {"refused-tokens": made}

    def url(self, base: str) -> str:
        """The URL of the token endpoint."""
        return "/".join(base.split("/")[:3]) + ENDPOINT

    def _configuration(self, base: str) -> dict[str, Any]:
        """https://hl7.org/fhir/smart-app-launch/conformance.html."""
        return {
            "token_endpoint": self.url(base),
            "token_endpoint_auth_methods_supported": [self.method, *self._more_methods()],
            "token_endpoint_auth_signing_alg_values_supported": list(self._algorithms()),
            "grant_types_supported": list(self.grant_types),
            "scopes_supported": [EVERYTHING, "system/*.rs", "system/*.read", "system/*.write", "system/*.*"],
            "capabilities": ["permission-v1", "permission-v2", *self._capabilities()],
        }

    def _more_methods(self) -> tuple[str, ...]:
        return ("client_secret_post",)

    def _algorithms(self) -> tuple[str, ...]:
        return ()

    def _capabilities(self) -> tuple[str, ...]:
        return ("client-confidential-symmetric",)

    def _token(self, request: Request) -> Response:
        headers = {"Content-Type": "application/json", "Cache-Control": "no-store", "Pragma": "no-cache"}
        try:
            given = self._granted(request)
        except TokenRefusedError as refusal:
            if refusal.status == 401:  # noqa: PLR2004  # unauthorized
                headers["WWW-Authenticate"] = 'Basic realm="token"'
            body = {"error": refusal.error, "error_description": str(refusal)}
            return Response(refusal.status, headers, text=json.dumps(body))
        return Response(200, headers, text=json.dumps(given))

    def _granted(self, request: Request) -> dict[str, Any]:
        if request.method != "POST":
            raise TokenRefusedError("invalid_request", "tokens are asked for by POST", 405)
        form = dict(pairs(request.body.decode("utf-8", "replace")))
        if form.get("grant_type") != "client_credentials":
            raise TokenRefusedError("unsupported_grant_type", "grant_type must be client_credentials")
        self._identify(request, form)
        wanted = form.get("scope", "") or self._default_scope()
        try:
            Grant.of(wanted)
        except ValueError as error:
            raise TokenRefusedError("invalid_scope", f"{error} is no scope that is granted here") from None
        base = f"{request.base}"
        token = self.issue(wanted, base)
        return {"access_token": token, "token_type": "Bearer", "expires_in": int(self._lifetime), "scope": wanted}

    def _default_scope(self) -> str:
        return EVERYTHING

    def _identify(self, request: Request, form: dict[str, str]) -> None:
        """Compare id and secret, from the header or the form; raises `TokenRefusedError`."""
        client, secret = form.get("client_id", ""), form.get("client_secret", "")
        scheme, _, text = request.header("authorization").partition(" ")
        if scheme.lower() == "basic":
            try:
                user, _, password = base64.b64decode(text, validate=True).decode().partition(":")
            except (binascii.Error, ValueError):
                user = password = ""
            client, secret = unquote_plus(user), unquote_plus(password)
        right = secrets.compare_digest(secret.encode(), self._secret.encode())
        if client != self._client_id or not right:
            raise TokenRefusedError("invalid_client", "client id or secret is wrong", 401)


class SmartEndpoint(TokenEndpoint):
    """A server whose tokens are got by assertions that a registered private key has signed."""

    method = "private_key_jwt"

    def __init__(self, lifetime: float = LIFETIME) -> None:
        super().__init__(lifetime)
        from vbpr_conformance.reference.access.throwaway_keys import client_keys  # noqa: PLC0415  only who asks for keys

        self._keys = client_keys()
        self._seen: dict[str, float] = {}

    def client_settings(self, base: str) -> dict[str, Any]:
        """Client id and private key. The token endpoint is discovered from the base URL."""
        key = self._keys["ES384"]
        made = {"type": "smart-backend", "client-id": self._client_id, "key": key.private_pem, "key-id": key.id}
        return {"auth": made | {"algorithm": "ES384", "scopes": EVERYTHING}} | self._refused_tokens(base)

    def key(self, algorithm: str) -> tuple[str, str]:
        """The private key of the client for an algorithm, as PEM, and its id."""
        return self._keys[algorithm].private_pem, self._keys[algorithm].id

    def _more_methods(self) -> tuple[str, ...]:
        return ()

    def _algorithms(self) -> tuple[str, ...]:
        return tuple(self._keys)

    def _capabilities(self) -> tuple[str, ...]:
        return ("client-confidential-asymmetric",)

    def _default_scope(self) -> str:
        raise TokenRefusedError("invalid_scope", "a scope must be asked for")

    def _identify(self, request: Request, form: dict[str, str]) -> None:
        """Verify the assertion: https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html."""
        import jwt  # noqa: PLC0415  only who asks for assertions

        if form.get("client_assertion_type") != _ASSERTION_TYPE:
            raise TokenRefusedError("invalid_client", f"client_assertion_type must be {_ASSERTION_TYPE}", 401)
        assertion = form.get("client_assertion", "")
        try:
            header = jwt.get_unverified_header(assertion)
            key = next(each for each in self._keys.values() if each.id == header.get("kid"))
            claims = jwt.decode(
                assertion,
                key.public,
                algorithms=[key.algorithm],
                audience=self.url(request.base),
                leeway=30,
                options={"require": ["iss", "sub", "aud", "exp", "jti"]},
            )
        except StopIteration:
            raise TokenRefusedError("invalid_client", "no registered key has this kid", 401) from None
        except jwt.PyJWTError as error:
            raise TokenRefusedError("invalid_client", f"the assertion is not taken: {error}", 401) from None
        if not claims["iss"] == claims["sub"] == self._client_id:
            raise TokenRefusedError("invalid_client", "iss and sub must be the client id", 401)
        self._used_once(claims)

    def _used_once(self, claims: dict[str, Any]) -> None:
        now = time.time()
        if claims["exp"] > now + _LONGEST_ASSERTION:
            raise TokenRefusedError("invalid_client", "an assertion may live for five minutes at most", 401)
        self._seen = {name: ends for name, ends in self._seen.items() if ends > now - 60}
        if claims["jti"] in self._seen:
            raise TokenRefusedError("invalid_client", "this assertion was used before", 401)
        self._seen[claims["jti"]] = claims["exp"]
