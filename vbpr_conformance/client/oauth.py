"""OAuth 2.0 client credentials: https://www.rfc-editor.org/rfc/rfc6749#section-4.4.

A token is asked for before the first request and renewed before it expires; a 401 is answered once with a new one, and
no further 401 brings another while that does not help.
"""

from __future__ import annotations

import copy
import json
import time
from base64 import b64encode
from collections.abc import Collection, Generator, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any, Literal, Self
from urllib.parse import quote, urlencode

import httpx

from vbpr_conformance.client.client_errors import LoginError, NoAnswerError
from vbpr_conformance.client.credentials import AuthFlow
from vbpr_conformance.client.redact import Secret
from vbpr_conformance.client.scopes import missing_scopes
from vbpr_conformance.client.urls import origin
from vbpr_conformance.errors import UsageError
from vbpr_conformance.rest.exchange import Exchange

_OK = 200
_UNAUTHORIZED = 401
_RENEWED_BEFORE_S = 30.0
_CLOCK_SLACK_S = 60.0
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_MOST_SAID = 300

AuthMethod = Literal["basic", "post"]


class TokenLogin:
    """A bearer token from a token endpoint. Subclasses say where that is and how the client shows who it is."""

    name = "OAuth 2.0"
    scheme = "Bearer"
    certificate = None
    needs_expiry = False
    """Whether a token without `expires_in` is refused; without, one is used until it is refused."""

    def __init__(self, scopes: str) -> None:
        self._scopes = scopes.split()
        self._token: Secret | None = None
        self._granted: list[str] = []
        self._renew_at: float | None = None
        self._is_stuck = False
        self._seen: list[Secret] = []

    def __repr__(self) -> str:
        return f"{type(self).__name__}(***)"

    @property
    def secrets(self) -> Collection[Secret]:
        """What was given, and all tokens and assertions so far."""
        return self._seen

    def curl_options(self) -> tuple[str, ...]:
        """Nothing: the header is a word of its own."""
        return ()

    def auth_flow(self, request: httpx.Request) -> AuthFlow:
        """Get a token where there is none that lives, put it into the request, and renew it once after a 401."""
        if self._token is None or (self._renew_at is not None and time.monotonic() > self._renew_at):
            yield from self._log_in()
        exchange = yield self._with_token(request)
        if exchange.status != _UNAUTHORIZED:
            self._is_stuck = False
        elif not self._is_stuck:
            self._is_stuck = True
            yield from self._log_in()
            exchange = yield self._with_token(request)
            self._is_stuck = exchange.status == _UNAUTHORIZED

    @property
    def token(self) -> Secret | None:
        """The token that is in use, None before the first."""
        return self._token

    def narrowed(self, scope: str) -> Self:
        """Give a login of the same client for this scope alone, or its form of SMART v1; this one stays as it is."""
        other = copy.copy(self)
        other.keep_to(scope)
        return other

    def keep_to(self, scope: str) -> None:
        """Forget the token, and ask for no more than this from now on."""
        if any(each.endswith((".read", ".write", ".*")) for each in self._scopes):
            scope = scope.replace(".rs", ".read")
        self._scopes, self._token = [scope], None

    def token_alone(self) -> Generator[httpx.Request, Exchange, Secret]:
        """Get a token without a request that it is for; raises `LoginError` where it allows more than was asked for."""
        yield from self._log_in()
        assert self._token is not None  # noqa: S101  logging in gives one or raises
        if missing_scopes(self._granted, self._scopes):
            raise LoginError(f"logging in: the token endpoint granted more than {' '.join(self._scopes)}")
        return self._token

    def _with_token(self, request: httpx.Request) -> httpx.Request:
        assert self._token is not None  # noqa: S101  it was asked for
        request.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        return request

    def _find_endpoint(self) -> Generator[httpx.Request, Exchange, str]:
        """Give the URL of the token endpoint."""
        raise NotImplementedError

    def _form(self, endpoint: str) -> tuple[dict[str, str], dict[str, str]]:
        """Give what the client shows of itself: parameters of the form, and headers."""
        raise NotImplementedError

    def _log_in(self) -> AuthFlow:
        endpoint = yield from self._find_endpoint()
        shown, headers = self._form(endpoint)
        form = {"grant_type": "client_credentials", **shown}
        if self._scopes:
            form["scope"] = " ".join(self._scopes)
        request = httpx.Request(
            "POST",
            endpoint,
            content=urlencode(form).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json", **headers},
        )
        try:
            exchange = yield request
        except NoAnswerError as error:
            raise LoginError(f"logging in: the token endpoint gave no answer: {error}") from None
        self._take(exchange, endpoint)

    def _take(self, exchange: Exchange, endpoint: str) -> None:
        """Take the token out of an answer: https://www.rfc-editor.org/rfc/rfc6749#section-5."""
        where = f"logging in: the token endpoint {endpoint}"
        location = exchange.headers.get("Location")
        if 300 <= exchange.status < 400 and location:  # noqa: PLR2004  a redirect
            raise LoginError(
                f"{where} redirects to {location}, which is not followed: credentials go only to where discovery or "
                "`token-url` says"
            )
        answer = members(exchange)
        token = answer.get("access_token")
        if isinstance(token, str) and token:
            self._seen.append(Secret(token))
        for name in ("refresh_token", "id_token"):
            if isinstance(answer.get(name), str):
                self._seen.append(Secret(answer[name]))
        if exchange.status != _OK:
            raise LoginError(f"{where} answered {exchange.status}{said(exchange)}{_clock(exchange)}")
        if isinstance(token, str) and not (token.isascii() and token.isprintable()):
            raise LoginError(f"{where} gave an access_token of characters that no header can hold")
        if not isinstance(token, str) or not token:
            raise LoginError(f"{where} gave no access_token, it answered {exchange.status}{said(exchange)}")
        kind = answer.get("token_type")
        if not isinstance(kind, str) or kind.lower() != "bearer":
            raise LoginError(f"{where} gave a token of type {kind!r}, expected `bearer`")
        self._keep(token, answer, where)

    def _keep(self, token: str, answer: Mapping[str, Any], where: str) -> None:
        life = answer.get("expires_in")
        if isinstance(life, str) and life.isascii() and life.isdecimal():
            life = int(life)  # some endpoints write it as a string
        if isinstance(life, bool) or not isinstance(life, int | float) or life <= 0:
            if self.needs_expiry or life is not None:
                raise LoginError(f"{where} gave a token with expires_in {life!r}, expected the seconds that it lives")
            life = None
        granted = answer.get("scope")
        self._granted = granted.split() if isinstance(granted, str) else self._scopes
        missing = missing_scopes(self._scopes, self._granted)
        if missing:
            raise LoginError(f"{where} granted fewer scopes than asked: it lacks {' '.join(missing)}")
        self._token = Secret(token)
        self._renew_at = None
        if life is not None:
            self._renew_at = time.monotonic() + life - min(_RENEWED_BEFORE_S, life / 5)


