"""Serving: a socket, the data to start with, and a clean end."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from vbpr_conformance.errors import UsageError
from vbpr_conformance.fhir import json_codec
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.reference.access.plain_beside_tls import by_first_byte
from vbpr_conformance.reference.access.ways import door
from vbpr_conformance.reference.app import ROOT, make_app
from vbpr_conformance.reference.content import JSON
from vbpr_conformance.reference.data import load
from vbpr_conformance.reference.problems import issue, outcome
from vbpr_conformance.reference.store import Store


def serve(  # noqa: PLR0913  # the options of the command line, one by one
    host: str,
    port: int,
    edition: Edition,
    *,
    store: Path | None = None,
    data: Sequence[Path] = (),
    fault: str | None = None,
    variations: Sequence[str] = (),
    auth: str | None = None,
    on_ready: Callable[[str], None] | None = None,
    ends_with_stdin: bool = False,
) -> None:
    """Serve until interrupted; `on_ready` is told the URL once the server answers (by default it is printed).

    `auth` names one of `WAYS` of asking for credentials: what a client needs is printed before, as JSON on one line
    that `run --config` reads. `ends_with_stdin` makes it end when its standard input is closed: a child process then
    never outlives its parent.
    """
    kept = Store(store)
    try:
        with tempfile.TemporaryDirectory() as folder, listening(host, port) as listener:
            guard = door(auth, Path(folder), host)
            app = make_app(edition, kept, fault=fault, variations=variations, access=guard.control)
            load(app.server, data, _say)
            shown = f"[{host}]" if ":" in host else host
            url = f"http{'s' if guard.tls else ''}://{shown}:{listener.getsockname()[1]}{ROOT}"
            if auth is not None:
                print(json.dumps(guard.client_settings(url)), flush=True)  # noqa: T201  # what a client needs to get in
            behaviour = app.server.behaviour
            server = QuietServer(app, lambda: (on_ready or _announce)(url), old_tls=behaviour.old_tls, **guard.tls)
            if ends_with_stdin:
                threading.Thread(target=_end_with_stdin, args=(server,), daemon=True).start()
            if not (guard.tls and behaviour.plain_beside_tls):
                server.run(sockets=[listener])
                return
            with by_first_byte(listener) as (with_tls, without):
                beside = QuietServer(app, lambda: None)
                threading.Thread(target=beside.run, args=([without],), daemon=True).start()
                server.run(sockets=[with_tls])
                beside.should_exit = True
    finally:
        kept.close()


_LINGER = 1.0
"""How many seconds a client that sent no HTTP may take to read why it is refused."""


class _FhirProtocol(H11Protocol):
    """HTTP/1.1 that answers what is no HTTP with an OperationOutcome too."""

    def send_400_response(self, msg: str) -> None:
        """Say once that the request is no HTTP; the connection ends when the client has had time to read that."""
        if self.conn.our_state is h11.ERROR or self.transport.is_closing():
            return
        content = json_codec.dumps(outcome([issue("structure", msg)])).encode()
        headers = [("Content-Type", JSON), ("Content-Length", str(len(content))), ("Connection", "close")]
        events = (h11.Response(status_code=400, headers=headers), h11.Data(data=content), h11.EndOfMessage())
        try:
            self.transport.write(b"".join(self.conn.send(event) or b"" for event in events))
        except h11.LocalProtocolError:  # the answer to another request is under way: there is no place for this one
            self.transport.close()
            return
        self.conn.send_failed()  # whatever follows is not read
        self.loop.call_later(_LINGER, self.transport.close)


class QuietServer(uvicorn.Server):
    """uvicorn that tells when it answers; `tls` are its settings for TLS, which can be as old as 1.0."""

    def __init__(self, app: object, ready: Callable[[], None], *, old_tls: bool = False, **tls: Any) -> None:
        settings = uvicorn.Config(
            app,  # type: ignore[arg-type]  # an ASGI 3 application; uvicorn wants its own alias of the type
            log_level="error",
            access_log=False,
            lifespan="off",
            server_header=False,
            ws="none",
            http=_FhirProtocol,
            timeout_keep_alive=60,
            timeout_graceful_shutdown=5,
            **tls,
        )
        settings.load()
        if settings.ssl is not None and old_tls:
            with warnings.catch_warnings():  # that it is not safe is what the fault is about
                warnings.simplefilter("ignore", DeprecationWarning)
                settings.ssl.minimum_version = ssl.TLSVersion.TLSv1
            settings.ssl.set_ciphers("ALL:@SECLEVEL=0")
        super().__init__(settings)
        self._ready = ready

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take an interruption as the wish to end well: uvicorn itself would raise the signal again afterwards."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {each: signal.signal(each, self.handle_exit) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        await super().startup(sockets)
        if self.started:
            self._ready()


def listening(host: str, port: int) -> socket.socket:
    """Open the socket; what prevents it is one sentence."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=512)
    except OverflowError:
        raise UsageError(f"cannot listen on port {port}: ports go up to 65535") from None
    except OSError as error:
        raise UsageError(f"cannot listen on {host}:{port}: {error.strerror or error}") from None
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _announce(url: str) -> None:
    print(f"ready on {url}", flush=True)  # noqa: T201  # the command's output, which scripts wait for


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201  # progress of loading


def _end_with_stdin(server: uvicorn.Server) -> None:
    """Wait until nobody holds the other end any more; past Python's own buffer, whose lock would outlive the thread."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    server.should_exit = True
