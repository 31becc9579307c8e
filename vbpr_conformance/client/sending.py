"""Sends one request and reads its answer within bounds: time, size, redirects, repeated attempts, the server's pace.

No cookie is kept: each request stands for itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import replace
from typing import NamedTuple

import httpx

from vbpr_conformance.client.answer_body import NotEncodedError, read_body
from vbpr_conformance.client.client_errors import LoginError, NoAnswerError
from vbpr_conformance.client.connection import Connection
from vbpr_conformance.client.credentials import Credentials
from vbpr_conformance.client.no_answer import is_certificate, no_answer
from vbpr_conformance.client.pace import Pace
from vbpr_conformance.client.redact import Redactor, Secret
from vbpr_conformance.client.tls import tls_context
from vbpr_conformance.client.transport import Deadline, PooledTransport, proxy_of_environment
from vbpr_conformance.client.urls import origin
from vbpr_conformance.fhir.type_structure import Structure
from vbpr_conformance.rest.exchange import MASK, Exchange
from vbpr_conformance.rest.headers import Headers

LOGIN = "login"
"""The interaction of exchanges by which the client gets what lets it in."""
MAX_REDIRECTS = 5
_CONNECT_PAUSE_S = 0.2
"""The pause before a connection that did not come about is tried again; each further one is three times as long."""
_REPEATABLE = {"GET", "HEAD"}
_REDIRECTS = {301, 302, 303, 307, 308}
_ERRORS = 400


def open_transport(base_url: str, connection: Connection, credentials: Credentials | None) -> PooledTransport:
    """Open the one connection pool of a client; certificates are verified."""
    certificate = credentials.certificate if credentials is not None else None
    is_secure = base_url.startswith("https:")
    tls = tls_context(connection.ca, certificate) if is_secure or connection.ca or certificate else None
    return PooledTransport(tls, connection.proxy or proxy_of_environment(base_url))


class _Call(NamedTuple):
    """One attempt to send a request."""

    interaction: str
    request: httpx.Request
    started: float


class Sender:
    """Sends requests and gives what was exchanged. `record` is called with every exchange once it is over, redacted."""

    def __init__(  # noqa: PLR0913  what it works with
        self,
        transport: httpx.BaseTransport,
        connection: Connection,
        credentials: Credentials | None,
        redactor: Redactor,
        *,
        record: Callable[[Exchange], None],
        structure: Structure | None = None,
        curl_options: tuple[str, ...] = (),
    ) -> None:
        self._transport = transport
        self._connection = connection
        self._credentials = credentials
        self._redactor = redactor
        self._record = record
        self._structure = structure
        self._curl_options = (
            *curl_options,
            *(("--cacert", '"$VBPR_CA"') if connection.ca else ()),
            *(credentials.curl_options() if credentials is not None else ()),
        )
        self.pace = Pace(connection.requests_per_second)
        own = transport if isinstance(transport, PooledTransport) else None
        self._proxy = own.proxy if own is not None else None
        self._deadline = own.deadline if own is not None else Deadline()
        self._times = {
            "timeout": {"connect": connection.connect, **dict.fromkeys(("read", "write", "pool"), connection.read)}
        }
        self._end = time.monotonic() + connection.run if connection.run is not None else None

    def limit(self, seconds: float | None) -> None:
        """Let no request take longer than until so many seconds from now; None takes the limit away."""
        self._end = None if seconds is None else time.monotonic() + seconds

    def unsent(self, request: httpx.Request) -> Exchange:
        """Give what a request would be recorded as, with credentials, before anything is sent."""
        if self._credentials is not None and self._credentials.scheme:
            request.headers["Authorization"] = f"{self._credentials.scheme} {MASK}"
        return self._redacted(self._exchange(_Call("", request, time.monotonic())))

    def send(self, interaction: str, request: httpx.Request) -> Exchange:
        """Send, and give the last answer that it took; none raises `NoAnswerError`."""
        waited = 0.0
        hops = 0
        for attempt in range(100):
            exchange = self._let_in(interaction, request)
            pause = self.pace.pause(exchange, attempt - hops, waited)
            if pause is not None:
                self._record(exchange)
                time.sleep(pause)
                waited += pause
                continue
            exchange, target = self._redirect(exchange, request)
            self._record(exchange)
            if target is None or hops == MAX_REDIRECTS:
                break
            hops += 1
            request = httpx.Request(request.method, target, headers=_carried(request))
        return exchange

    def _redirect(self, exchange: Exchange, request: httpx.Request) -> tuple[Exchange, str | None]:
        """Give where a redirect leads, None where it is not followed; the exchange says why."""
        location = exchange.headers.get("Location")
        if exchange.status not in _REDIRECTS or not location:
            return exchange, None
        try:
            target = str(request.url.join(location))
            is_ours = origin(target) == origin(str(request.url))
        except (httpx.InvalidURL, ValueError):
            return replace(exchange, error="redirects to what is no URL"), None
        if not is_ours:
            text = self._redactor.url(target)
            return replace(exchange, error=f"redirects to another server, which was not followed: {text}"), None
        return exchange, target if request.method in _REPEATABLE else None

    def _let_in(self, interaction: str, request: httpx.Request) -> Exchange:
        """Send with credentials; what it takes to get them is sent and recorded on the way."""
        if "Authorization" in request.headers and not request.headers["Authorization"]:
            del request.headers["Authorization"]
            return self._redacted(self._patiently(interaction, request))
        if self._credentials is None or "Authorization" in request.headers:
            return self._redacted(self._patiently(interaction, request))
        flow = self._credentials.auth_flow(request)
        try:
            asked = next(flow)
            while True:
                is_login = asked is not request
                try:
                    answer = self._patiently(LOGIN if is_login else interaction, asked)
                except NoAnswerError as error:
                    if not is_login:
                        raise
                    asked = flow.throw(error)
                    continue
                try:
                    asked = flow.send(answer)
                except StopIteration:
                    break
                except LoginError:
                    self._record(self._redacted(answer))
                    raise
                self._record(self._redacted(answer))
        except LoginError as error:
            raise LoginError(self._redactor.sentence(str(error))) from None
        finally:
            flow.close()
        request.headers.pop("Authorization", None)
        return self._redacted(answer)

    def log_in(self, flow: Generator[httpx.Request, Exchange, Secret]) -> Secret:
        """Send what it takes to get another token, and give it; raises `LoginError`."""
        answer = None
        asked = next(flow)
        while True:
            try:
                answer = self._patiently(LOGIN, asked)
                asked = flow.send(answer)
            except NoAnswerError as error:
                asked, answer = flow.throw(error), None
            except StopIteration as ended:
                token: Secret = ended.value
                return token
            except LoginError as error:
                raise LoginError(self._redactor.sentence(str(error))) from None
            finally:
                if answer is not None:
                    self._record(self._redacted(answer))

    def _patiently(self, interaction: str, request: httpx.Request) -> Exchange:
        """Send again when no connection came about, or when one that stood idle broke under a mere reading request."""
        pauses = [_CONNECT_PAUSE_S * 3**i for i in range(self._connection.retries)]
        for pause in (*pauses, None):
            call = _Call(interaction, request, time.monotonic())
            self._begin(call)
            try:
                return self._once(call)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                if pause is None or is_certificate(error) or isinstance(error, httpx.TimeoutException):
                    raise self._no_answer(call, error) from None
            except httpx.HTTPError as error:
                broken = isinstance(error, httpx.RemoteProtocolError | httpx.ReadError | httpx.WriteError)
                if pause is None or not broken or request.method not in _REPEATABLE:
                    raise self._no_answer(call, error) from None
            time.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def _begin(self, call: _Call) -> None:
        """Wait for the request's turn, and set the moment at which its answer must be complete."""
        self.pace.wait_turn()
        now = time.monotonic()
        if self._end is not None and now >= self._end:
            raise self._no_answer(call, None)
        moment = now + self._connection.connect + self._connection.read
        self._deadline.moment = moment if self._end is None else min(moment, self._end)

    def _once(self, call: _Call) -> Exchange:
        call.request.extensions = {**call.request.extensions, **self._times}
        response = self._transport.handle_request(call.request)
        try:
            body, error = read_body(response, self._connection.max_bytes), None
        except NotEncodedError as failure:
            body, error = b"", str(failure)
        finally:
            response.close()
        return self._exchange(call, response, body, error)

    def _exchange(
        self, call: _Call, response: httpx.Response | None = None, body: bytes = b"", error: str | None = None
    ) -> Exchange:
        request = call.request
        elapsed = time.monotonic() - call.started
        return Exchange(
            interaction=call.interaction,
            method=request.method,
            url=str(request.url),
            request_headers=_plain(request.headers),
            request_body=request.content,
            status=response.status_code if response is not None else 0,
            headers=_plain(response.headers) if response is not None else Headers(),
            body=body,
            elapsed=elapsed,
            error=error,
            structure=self._structure,
            started=time.time() - elapsed,
            curl_options=self._curl_options,
        )

    def _redacted(self, exchange: Exchange) -> Exchange:
        """Mask the secrets, those included that came with this very exchange."""
        redact = self._redactor
        is_login = exchange.interaction == LOGIN
        body = redact.message if exchange.status >= _ERRORS else redact.body
        return replace(
            exchange,
            url=redact.url(exchange.url),
            request_headers=redact.headers(exchange.request_headers),
            request_body=(redact.login_body if is_login else redact.body)(exchange.request_body),
            headers=redact.headers(exchange.headers),
            body=(redact.login_body if is_login else body)(exchange.body),
            error=redact.url(exchange.error) if exchange.error else exchange.error,
        )

    def _no_answer(self, call: _Call, error: httpx.HTTPError | None) -> NoAnswerError:
        if error is None:
            text, sent = "the time for the whole run is over (--run-timeout S gives more)", False
        else:
            text = no_answer(error, call.request, self._connection, self._proxy)
            sent = not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
        sentence = self._redactor.url(text)
        exchange = self._redacted(self._exchange(call, error=sentence))
        if error is not None:
            self._record(exchange)
        return NoAnswerError(sentence, exchange, sent=sent)


def _plain(headers: httpx.Headers) -> Headers:
    return Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers.raw])


def _carried(request: httpx.Request) -> dict[str, str]:
    """Give the headers that go on to a redirect's target on the same server."""
    return {name: value for name, value in request.headers.items() if name.lower() not in {"host", "authorization"}}