class ClientCredentials(TokenLogin):
    """Client id and secret, sent as HTTP Basic or in the form."""

    name = "OAuth 2.0 client credentials"

    def __init__(  # noqa: PLR0913  each is a setting of its own
        self,
        token_url: str,
        client_id: str,
        client_secret: Secret,
        scopes: str = "",
        *,
        method: AuthMethod = "basic",
        audience: str = "",
    ) -> None:
        super().__init__(scopes)
        self._token_url = token_url
        self._client_id = client_id
        self._client_secret = client_secret
        self._method = method
        self._audience = audience
        self._seen.append(client_secret)

    def _find_endpoint(self) -> Generator[httpx.Request, Exchange, str]:
        return self._token_url
        yield

    def _form(self, endpoint: str) -> tuple[dict[str, str], dict[str, str]]:  # noqa: ARG002  the same everywhere
        form = {"audience": self._audience} if self._audience else {}
        secret = self._client_secret.reveal()
        if self._method == "post":
            return {**form, "client_id": self._client_id, "client_secret": secret}, {}
        # https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1: both are form-encoded before they are joined
        both = b64encode(f"{quote(self._client_id, safe='')}:{quote(secret, safe='')}".encode()).decode()
        if Secret(both) not in self._seen:
            self._seen.append(Secret(both))
        return form, {"Authorization": f"Basic {both}"}


def members(exchange: Exchange) -> dict[str, Any]:
    """The JSON object that an answer holds, empty where it holds none."""
    try:
        found = json.loads(exchange.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def said(exchange: Exchange) -> str:
    """What an endpoint said, to be put behind its status: the error and its description, else the kind of answer."""
    answer = members(exchange)
    words: Sequence[Any] = (answer.get("error"), answer.get("error_description"))
    text = ": ".join(each for each in words if isinstance(each, str) and each)
    if text:
        return f" ({text[:_MOST_SAID]})"
    if not exchange.body.strip():
        return " and nothing else"
    return f" with {exchange.headers.get('content-type', 'no media type').partition(';')[0]}, expected JSON"


def checked_endpoint(url: str, base_url: str, source: str) -> str:
    """Give a URL to which credentials may be sent.

    One without TLS is none, unless it is on this machine or the server has no TLS either.
    """
    try:
        scheme, host, _ = origin(url)
    except ValueError:
        scheme, host = "", ""
    if scheme not in {"http", "https"} or not host:
        raise LoginError(f"logging in: the token endpoint in {source} is no URL: {url!r}")
    if scheme == "http" and host not in _LOOPBACK and origin(base_url)[0] == "https":
        raise LoginError(f"logging in: the token endpoint in {source} is without TLS, nothing is sent to it: {url}")
    return url


def token_url_of_user(url: str) -> str:
    """Check a token endpoint that the user named."""
    try:
        scheme, host, _ = origin(url)
    except ValueError:
        scheme, host = "", ""
    if scheme not in {"http", "https"} or not host:
        raise UsageError(f"{url!r} is no URL of a token endpoint; expected one as https://login.example/token")
    return url


def _clock(exchange: Exchange) -> str:
    """Say where the endpoint's clock differs from ours: assertions live for minutes only."""
    try:
        theirs = parsedate_to_datetime(exchange.headers.get("Date", "")).timestamp()
    except (ValueError, TypeError, OverflowError):
        return ""
    off = theirs - time.time()
    if abs(off) < _CLOCK_SLACK_S:
        return ""
    return (
        f"; its clock is {abs(off):.0f} s {'ahead of' if off > 0 else 'behind'} that of this machine, set the wrong one"
    )
