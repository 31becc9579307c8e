"""Secrets, and how they are kept out of everything that is recorded.

Redaction happens where an exchange is recorded, never where it is shown: what is not there cannot be printed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from vbpr_conformance.rest.exchange import MASK
from vbpr_conformance.rest.headers import Headers

_SECRET_HEADER = re.compile(r"authorization|cookie|token|secret|password|api-?key", re.IGNORECASE)
_SECRET_PARAMETER = re.compile(
    r"([?&#;](?:access_token|id_token|refresh_token|token|client_secret|client_assertion|assertion|password|"
    r"secret|api[-_]?key)=)[^&#;\s]*",
    re.IGNORECASE,
)
_USERINFO = re.compile(r"(?<=://)[^/?#@\s]*@")
_SCHEME = re.compile(r"(Bearer|Basic|Digest|DPoP)\s", re.IGNORECASE)
_SHORTEST = 16
"""Shorter secrets are not looked for in bodies and texts: a password such as `default` would be found in payloads."""


class Secret:
    """A text that shows itself only when asked by `reveal`."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Give the text itself, to be sent and nothing else."""
        return self._text

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> tuple[type[Secret], tuple[str]]:
        raise TypeError("a secret is not written down")


class Redactor:
    """Takes secrets out of headers, URLs and bodies: those with telling names, and those it was told."""

    def __init__(self, secrets: Iterable[Secret] = (), secret_headers: Mapping[str, str] | None = None) -> None:
        given = secret_headers or {}
        texts = {each.reveal() for each in secrets} | {given[name] for name in given if _SECRET_HEADER.search(name)}
        self._texts = tuple(sorted((text for text in texts if len(text) >= _SHORTEST), key=len, reverse=True))
        self._bytes = tuple(text.encode() for text in self._texts)
        self._headers = {name.lower() for name in given}
        self._judged: dict[str, bool] = {}

    def headers(self, headers: Headers) -> Headers:
        """Give the headers with the values of secret ones masked; the scheme of an Authorization stays."""
        if all(self._tells_nothing(name, value) for name, value in headers.fields):
            return headers
        return Headers([(name, self._value(name, value)) for name, value in headers.fields])

    def _tells_nothing(self, name: str, value: str) -> bool:
        return not (self._is_secret(name) or "@" in value or any(each in value for each in self._texts))

    def _is_secret(self, header: str) -> bool:
        secret = self._judged.get(header)
        if secret is None:
            secret = self._judged[header] = header.lower() in self._headers or bool(_SECRET_HEADER.search(header))
        return secret

    def _value(self, name: str, value: str) -> str:
        if not self._is_secret(name):
            return self.text(value)
        scheme = _SCHEME.match(value)
        return f"{scheme.group(1)} {MASK}" if scheme else MASK

    def url(self, url: str) -> str:
        """Give the URL without user and password, and with the values of telling parameters masked."""
        if "@" in url:
            url = _USERINFO.sub("", url)
        return _SECRET_PARAMETER.sub(rf"\g<1>{MASK}", self.text(url))

    def text(self, text: str) -> str:
        """Give the text with the known secrets masked, and URLs in it without user and password."""
        for each in self._texts:
            if each in text:
                text = text.replace(each, MASK)
        return _USERINFO.sub("", text) if "@" in text and "://" in text else text

    def body(self, body: bytes) -> bytes:
        """Give the body with the known secrets masked: a server may say in an error what it was sent."""
        for each in self._bytes:
            if each in body:
                body = body.replace(each, MASK.encode())
        return body
