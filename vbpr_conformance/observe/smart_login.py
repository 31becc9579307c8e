"""The authorization server of a scenario, as SMART App Launch 2 has it: discovery, authorize with PKCE, token.

https://hl7.org/fhir/smart-app-launch/app-launch.html and https://hl7.org/fhir/smart-app-launch/backend-services.html
Every token is good for one scenario, for a short time, and for the scopes that were asked for.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from vbpr_conformance.observe.recording import LOGIN, RequestIssue
from vbpr_conformance.observe.request_rules import AskedRequest, decoded
from vbpr_conformance.observe.scenario_answer import JSON, ScenarioAnswer

LIFETIME_S = 300
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ALGORITHMS = ("RS384", "ES384")
_LONGEST_ASSERTION_S = 300
_VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}")
_SCOPE = re.compile(
    r"(?:patient|user|system)/(?P<type>\*|[A-Z][A-Za-z]+)\.(?P<access>read|write|\*|c?r?u?d?s?)(?:\?.*)?"
)
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class ClientRegistration:
    """What the client under test logs in with: an id that is public, confidential by a secret, and by a key."""

    def __init__(self) -> None:
        self.id = f"client-{secrets.token_hex(4)}"
        self.secret = secrets.token_urlsafe(24)

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @property
    def key_pem(self) -> bytes:
        """The private key, for the client alone."""
        return self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    @property
    def public_key(self) -> rsa.RSAPublicKey:
        """The key that assertions are checked with."""
        return self._key.public_key()


@dataclass
class _Granted:
    scopes: str
    until: float
    challenge: str = ""
    redirect: str = ""
    client: str = ""


class _RefusedLoginError(Exception):
    """A login that is refused: OAuth's own word for it, and the sentence."""

    def __init__(self, error: str, said: str) -> None:
        super().__init__(said)
        self.error = error


