"""What stood between the client and an answer, in a sentence that names the option to change."""

from __future__ import annotations

import re

import httpx

from vbpr_conformance.client.answer_body import TooMuchError
from vbpr_conformance.client.connection import Connection
from vbpr_conformance.client.transport import Proxy
from vbpr_conformance.client.urls import origin

_TLS_RECORD = ("\\x15\\x03", "\\x16\\x03")
"""How a TLS alert or handshake begins, as a message quotes it."""
_NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "PACKET_LENGTH_TOO_LONG")
_CERTIFICATE_ASKED = (
    "CERTIFICATE_REQUIRED",
    "ALERT_HANDSHAKE_FAILURE",
    "ALERT_BAD_CERTIFICATE",
    "ALERT_UNKNOWN_CA",
    "ALERT_DECRYPT_ERROR",
)
_PROXY_LOGIN = "407"
_ERRNO = re.compile(r"^\[Errno -?\d+\] ")
"""The number of an error, which says nothing to who reads the words after it."""


def is_certificate(error: httpx.HTTPError) -> bool:
    """Whether the server's certificate was not accepted: trying again would change nothing."""
    return "CERTIFICATE_VERIFY_FAILED" in str(error)


def no_answer(error: httpx.HTTPError, request: httpx.Request, connection: Connection, proxy: Proxy | None) -> str:
    """Say in a sentence what went wrong between here and the server."""
    scheme, host, port = origin(str(request.url))
    place = f"{scheme}://{host}:{port}"
    asked = f"({request.method} {request.url})"
    text = str(error)
    if isinstance(error, TooMuchError):
        return f"{place} {error} {asked}"
    if is_certificate(error):
        return f"the certificate of {place} is not trusted: {_why_not_trusted(text)}"
    if any(each in text for each in _CERTIFICATE_ASKED):
        return (
            f"{place} asks for a certificate of the client, or does not accept the one it was shown ({_cause(error)}): "
            "name it by --cert FILE and --cert-key FILE, or by tls: {cert, key} in the target file"
        )
    if scheme == "https" and any(each in text for each in _NO_TLS):
        return f"{place} does not speak TLS: is its URL http://{host}:{port}/…?"
    if scheme == "http" and any(each in text for each in _TLS_RECORD):
        return f"{place} speaks TLS: is its URL https://{host}:{port}/…?"
    if proxy is not None and isinstance(error, httpx.ProxyError | httpx.ConnectError | httpx.ConnectTimeout):
        return _of_proxy(error, place, proxy)
    if isinstance(error, httpx.ConnectTimeout):
        return f"{place} could not be reached within {connection.connect:g} s (--connect-timeout S gives more)"
    if isinstance(error, httpx.ConnectError):
        return f"{place} could not be reached: {_cause(error)}"
    if isinstance(error, httpx.TimeoutException):
        return f"{place} did not answer within {connection.read:g} s, or not to the end {asked}; --timeout S gives more"
    return f"{place} broke off: {_cause(error)} {asked}"


def _why_not_trusted(text: str) -> str:
    if "Hostname mismatch" in text or "IP address mismatch" in text:
        return "it is that of another host; check the URL"
    if "has expired" in text or "not yet valid" in text:
        what = "has expired" if "has expired" in text else "is not yet valid"
        return f"it {what}, or the clock of this machine is wrong"
    return "name the file of its authority by --ca FILE (or tls: {ca} in the target file), or check the URL"


def _of_proxy(error: httpx.HTTPError, place: str, proxy: Proxy) -> str:
    where = "--proxy URL, proxy: in the target file, or HTTP_PROXY and HTTPS_PROXY"
    if isinstance(error, httpx.ProxyError):
        if _PROXY_LOGIN in str(error):
            return f"the proxy {proxy.url} asks for credentials (407): http://USER:PASSWORD@HOST:PORT in {where}"
        return f"the proxy {proxy.url} did not connect to {place}: {_cause(error)} ({where})"
    return f"the proxy {proxy.url} could not be reached, on the way to {place}: {_cause(error)} ({where})"


def _cause(error: BaseException) -> str:
    text = _ERRNO.sub("", str(error).strip())
    return text[:1].lower() + text[1:] if text else type(error).__name__
