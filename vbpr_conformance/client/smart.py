"""SMART Backend Services: https://hl7.org/fhir/smart-app-launch/backend-services.html.

The client finds the token endpoint, signs an assertion with its private key, and gets a token for it.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx

from vbpr_conformance.client.client_errors import LoginError, NoAnswerError
from vbpr_conformance.client.oauth import TokenLogin, checked_endpoint, members, said
from vbpr_conformance.client.redact import Secret
from vbpr_conformance.errors import UsageError
from vbpr_conformance.rest.exchange import Exchange

if TYPE_CHECKING:
    from jwt import PyJWK

ALGORITHMS = ("RS384", "ES384")
"""What SMART asks of both sides: https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html."""
_JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LIFE_S = 270
"""An assertion lives for five minutes at most; the rest is for clocks that differ."""
_OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_OK = 200


class SigningKey(NamedTuple):
    """A private key, the algorithm that it signs with, and the name under which the server knows it."""

    key: Any
    algorithm: str
    id: str


class SmartBackend(TokenLogin):
    """A backend service with a private key. The token endpoint is discovered unless it is named."""

    name = "SMART Backend Services"
    needs_expiry = True

    def __init__(  # noqa: PLR0913  each is a setting of its own
        self,
        base_url: str,
        client_id: str,
        key: Secret,
        scopes: str,
        *,
        algorithm: str | None = None,
        key_id: str | None = None,
        key_password: Secret | None = None,
        token_url: str | None = None,
        jwks_url: str | None = None,
    ) -> None:
        super().__init__(scopes)
        self._base_url = base_url.rstrip("/")
        self._client_id = client_id
        self._key = signing_key(key, algorithm, key_id, key_password)
        self._endpoint = token_url
        self._jwks_url = jwks_url
        self._seen += [key, *([key_password] if key_password is not None else [])]

    def _find_endpoint(self) -> Generator[httpx.Request, Exchange, str]:
        if self._endpoint is None:
            self._endpoint = yield from self._discover()
        return self._endpoint

    def _discover(self) -> Generator[httpx.Request, Exchange, str]:
        """Ask the server: `.well-known/smart-configuration` first, then its CapabilityStatement."""
        tried = []
        for path, kind, read in (
            (".well-known/smart-configuration", "application/json", _of_configuration),
            ("metadata", "application/fhir+json", _of_statement),
        ):
            url = f"{self._base_url}/{path}"
            try:
                exchange = yield httpx.Request("GET", url, headers={"Accept": kind})
            except NoAnswerError as error:
                raise LoginError(f"logging in: discovery got no answer: {error}") from None
            found = read(members(exchange)) if exchange.status == _OK else None
            if found is not None:
                return checked_endpoint(found, self._base_url, url)
            tried.append(f"{url} answered {exchange.status}{'' if exchange.status == _OK else said(exchange)}")
        raise LoginError(
            f"logging in: no token endpoint was discovered ({'; '.join(tried)}); name it by `token-url` or --token-url"
        )

    def _form(self, endpoint: str) -> tuple[dict[str, str], dict[str, str]]:
        import jwt  # noqa: PLC0415  signing is for those who log in this way

        now = int(time.time())
        claims = {
            "iss": self._client_id,
            "sub": self._client_id,
            "aud": endpoint,
            "iat": now,
            "exp": now + _LIFE_S,
            "jti": uuid.uuid4().hex,
        }
        headers = {"kid": self._key.id, **({"jku": self._jwks_url} if self._jwks_url else {})}
        assertion = jwt.encode(claims, self._key.key, algorithm=self._key.algorithm, headers=headers)
        self._seen.append(Secret(assertion))
        return {"client_assertion_type": _JWT_BEARER, "client_assertion": assertion}, {}


def _of_configuration(configuration: dict[str, Any]) -> str | None:
    found = configuration.get("token_endpoint")
    return found if isinstance(found, str) and found else None


def _of_statement(statement: dict[str, Any]) -> str | None:
    """Find the token endpoint in the security extension of a CapabilityStatement."""
    for rest in _objects(statement.get("rest")):
        security = rest.get("security")
        for outer in _objects(security.get("extension") if isinstance(security, dict) else None):
            for inner in _objects(outer.get("extension") if outer.get("url") == _OAUTH_URIS else None):
                if inner.get("url") == "token" and isinstance(inner.get("valueUri"), str):
                    return str(inner["valueUri"])
    return None


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    return (each for each in value if isinstance(each, dict)) if isinstance(value, list) else iter(())


def signing_key(
    key: Secret, algorithm: str | None = None, key_id: str | None = None, password: Secret | None = None
) -> SigningKey:
    """Read a private key, PEM or JWK or a set of JWKs; raises `UsageError` for one that SMART does not sign with."""
    text = key.reveal().strip()
    if algorithm is not None and algorithm not in ALGORITHMS:
        raise UsageError(f"algorithm {algorithm!r}: SMART Backend Services signs with {' or '.join(ALGORITHMS)}")
    if text.startswith("{"):
        return _of_jwks(text, algorithm, key_id)
    return _of_pem(text, algorithm, key_id, password)


def _of_jwks(text: str, algorithm: str | None, key_id: str | None) -> SigningKey:
    from jwt import PyJWK, PyJWTError  # noqa: PLC0415  signing is for those who log in this way

    try:
        data = json.loads(text)
    except ValueError:
        raise UsageError("the key is neither PEM nor JSON Web Keys: it is no JSON") from None
    found = []
    for each in _objects(data.get("keys", [data])):
        wanted = _algorithm_of_jwk(each)
        if "d" not in each or wanted is None or algorithm not in {None, wanted}:
            continue
        if key_id is None or each.get("kid") == key_id:
            found.append((each, wanted))
    if not found:
        asked = f" with kid {key_id!r}" if key_id else ""
        raise UsageError(f"the JSON Web Keys hold no private key{asked} for {algorithm or ' or '.join(ALGORITHMS)}")
    jwk, wanted = found[0]
    try:
        read: PyJWK = PyJWK(jwk, wanted)
    except (PyJWTError, ValueError, TypeError) as error:
        raise UsageError(f"the JSON Web Key cannot be read: {type(error).__name__}") from None
    return _fitting(read.key, wanted, str(jwk.get("kid") or _thumbprint(read.key)))


def _algorithm_of_jwk(jwk: dict[str, Any]) -> str | None:
    by_type = {"RSA": "RS384", "EC": "ES384" if jwk.get("crv") == "P-384" else None}.get(str(jwk.get("kty")))
    return by_type if jwk.get("alg") in {None, by_type} and jwk.get("use") in {None, "sig"} else None


def _of_pem(text: str, algorithm: str | None, key_id: str | None, password: Secret | None) -> SigningKey:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa  # noqa: PLC0415  as above
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415  as above

    try:
        key = load_pem_private_key(text.encode(), password.reveal().encode() if password is not None else None)
    except TypeError:
        what = "is encrypted, and no password was given" if password is None else "is not encrypted: give no password"
        raise UsageError(f"the private key {what} (key-password)") from None
    except ValueError:
        wrong = "; is the password right?" if password is not None else ""
        raise UsageError(f"the key is no private key (PEM or JSON Web Keys){wrong}") from None
    found = {rsa.RSAPrivateKey: "RS384", ec.EllipticCurvePrivateKey: "ES384"}
    fits = next((name for kind, name in found.items() if isinstance(key, kind)), None)
    if fits is None or algorithm not in {None, fits}:
        raise UsageError(f"the private key is not one for {algorithm or ' or '.join(ALGORITHMS)}")
    return _fitting(key, fits, key_id or _thumbprint(key))


def _fitting(key: Any, algorithm: str, key_id: str) -> SigningKey:
    least = {"RS384": 2048, "ES384": 384}[algorithm]
    if key.key_size < least or (algorithm == "ES384" and key.key_size != least):
        exactly = "curve P-384" if algorithm == "ES384" else f"at least {least} bits"
        raise UsageError(f"{algorithm} asks for a key of {exactly}, this one has {key.key_size} bits")
    return SigningKey(key, algorithm, key_id)


def _thumbprint(key: Any) -> str:
    """Name a key by its thumbprint: https://www.rfc-editor.org/rfc/rfc7638."""
    from base64 import urlsafe_b64encode  # noqa: PLC0415  as above
    from hashlib import sha256  # noqa: PLC0415  as above

    from jwt.algorithms import ECAlgorithm, RSAAlgorithm  # noqa: PLC0415  as above

    public = key.public_key()
    jwk = json.loads((RSAAlgorithm if hasattr(public.public_numbers(), "n") else ECAlgorithm).to_jwk(public))
    members_of = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y")}[jwk["kty"]]
    text = json.dumps({name: jwk[name] for name in members_of}, separators=(",", ":"), sort_keys=True)
    return urlsafe_b64encode(sha256(text.encode()).digest()).rstrip(b"=").decode()