@dataclass
class SmartLogin:
    """Who is let in to one scenario. `elsewhere` tells whether a token belongs to another scenario of the session."""

    base: str
    registration: ClientRegistration
    clock: Callable[[], float]
    elsewhere: Callable[[str], bool]
    tokens: dict[str, _Granted] = field(default_factory=dict)
    _codes: dict[str, _Granted] = field(default_factory=dict)
    _refreshes: dict[str, _Granted] = field(default_factory=dict)
    _assertions: set[str] = field(default_factory=set)
    _logins: int = 0

    def __call__(self, asked: AskedRequest) -> ScenarioAnswer | None:
        """Answer what is about access; None for a request that is let in."""
        place = "/".join(asked.steps)
        if place == ".well-known/smart-configuration":
            return _json(200, self._configuration())
        if place in {"auth/authorize", "auth/token"}:
            act = self._authorize if place == "auth/authorize" else self._token
            try:
                return act(asked)
            except _RefusedLoginError as refused:
                status = 401 if refused.error == "invalid_client" else 400
                answer = _json(status, {"error": refused.error, "error_description": str(refused)})
                return _with_issue(answer, str(refused))
        if place == "metadata":
            return None
        return self._checked(asked)

    def _configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.base,
            "authorization_endpoint": f"{self.base}/auth/authorize",
            "token_endpoint": f"{self.base}/auth/token",
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": list(_ALGORITHMS),
            "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token"],
            "response_types_supported": ["code"],
            "scopes_supported": ["openid", "launch", "offline_access", "user/*.cruds", "system/*.cruds", "system/*.rs"],
            "code_challenge_methods_supported": ["S256"],
            "capabilities": [
                "launch-standalone", "client-public", "client-confidential-symmetric",
                "client-confidential-asymmetric", "permission-user", "permission-v1", "permission-v2",
            ],
        }  # fmt: skip

    def _authorize(self, asked: AskedRequest) -> ScenarioAnswer:
        given = dict(asked.parameters) if asked.method == "GET" else dict(decoded(asked.body.decode("latin-1")))
        if given.get("client_id") != self.registration.id:
            raise _RefusedLoginError("unauthorized_client", "authorize: the client_id is not that of the client")
        redirect = given.get("redirect_uri", "")
        if not redirect:
            raise _RefusedLoginError("invalid_request", "authorize: redirect_uri is missing")
        wrong = {
            "response_type is not code": given.get("response_type") != "code",
            "state is missing": not given.get("state"),
            "aud is not the base URL": given.get("aud", "").rstrip("/") != self.base,
            "code_challenge_method is not S256": given.get("code_challenge_method") != "S256",
            "code_challenge is missing": not given.get("code_challenge"),
        }
        text = next((text for text, is_wrong in wrong.items() if is_wrong), "")
        if text:
            back = {"error": "invalid_request", "error_description": text, "state": given.get("state", "")}
            return _with_issue(_redirect(redirect, back), f"authorize: {text}")
        code = secrets.token_urlsafe(16)
        granted = _Granted(given.get("scope", ""), self.clock() + 60, given["code_challenge"], redirect)
        self._codes[code] = granted
        return _redirect(redirect, {"code": code, "state": given["state"]})

    def _token(self, asked: AskedRequest) -> ScenarioAnswer:
        if asked.method != "POST":
            raise _RefusedLoginError("invalid_request", "a token is asked for by POST")
        given = dict(decoded(asked.body.decode("latin-1")))
        proved = self._client(asked, given)
        kind = given.get("grant_type", "")
        if kind == "client_credentials":
            if not proved:
                raise _RefusedLoginError("invalid_client", "client credentials need a secret or a signed assertion")
            return self._granted(given.get("scope", ""), offline=False)
        if kind == "authorization_code":
            return self._redeemed(given)
        if kind == "refresh_token":
            held = self._refreshes.get(given.get("refresh_token", ""))
            if held is None:
                raise _RefusedLoginError("invalid_grant", "the refresh token was not given here")
            return self._granted(held.scopes, offline=True, client=held.client)
        raise _RefusedLoginError("unsupported_grant_type", f"grant_type {kind or 'missing'}")

    def _redeemed(self, given: dict[str, str]) -> ScenarioAnswer:
        held = self._codes.pop(given.get("code", ""), None)
        if held is None or held.until < self.clock():
            raise _RefusedLoginError("invalid_grant", "the code was not given here, is used or has expired")
        if given.get("redirect_uri") != held.redirect:
            raise _RefusedLoginError("invalid_grant", "redirect_uri is another than the code was asked for with")
        verifier = given.get("code_verifier", "")
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        if not _VERIFIER.fullmatch(verifier) or digest != held.challenge:
            raise _RefusedLoginError("invalid_grant", "code_verifier does not belong to the code_challenge")
        return self._granted(held.scopes, offline="offline_access" in held.scopes)

    def _client(self, asked: AskedRequest, given: dict[str, str]) -> bool:
        """Whether the client proved who it is; what it gives as proof has to be right."""
        header = asked.headers.get("authorization", "")
        if header.lower().startswith("basic "):
            try:
                name, _, secret = base64.b64decode(header[6:], validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                name, secret = "", ""
            return self._known(name, secret)
        if "client_assertion" in given:
            self._check_assertion(given)
            return True
        if "client_secret" in given:
            return self._known(given.get("client_id", ""), given["client_secret"])
        if given.get("client_id") != self.registration.id:
            raise _RefusedLoginError("invalid_client", "the client_id is not that of the client")
        return False

    def _known(self, name: str, secret: str) -> bool:
        if name != self.registration.id or not secrets.compare_digest(secret, self.registration.secret):
            raise _RefusedLoginError("invalid_client", "client id and secret do not belong together")
        return True

    def _check_assertion(self, given: dict[str, str]) -> None:
        """https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html."""
        if given.get("client_assertion_type") != _ASSERTION:
            raise _RefusedLoginError("invalid_client", f"client_assertion_type is not {_ASSERTION}")
        try:
            claims = jwt.decode(
                given["client_assertion"],
                self.registration.public_key,
                algorithms=list(_ALGORITHMS),
                audience=f"{self.base}/auth/token",
                options={"require": ["iss", "sub", "aud", "exp", "jti"]},
            )
        except (jwt.PyJWTError, ValueError) as error:
            raise _RefusedLoginError("invalid_client", f"the assertion is not good: {error}") from None
        if claims["iss"] != self.registration.id or claims["sub"] != self.registration.id:
            raise _RefusedLoginError("invalid_client", "iss and sub of the assertion are not the client's id")
        if float(claims["exp"]) - time.time() > _LONGEST_ASSERTION_S + 5:
            raise _RefusedLoginError("invalid_client", "the assertion is good for more than five minutes")
        if claims["jti"] in self._assertions:
            raise _RefusedLoginError("invalid_client", "the assertion was used before")
        self._assertions.add(claims["jti"])

    def holder(self, asked: AskedRequest) -> str:
        """Which client a request comes from, by its token; nothing without one that was given here."""
        held = self.tokens.get(asked.headers.get("authorization", "").partition(" ")[2])
        return held.client if held is not None else ""

    def _granted(self, scopes: str, *, offline: bool, client: str = "") -> ScenarioAnswer:
        token = secrets.token_urlsafe(24)
        self._logins += 0 if client else 1
        granted = _Granted(scopes, self.clock() + LIFETIME_S, client=client or f"login {self._logins}")
        self.tokens[token] = granted
        content: dict[str, Any] = {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": LIFETIME_S,
            "scope": scopes,
        }
        if offline:
            refresh = secrets.token_urlsafe(24)
            self._refreshes[refresh] = granted
            content["refresh_token"] = refresh
        answer = _json(200, content)
        answer.headers |= {"Cache-Control": "no-store", "Pragma": "no-cache"}
        return answer

    def _checked(self, asked: AskedRequest) -> ScenarioAnswer | None:
        """Let in who has a token of this scenario that is good for what is asked."""
        if any(name == "access_token" for name, _ in asked.parameters):
            return _with_issue(
                _refused(401, "a token does not belong into the URL"), "the access token stands in the URL"
            )
        kind, _, token = asked.headers.get("authorization", "").partition(" ")
        if not token:
            return _refused(401, "an access token is needed; see .well-known/smart-configuration")
        if kind.lower() != "bearer":
            return _with_issue(
                _refused(401, f"a Bearer token is needed, not {kind}"), f"Authorization: {kind} instead of Bearer"
            )
        held = self.tokens.get(token)
        if held is None:
            text = "the token is that of another scenario" if self.elsewhere(token) else "the token was not given here"
            return _with_issue(_refused(401, text), text)
        if held.until < self.clock():
            return _refused(401, "the token has expired")
        if not _covers(held.scopes, asked):
            is_of_type = _covers(held.scopes, asked, any_type=True)
            text = f"the scopes of the token ({held.scopes or 'none'}) do not cover {asked.method} {asked.path}"
            return _with_issue(_refused(403, text), text, is_error=not is_of_type)
        return None


def _covers(scopes: str, asked: AskedRequest, *, any_type: bool = False) -> bool:
    """Whether any scope is good for what is asked of a type; what is asked of several types needs one for all.

    The entries of a batch or transaction are not looked into.
    """
    kind = asked.steps[0] if asked.steps and not asked.steps[0].startswith("_") else "*"
    any_type = any_type or (not asked.steps and asked.method == "POST")
    is_write = asked.method in _WRITES and asked.steps[-1:] != ("_search",)
    for each in scopes.split():
        found = _SCOPE.fullmatch(each)
        if found is None or not (any_type or found["type"] in {"*", kind}):
            continue
        access = found["access"]
        if access == "*" or (access in {"read", "write"} and (access == "write") == is_write):
            return True
        if access not in {"read", "write"} and bool(set(access) & (set("cud") if is_write else set("rs"))):
            return True
    return False


def _json(status: int, content: dict[str, Any]) -> ScenarioAnswer:
    body = json.dumps(content).encode()
    return ScenarioAnswer(status, {"Content-Type": "application/json"}, body=body, made_by=LOGIN)


def _redirect(uri: str, parameters: dict[str, str]) -> ScenarioAnswer:
    mark = "&" if "?" in uri else "?"
    return ScenarioAnswer(302, {"Location": f"{uri}{mark}{urlencode(parameters)}"}, body=b"", made_by=LOGIN)


def _refused(status: int, said: str) -> ScenarioAnswer:
    code = "login" if status == 401 else "forbidden"  # noqa: PLR2004  # unauthorized
    issue = {"severity": "error", "code": code, "diagnostics": said}
    headers = {"Content-Type": JSON, "WWW-Authenticate": f'Bearer error_description="{said}"'}
    return ScenarioAnswer(status, headers, {"resourceType": "OperationOutcome", "issue": [issue]}, made_by=LOGIN)


def _with_issue(answer: ScenarioAnswer, said: str, *, is_error: bool = True) -> ScenarioAnswer:
    answer.issues = [RequestIssue("token", is_error=is_error, message=said)]
    return answer
