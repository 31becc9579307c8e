"""URLs of a FHIR server: the base, what is asked of it, and whether two lead to the same place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import quote, urlencode, urljoin, urlsplit

import httpx

from vbpr_conformance.errors import UsageError

Parameters = str | Mapping[str, str | Iterable[str]] | Iterable[tuple[str, str]]
"""Search parameters: a query string as it is, or names and values."""

_DEFAULT_PORTS = {"http": 80, "https": 443}
_READABLE = ":,/$"
"""What search values use and a query may hold as it is: https://www.rfc-editor.org/rfc/rfc3986#section-3.4."""


def query(parameters: Parameters) -> str:
    """Write search parameters as a query string, `+`, `|` and spaces encoded."""
    if isinstance(parameters, str):
        return parameters.removeprefix("?")
    pairs = parameters.items() if isinstance(parameters, Mapping) else parameters
    flat = [
        (name, each)
        for name, value in pairs
        for each in ([value] if isinstance(value, str) else [str(v) for v in value])
    ]
    return urlencode(flat, quote_via=quote, safe=_READABLE)


def with_query(path: str, parameters: Parameters | None) -> str:
    """Append search parameters to a path."""
    text = query(parameters) if parameters is not None else ""
    if not text:
        return path
    return f"{path}{'&' if '?' in path else '?'}{text}"


def origin(url: str) -> tuple[str, str, int | None]:
    """Give scheme, host and port, the port also where the URL leaves it to the scheme."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or _DEFAULT_PORTS.get(parts.scheme)


def checked_base(url: str) -> tuple[str, str | None, str | None]:
    """Give a base URL without user and password, and these apart; what can be no base URL is a `UsageError`."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
        httpx.URL(url.strip())
    except (ValueError, httpx.InvalidURL):
        raise UsageError(f"{url!r} is not a base URL; expected one as https://payer.example/fhir") from None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise UsageError(f"{url!r} is not a base URL; expected one as https://payer.example/fhir")
    if parts.query or parts.fragment:
        raise UsageError("a base URL has no query and no fragment; expected one as https://payer.example/fhir")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    place = host if port is None else f"{host}:{port}"
    return parts._replace(netloc=place).geturl(), parts.username, parts.password


def followed(link: str, page_url: str, base_url: str) -> str:
    """Resolve a link of a page: a mere query or path by the page, any other relative one by the base of the server."""
    if link.startswith(("?", "/")) or urlsplit(link).scheme:
        return urljoin(page_url.partition("/_search")[0] if link.startswith("?") else page_url, link)
    return urljoin(f"{base_url}/", link)
