"""A request as it goes out, made of what the server named: its versions, ids and links may be anything."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from vbpr_conformance.client.client_errors import UnusableUrlError

_MOST_SHOWN = 200


def unsent_request(method: str, url: str, headers: httpx.Headers, content: bytes | None = None) -> httpx.Request:
    """Make a request; raises `UnusableUrlError` where nothing can be sent to such a URL."""
    try:
        return httpx.Request(method, url, content=content, headers=headers)
    except httpx.InvalidURL as error:
        raise UnusableUrlError(f"no request can be made of {method} {url[:_MOST_SHOWN]}…: {error}") from None


def header_bytes(headers: Mapping[str, str]) -> httpx.Headers:
    """Write header fields as bytes: what a server says in its ETag goes back to it as it came."""
    return httpx.Headers([(name.encode("latin-1", "replace"), _latin(value)) for name, value in headers.items()])


def _latin(value: str) -> bytes:
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode("utf-8", "replace")
