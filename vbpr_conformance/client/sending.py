"""Sends one request and reads its answer within bounds: time, size, redirects, repeated attempts."""

from __future__ import annotations

import ssl
import time
from dataclasses import replace
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import NamedTuple

import httpx

from vbpr_conformance.client.client_errors import NoAnswerError
from vbpr_conformance.client.redact import Redactor
from vbpr_conformance.client.urls import origin
from vbpr_conformance.errors import UsageError
from vbpr_conformance.fhir.type_structure import Structure
from vbpr_conformance.rest.exchange import Exchange
from vbpr_conformance.rest.headers import Headers

MAX_BYTES = 128 * 1024 * 1024
"""The largest answer that is read."""
MAX_REDIRECTS = 5
MAX_WAIT_S = 60.0
"""How long a request waits in all for a server that asks to wait (429, or 503 with Retry-After)."""
_PAUSES_S = (1.0, 2.0, 4.0)
"""The pauses where a server says that it is asked too often, and not how long to wait."""
_CONNECT_PAUSES_S = (0.2, 0.6)
"""The pauses before a connection that was refused is tried again."""
_REPEATABLE = {"GET", "HEAD"}
_REDIRECTS = {301, 302, 303, 307, 308}
_TOO_MANY, _UNAVAILABLE = 429, 503
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_IDLE_S = 3.0
"""A connection idle for longer is not used again: common servers close theirs after five seconds."""


class AnswerLimits(NamedTuple):
    """The seconds and bytes one answer may take."""

    timeout: float
    max_bytes: int = MAX_BYTES


def http_client(
    base_url: str, auth: httpx.Auth | None, timeout: float, ca: str | None, transport: httpx.BaseTransport | None
) -> httpx.Client:
    """Make the one connection pool of a client: no cookies, no redirects, certificates verified."""
    scheme, host, _ = origin(base_url)
    return httpx.Client(
        auth=auth,
        timeout=timeout,
        verify=_certificates(ca) if scheme == "https" else False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        follow_redirects=False,
        trust_env=host not in _LOOPBACK,
        transport=transport,
        limits=httpx.Limits(max_connections=10, keepalive_expiry=_IDLE_S),
    )


def _certificates(ca: str | None) -> ssl.SSLContext | bool:
    if ca is None:
        return True
    try:
        return ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"{ca}: cannot be read as a file of certificates (PEM): {error}") from None


class _Call(NamedTuple):
    """One attempt to send a request."""

    interaction: str
    request: httpx.Request
    started: float


