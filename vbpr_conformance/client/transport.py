"""The network below the client: a pool of connections, through a proxy or not, with a deadline that holds.

A timeout of httpx starts anew with every byte; a server that sends one now and then, or interim answers without end,
holds a request for ever. Here every read and write also ends at a deadline for the whole exchange.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, NoReturn
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

from vbpr_conformance.errors import UsageError

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_IDLE_S = 3.0
"""A connection idle for longer is not used again: common servers close theirs after five seconds."""
_MOST_CONNECTIONS = 10
_SPENT_S = 0.001
"""The timeout where none is left: 0 would mean not to wait at all, which some systems refuse."""


class Proxy(NamedTuple):
    """An HTTP proxy: its URL without credentials, and `user:password` apart."""

    url: str
    credentials: tuple[str, str] | None = None

    @classmethod
    def read(cls, url: str) -> Proxy:
        """Take user and password out of a proxy's URL; raises `UsageError` where it is the URL of no HTTP proxy."""
        try:
            parts = urlsplit(url if "://" in url else f"http://{url}")
            is_http = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            is_http = False
        place = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl() if is_http else ""
        if not is_http or not place.isascii() or not place.isprintable():
            raise UsageError("the proxy is no HTTP proxy; expected its URL as http://HOST:PORT")
        if parts.username is None:
            return cls(place)
        return cls(place, (unquote(parts.username), unquote(parts.password or "")))


def proxy_of_environment(url: str) -> Proxy | None:
    """The proxy that the environment (HTTP_PROXY, HTTPS_PROXY, NO_PROXY) or the system names for a URL."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host in _LOOPBACK or proxy_bypass(host):
        return None
    found = getproxies()
    named = found.get(parts.scheme) or found.get("all")
    return Proxy.read(named) if named else None


class Deadline:
    """The moment (of `time.monotonic`) at which whatever is read or written ends; shared by all connections."""

    def __init__(self) -> None:
        self.moment: float | None = None

    def within(self, timeout: float | None) -> float | None:
        """The shorter of a timeout and what is left."""
        if self.moment is None:
            return timeout
        left = max(self.moment - time.monotonic(), _SPENT_S)
        return left if timeout is None else min(timeout, left)

    def check(self, error: type[Exception]) -> None:
        """Raise `error` once the moment is over."""
        if self.moment is not None and time.monotonic() > self.moment:
            raise error("the time for the whole exchange is over")


class PooledTransport(httpx.BaseTransport):
    """httpx's transport, on the public parts of httpcore, with a deadline."""

    def __init__(self, tls: ssl.SSLContext | None, proxy: Proxy | None) -> None:
        self.deadline = Deadline()
        self.proxy = proxy
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls,
            proxy=httpcore.Proxy(proxy.url, auth=proxy.credentials) if proxy is not None else None,
            max_connections=_MOST_CONNECTIONS,
            keepalive_expiry=_IDLE_S,
            network_backend=_Backend(self.deadline),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; the answer's body is read later, by whoever asked."""
        sent = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        try:
            response = self._pool.handle_request(sent)
        except _OF_HTTPCORE as error:
            _raise(error, request)
        return httpx.Response(
            response.status,
            headers=response.headers,
            stream=_Body(response.stream, request),
            extensions=response.extensions,
        )

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, stream: Any, request: httpx.Request) -> None:
        self._stream = stream  # an iterable of bytes: the pool is no asynchronous one
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._stream
        except _OF_HTTPCORE as error:
            _raise(error, self._request)

    def close(self) -> None:
        close = getattr(self._stream, "close", None)
        if close is not None:
            close()


class _Backend(httpcore.NetworkBackend):
    """Opens connections whose reads and writes end at the deadline."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._system = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        opened = self._system.connect_tcp(host, port, self._deadline.within(timeout), local_address, socket_options)
        return _Stream(opened, self._deadline)


class _Stream(httpcore.NetworkStream):
    """A connection whose reads and writes end at the deadline."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._deadline.check(httpcore.ReadTimeout)
        return self._stream.read(max_bytes, self._deadline.within(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._deadline.check(httpcore.WriteTimeout)
        self._stream.write(buffer, self._deadline.within(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, self._deadline.within(timeout))
        return _Stream(secured, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


_NAMES = (
    *("ConnectTimeout", "ReadTimeout", "WriteTimeout", "PoolTimeout", "TimeoutException"),
    *("ConnectError", "ReadError", "WriteError", "NetworkError", "ProxyError"),
    *("UnsupportedProtocol", "LocalProtocolError", "RemoteProtocolError", "ProtocolError"),
)
_OF_HTTPCORE: tuple[type[Exception], ...] = tuple(getattr(httpcore, name) for name in _NAMES)


def _raise(error: Exception, request: httpx.Request) -> NoReturn:
    """Raise httpx's error of the same name."""
    name = next(each.__name__ for each in type(error).__mro__ if each.__name__ in _NAMES)
    kind: type[httpx.RequestError] = getattr(httpx, name)
    raise kind(str(error), request=request) from error
