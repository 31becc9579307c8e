"""How the client is let in: each way is an `httpx.Auth` that also tells its secrets, so that they can be kept out.

Further ways (SMART Backend Services) are further subclasses; nothing else in the client knows of them.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Generator

import httpx

from vbpr_conformance.client.redact import Secret


class Login(httpx.Auth):
    """A way to be let in by one header."""

    def __init__(self, scheme: str, credentials: Secret, *more: Secret) -> None:
        self._scheme = scheme
        self._credentials = credentials
        self.secrets = (credentials, *more)

    def __repr__(self) -> str:
        return f"Login({self._scheme} ***)"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Put the credentials into the request."""
        request.headers["Authorization"] = f"{self._scheme} {self._credentials.reveal()}"
        yield request


def bearer(token: str | Secret) -> Login:
    """Log in with a bearer token: https://www.rfc-editor.org/rfc/rfc6750."""
    return Login("Bearer", _secret(token))


def basic(user: str, password: str | Secret) -> Login:
    """Log in with user and password: https://www.rfc-editor.org/rfc/rfc7617."""
    hidden = _secret(password)
    both = b64encode(f"{user}:{hidden.reveal()}".encode()).decode()
    return Login("Basic", Secret(both), hidden)


def _secret(text: str | Secret) -> Secret:
    return text if isinstance(text, Secret) else Secret(text.strip())