class Sender:
    """Sends requests and gives what was exchanged, redacted."""

    def __init__(
        self, client: httpx.Client, redactor: Redactor, limits: AnswerLimits, structure: Structure | None = None
    ) -> None:
        self._client = client
        self._redactor = redactor
        self._limits = limits
        self._structure = structure

    def send(self, interaction: str, request: httpx.Request) -> list[Exchange]:
        """Send, and give all exchanges that it took, the last of them the answer; none raises `NoAnswerError`."""
        done: list[Exchange] = []
        waited = 0.0
        for attempt in range(MAX_REDIRECTS + 1):
            exchange = self._patiently(interaction, request)
            pause = _pause(exchange, attempt)
            if pause is not None and waited + pause <= MAX_WAIT_S:
                done.append(exchange)
                time.sleep(pause)
                waited += pause
                continue
            target = str(request.url.join(exchange.headers["Location"])) if _is_redirect(exchange) else None
            if target is not None and origin(target) != origin(str(request.url)):
                exchange = replace(exchange, error=f"redirects to another server, which was not followed: {target}")
                target = None
            done.append(exchange)
            if target is None or request.method not in _REPEATABLE:
                break
            request = self._client.build_request(request.method, target, headers=_carried(request))
        return done

    def _patiently(self, interaction: str, request: httpx.Request) -> Exchange:
        """Send again when no connection came about, or when one that stood idle broke under a mere reading request."""
        for pause in (*_CONNECT_PAUSES_S, None):
            call = _Call(interaction, request, time.monotonic())
            try:
                return self._once(call)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                if pause is None or _is_certificate(error) or isinstance(error, httpx.TimeoutException):
                    raise self._no_answer(call, error) from error
            except httpx.HTTPError as error:
                broken = isinstance(error, httpx.RemoteProtocolError | httpx.ReadError | httpx.WriteError)
                if pause is None or not broken or request.method not in _REPEATABLE:
                    raise self._no_answer(call, error) from error
            time.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def _once(self, call: _Call) -> Exchange:
        response = self._client.send(call.request, stream=True)
        try:
            body, error = self._body(response, call.started)
        finally:
            response.close()
        return self._exchange(call, response, body, error)

    def _body(self, response: httpx.Response, started: float) -> tuple[bytes, str | None]:
        """Read the body within the bounds; one that is not encoded as it says is no body."""
        parts: list[bytes] = []
        size = 0
        try:
            for part in response.iter_bytes():
                parts.append(part)
                size += len(part)
                if size > self._limits.max_bytes:
                    raise _TooMuchError(f"answered with more than {self._limits.max_bytes // 1024 // 1024} MiB")
                if time.monotonic() - started > self._limits.timeout:
                    raise _TooMuchError(f"did not end its answer within {self._limits.timeout:g} s")
        except httpx.DecodingError:
            return b"", f"the body is not encoded as Content-Encoding says: {response.headers.get('Content-Encoding')}"
        return b"".join(parts), None

    def _exchange(
        self, call: _Call, response: httpx.Response | None = None, body: bytes = b"", error: str | None = None
    ) -> Exchange:
        request = call.request
        redact = self._redactor
        elapsed = time.monotonic() - call.started
        return Exchange(
            interaction=call.interaction,
            method=request.method,
            url=redact.url(str(request.url)),
            request_headers=redact.headers(_plain(request.headers)),
            request_body=redact.body(request.content),
            status=response.status_code if response is not None else 0,
            headers=redact.headers(_plain(response.headers)) if response is not None else Headers(),
            body=redact.body(body),
            elapsed=elapsed,
            error=error,
            structure=self._structure,
            started=time.time() - elapsed,
        )

    def _no_answer(self, call: _Call, error: httpx.HTTPError) -> NoAnswerError:
        sentence = self._redactor.url(_sentence(error, call.request, self._limits))
        sent = not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
        return NoAnswerError(sentence, self._exchange(call, error=sentence), sent=sent)


class _TooMuchError(httpx.HTTPError):
    """An answer beyond the limits."""


def _plain(headers: httpx.Headers) -> Headers:
    return Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers.raw])


def _is_redirect(exchange: Exchange) -> bool:
    return exchange.status in _REDIRECTS and bool(exchange.headers.get("Location"))


def _pause(exchange: Exchange, attempt: int) -> float | None:
    """Give the seconds after which the server wants to be asked again, None where it is not to be asked again.

    https://www.rfc-editor.org/rfc/rfc6585#section-4 and https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3. What a
    server that was unavailable made of a writing request is not known, so that is not repeated.
    """
    value = exchange.headers.get("Retry-After", "").strip()
    unavailable = exchange.status == _UNAVAILABLE and bool(value) and exchange.method in _REPEATABLE
    if exchange.status != _TOO_MANY and not unavailable:
        return None
    if not value:
        return _PAUSES_S[attempt] if attempt < len(_PAUSES_S) else None
    if value.isdigit():
        return float(value) or 0.1
    try:
        return max(0.1, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None


def _carried(request: httpx.Request) -> dict[str, str]:
    """Give the headers that go on to a redirect's target on the same server."""
    return {name: value for name, value in request.headers.items() if name.lower() not in {"host", "authorization"}}


def _is_certificate(error: httpx.HTTPError) -> bool:
    return "CERTIFICATE_VERIFY_FAILED" in str(error)


def _sentence(error: httpx.HTTPError, request: httpx.Request, limits: AnswerLimits) -> str:
    """Say in a sentence what went wrong between here and the server."""
    scheme, host, port = origin(str(request.url))
    place = f"{scheme}://{host}:{port}"
    if isinstance(error, _TooMuchError):
        return f"{place} {error} ({request.method} {request.url})"
    if _is_certificate(error):
        return f"the certificate of {place} is not trusted: name the file of its authority, or check the URL"
    if isinstance(error, httpx.ConnectError):
        return f"{place} could not be reached: {_cause(error)}"
    if isinstance(error, httpx.TimeoutException):
        return f"{place} did not answer within {limits.timeout:g} s ({request.method} {request.url})"
    return f"{place} broke off: {_cause(error)} ({request.method} {request.url})"


def _cause(error: BaseException) -> str:
    text = str(error).strip()
    return text[:1].lower() + text[1:] if text else type(error).__name__
