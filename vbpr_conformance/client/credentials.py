"""How a client is let in. Every way is one object that knows its secrets, so that they can be kept out of records."""

from __future__ import annotations

import subprocess
from base64 import b64encode
from collections.abc import Callable, Collection, Generator
from pathlib import Path
from typing import Protocol

import httpx

from vbpr_conformance.client.client_errors import LoginError
from vbpr_conformance.client.redact import Secret
from vbpr_conformance.client.tls import ClientCertificate
from vbpr_conformance.rest.exchange import Exchange

AuthFlow = Generator[httpx.Request, Exchange, None]
"""As httpx's `auth_flow`: yields requests to be sent, is handed their answers, and ends with that to the first one."""

_UNAUTHORIZED = 401
_COMMAND_S = 60


class Credentials(Protocol):
    """A way to be let in."""

    @property
    def name(self) -> str:
        """What it is called, as `HTTP Basic`."""

    @property
    def secrets(self) -> Collection[Secret]:
        """All that must not be seen, as far as it is known by now: tokens come later, and change."""

    @property
    def certificate(self) -> ClientCertificate | None:
        """The certificate that the client shows."""

    def auth_flow(self, request: httpx.Request) -> AuthFlow:
        """Put credentials into the request and yield it; requests for a token may come before and after."""

    @property
    def scheme(self) -> str:
        """The scheme of its Authorization header, empty where it has none."""

    def curl_options(self) -> tuple[str, ...]:
        """Words that curl needs besides the headers of a request: names of variables, never values."""


class HeaderCredentials:
    """One header, always the same."""

    certificate = None

    def __init__(self, name: str, scheme: str, credentials: Secret, *more: Secret) -> None:
        self.name = name
        self.scheme = scheme
        self._credentials = credentials
        self.secrets: Collection[Secret] = (credentials, *more)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.scheme} ***)"

    def auth_flow(self, request: httpx.Request) -> AuthFlow:
        """Put the credentials into the request."""
        request.headers["Authorization"] = f"{self.scheme} {self._credentials.reveal()}"
        yield request

    def curl_options(self) -> tuple[str, ...]:
        """Nothing: the header is a word of its own."""
        return ()


def bearer(token: str | Secret) -> HeaderCredentials:
    """Log in with a bearer token: https://www.rfc-editor.org/rfc/rfc6750."""
    return HeaderCredentials("bearer token", "Bearer", _secret(token))


def basic(user: str, password: str | Secret) -> HeaderCredentials:
    """Log in with user and password: https://www.rfc-editor.org/rfc/rfc7617."""
    hidden = _secret(password)
    both = b64encode(f"{user}:{hidden.reveal()}".encode()).decode()
    return HeaderCredentials("HTTP Basic", "Basic", Secret(both), hidden)


class RenewedBearer:
    """A bearer token that comes from elsewhere, and is asked for again after a 401."""

    name = "bearer token"
    scheme = "Bearer"
    certificate = None

    def __init__(self, ask: Callable[[], str]) -> None:
        self._ask = ask
        self._token: Secret | None = None
        self._seen: list[Secret] = []

    def __repr__(self) -> str:
        return "RenewedBearer(***)"

    @property
    def secrets(self) -> Collection[Secret]:
        """All tokens so far."""
        return self._seen

    def auth_flow(self, request: httpx.Request) -> AuthFlow:
        """Put the token into the request, and once more a new one if the first is refused."""
        if self._token is None:
            self._renew()
        exchange = yield self._with_token(request)
        if exchange.status == _UNAUTHORIZED and self._renew():
            yield self._with_token(request)

    def curl_options(self) -> tuple[str, ...]:
        """Nothing: the header is a word of its own."""
        return ()

    def _renew(self) -> bool:
        """Ask again; False where the same token is given."""
        token = Secret(self._ask())
        if token == self._token:
            return False
        self._token = token
        self._seen.append(token)
        return True

    def _with_token(self, request: httpx.Request) -> httpx.Request:
        assert self._token is not None  # noqa: S101  it was asked for
        request.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        return request


def bearer_from_file(path: Path) -> RenewedBearer:
    """Log in with a token that a file holds, read again after a 401."""

    def ask() -> str:
        try:
            return _checked(path.read_text(encoding="utf-8"), f"the file {path}")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
            raise LoginError(f"logging in: the token file {path} cannot be read: {why}") from None

    return RenewedBearer(ask)


def bearer_from_command(command: str) -> RenewedBearer:
    """Log in with a token that a command prints, started by the shell again after a 401."""

    def ask() -> str:
        try:
            done = subprocess.run(  # noqa: S602  the user's own command line
                command, shell=True, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=_COMMAND_S, check=False
            )
        except subprocess.TimeoutExpired:
            raise LoginError(f"logging in: the token command did not end within {_COMMAND_S} s") from None
        if done.returncode != 0:
            raise LoginError(f"logging in: the token command ended with exit code {done.returncode}, expected 0")
        return _checked(done.stdout.decode("utf-8", "replace"), "the token command")

    return RenewedBearer(ask)


class MutualTls:
    """A client certificate, alone or with other credentials: https://www.rfc-editor.org/rfc/rfc8705."""

    def __init__(self, certificate: ClientCertificate, inner: Credentials | None = None) -> None:
        self.inner = inner
        """The other credentials."""
        self.certificate = certificate
        self.name = "client certificate" if inner is None else f"client certificate, {inner.name}"
        self.scheme = "" if inner is None else inner.scheme

    @property
    def secrets(self) -> Collection[Secret]:
        """The password of the key, and what the other credentials hold."""
        own = [self.certificate.password] if self.certificate.password is not None else []
        return [*own, *(self.inner.secrets if self.inner is not None else ())]

    def auth_flow(self, request: httpx.Request) -> AuthFlow:
        """As the other credentials do it."""
        if self.inner is None:
            yield request
        else:
            yield from self.inner.auth_flow(request)

    def curl_options(self) -> tuple[str, ...]:
        """Certificate and key by the names of variables."""
        words: tuple[str, ...] = ("--cert", '"$VBPR_CERT"')
        if self.certificate.key is not None:
            words += ("--key", '"$VBPR_CERT_KEY"')
        elif self.certificate.file.lower().endswith((".p12", ".pfx")):
            words += ("--cert-type", "P12")
        return words if self.inner is None else (*words, *self.inner.curl_options())


def _secret(text: str | Secret) -> Secret:
    return text if isinstance(text, Secret) else Secret(text.strip())


def _checked(text: str, source: str) -> str:
    """Give the token, refusing what can be none in a header."""
    token = text.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise LoginError(f"logging in: {source} gave no token, expected one word of ASCII")
    return token
