"""Secrets, and how they are kept out of everything that is recorded.

Redaction happens where an exchange is recorded, never where it is shown: what is not there cannot be printed.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Collection, Mapping
from itertools import groupby
from urllib.parse import quote, quote_plus

from vbpr_conformance.rest.exchange import MASK
from vbpr_conformance.rest.headers import Headers

_SECRET_HEADER = re.compile(r"authorization|cookie|token|secret|password|api-?key", re.IGNORECASE)
_NAMES = (
    "access_token|id_token|refresh_token|token|client_secret|client_assertion|assertion|password|secret|api[-_]?key"
)
_SECRET_PARAMETER = re.compile(rf"((?:^|[?&#;])(?:{_NAMES})=)[^&#;\s]*", re.IGNORECASE)
_SECRET_MEMBER = re.compile(rb'("(?:%s)"\s*:\s*")(?:[^"\\]|\\.)*' % _NAMES.encode(), re.IGNORECASE)
_USERINFO = re.compile(r"(?<=://)[^/?#@\s]*@")
_SCHEME = re.compile(r"(Bearer|Basic|Digest|DPoP)\s", re.IGNORECASE)
_SHORTEST = 16
"""Shorter secrets are not looked for in payloads: a password such as `default` would be found in them."""
_SHORTEST_SAID = 4
_PIECE = 8
"""In what a server says, so many letters in a row of a secret are masked."""
_SEED = 6
"""A piece of a secret holds one of the seeds of this length that begin at every third letter of it."""


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
    """Takes secrets out of headers, URLs and bodies: those with telling names, and those it was told.

    `secrets` is asked each time, since tokens come while a run goes on. The values of `given` headers, those that the
    user gave, are masked whatever their names.
    """

    def __init__(
        self, secrets: Callable[[], Collection[Secret]] = tuple, given: Mapping[str, str] | None = None
    ) -> None:
        headers = given or {}
        self._secrets = secrets
        self._of_headers = [Secret(headers[name]) for name in headers if _SECRET_HEADER.search(name)]
        self._headers = {name.lower() for name in headers}
        self._judged: dict[str, bool] = {}
        self._count = -1
        self._texts: tuple[str, ...] = ()
        self._bytes: tuple[bytes, ...] = ()
        self._said: tuple[bytes, ...] = ()

    def headers(self, headers: Headers) -> Headers:
        """Give the headers with the values of secret ones masked; the scheme of an Authorization stays."""
        self._learn()
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
        return _SECRET_PARAMETER.sub(rf"\g<1>{MASK}", self.text(url))

    def text(self, text: str) -> str:
        """Give the text with the known secrets masked, and URLs in it without user and password."""
        self._learn()
        for each in self._texts:
            text = text.replace(each, MASK)
        return _USERINFO.sub("", text) if "@" in text else text

    def body(self, body: bytes) -> bytes:
        """Give the body with the known secrets masked."""
        self._learn()
        for each in self._bytes:
            body = body.replace(each, MASK.encode())
        return body

    def message(self, body: bytes) -> bytes:
        """Give what a server says, in an error for example, with known secrets masked: short ones and pieces, too."""
        body = self.body(body)
        for each in self._said:
            body = _without_pieces(body.replace(each, MASK.encode()), each)
        return body

    def sentence(self, text: str) -> str:
        """Give a sentence that quotes what a server says, masked as that is."""
        return self.url(self.message(text.encode("utf-8", "replace")).decode("utf-8", "replace"))

    def login_body(self, body: bytes) -> bytes:
        """Give the body of a request for a token, or of the answer, without what its names tell to be secret."""
        body = _SECRET_MEMBER.sub(rb"\g<1>" + MASK.encode(), self.message(body))
        return _SECRET_PARAMETER.sub(rf"\g<1>{MASK}", body.decode("latin-1")).encode("latin-1")

    def _learn(self) -> None:
        """Take in secrets that came since the last time."""
        secrets = self._secrets()
        if len(secrets) == self._count:
            return
        self._count = len(secrets)
        known = {each.reveal() for each in (*secrets, *self._of_headers)}
        words = sorted({form for text in known if len(text) >= _SHORTEST_SAID for form in _forms(text)}, key=len)
        self._texts = tuple(form for form in reversed(words) if len(form) >= _SHORTEST)
        self._bytes = tuple(text.encode() for text in self._texts)
        self._said = tuple(text.encode() for text in reversed(words))


def _forms(text: str) -> set[str]:
    """The ways a text may be written in URLs, JSON and HTML."""
    return {text, quote(text, safe=""), quote_plus(text), json.dumps(text)[1:-1], html.escape(text)}


def _without_pieces(body: bytes, secret: bytes) -> bytes:
    """Mask what a body holds of a secret: a server may say the first letters of a token that it does not like."""
    seeds = range(0, len(secret) - _SEED + 1, _SEED // 2)
    if not any(secret[start : start + _SEED] in body for start in seeds):  # quick, and true of nearly all bodies
        return body
    pieces = {secret[start : start + _PIECE] for start in range(len(secret) - _PIECE + 1)}
    hidden = bytearray(len(body))
    for start in range(len(body) - _PIECE + 1):
        if body[start : start + _PIECE] in pieces:
            hidden[start : start + _PIECE] = b"\1" * _PIECE
    runs = groupby(range(len(body)), key=hidden.__getitem__)
    return b"".join(MASK.encode() if is_hidden else bytes(body[at] for at in run) for is_hidden, run in runs)
