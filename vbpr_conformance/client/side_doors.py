"""Ways to a server beside the one that its base URL names: HTTP without TLS, and a TLS that nobody should speak.

What goes there is no secret: neither credentials nor headers of the user, at most the client's certificate.
"""

from __future__ import annotations

import ssl
import warnings
from typing import Literal, Protocol, runtime_checkable
from urllib.parse import urlsplit

import httpx

from vbpr_conformance.client.connection import Connection
from vbpr_conformance.client.credentials import Credentials
from vbpr_conformance.client.tls import tls_context
from vbpr_conformance.client.transport import PooledTransport, proxy_of_environment

SideDoor = Literal["plain-http", "old-tls"]
"""`old-tls` are the versions 1.0 and 1.1, which https://www.rfc-editor.org/rfc/rfc8996.html takes out of use."""
KNOWS_OLD_TLS = ssl.HAS_TLSv1_1
"""Whether this Python can speak TLS 1.1 at all."""


@runtime_checkable
class HasSideDoors(Protocol):
    """A transport that says itself how its server is reached otherwise."""

    def side_door(self, door: SideDoor) -> httpx.BaseTransport:
        """Give the transport that leads there."""


def side_door_url(base_url: str, door: SideDoor) -> str:
    """Give the base URL by which the server is asked there: without TLS at the same port, at 80 in place of 443."""
    if door == "old-tls":
        return base_url
    parts = urlsplit(base_url)
    return parts._replace(scheme="http", netloc=parts.netloc.removesuffix(":443")).geturl()


def side_door_options(door: SideDoor, credentials: Credentials | None) -> tuple[str, ...]:
    """Give the words by which curl goes there."""
    if door == "plain-http":
        return ()
    shown = credentials.curl_options() if credentials is not None and credentials.certificate is not None else ()
    return ("--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0", *shown)


def open_side_door(
    base_url: str, door: SideDoor, connection: Connection, credentials: Credentials | None
) -> httpx.BaseTransport:
    """Open a pool of connections there."""
    proxy = connection.proxy or proxy_of_environment(side_door_url(base_url, door))
    if door == "plain-http":
        return PooledTransport(None, proxy)
    context = tls_context(connection.ca, credentials.certificate if credentials is not None else None)
    with warnings.catch_warnings():  # that these versions are not safe is what this is about
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    return PooledTransport(context, proxy)
