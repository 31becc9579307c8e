"""A small real server that answers as a target of the battery says: raw bytes on a socket, nothing checked.

What a target does not spoil is answered by a good reference server behind it, with the URLs rewritten to this one.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

FHIR_JSON = "application/fhir+json"


@dataclass
class Request:
    """A request as it came: the path with its query, headers in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def below(self) -> str:
        """The path below the base URL, without the query."""
        return self.path.partition("?")[0].removeprefix("/fhir").strip("/")


@dataclass
class Answer:
    """An answer of the good server, for a target to spoil."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def resource(self) -> Any:
        """The JSON in it, or None."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class Connection:
    """One connection of the harness, as a target's function sees it."""

    def __init__(self, server: HostileServer, sock: socket.socket) -> None:
        self.server = server
        self.socket = sock
        self.file = sock.makefile("rb")
        self.request = Request("", "", {}, b"")

    def read(self) -> bool:
        """Read the next request; False at the end of the connection."""
        line = self.file.readline(65536)
        if not line.strip():
            return False
        method, path, *_ = line.decode("latin-1").split(" ")
        headers = {}
        while (line := self.file.readline(65536)).strip():
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        body = self.file.read(int(headers.get("content-length", "0")))
        self.request = Request(method, path, headers, body)
        self.server.seen.append(self.request)
        return True

    @property
    def number(self) -> int:
        """How many requests the server has had, this one included."""
        return len(self.server.seen)

    def good(self) -> Answer:
        """What the good server answers to the request."""
        return self.server.forward(self.request)

    def raw(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.socket.sendall(data)

    def head(self, status: int = 200, **headers: str) -> None:
        """Send a status line and headers, and the line that ends them."""
        lines = [f"HTTP/1.1 {status} Whatever", *(f"{k.replace('_', '-')}: {v}" for k, v in headers.items())]
        self.raw("\r\n".join([*lines, "", ""]).encode("latin-1"))

    def send(self, body: bytes | str, status: int = 200, content_type: str = FHIR_JSON, **headers: str) -> None:
        """Send a whole answer."""
        data = body.encode() if isinstance(body, str) else body
        self.head(status, Content_Type=content_type, Content_Length=str(len(data)), **headers)
        if self.request.method != "HEAD":
            self.raw(data)

    def json(self, value: Any, status: int = 200, **headers: str) -> None:
        """Send a resource."""
        self.send(json.dumps(value), status, **headers)

    def pass_on(self, answer: Answer | None = None) -> None:
        """Send an answer of the good server, as it is or as it was spoiled."""
        answer = answer or self.good()
        skipped = {"content-length", "transfer-encoding", "connection", "date", "server"}
        lines = [f"HTTP/1.1 {answer.status} X", f"Content-Length: {len(answer.body)}"]
        lines += [f"{name}: {value}" for name, value in answer.headers if name.lower() not in skipped]
        self.raw("\r\n".join([*lines, "", ""]).encode("latin-1") + answer.body)

    def wait(self, seconds: float) -> None:
        """Do nothing for a while, or until the server ends."""
        self.server.ended.wait(seconds)

    def close(self) -> None:
        """End the connection at once, with a reset where data is left."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)


Answering = Callable[[Connection], None]


@dataclass
class HostileServer:
    """Listens on a free port until it is closed. `behind` is the URL of the good server, if the target needs one."""

    answering: Answering
    behind: str | None = None
    tls: ssl.SSLContext | None = None
    seen: list[Request] = field(default_factory=list)
    state: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ended = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.scheme = "https" if self.tls else "http"
        self.url = f"{self.scheme}://127.0.0.1:{self.port}/fhir"
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while not self.ended.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
            if self.tls is not None:
                sock = self.tls.wrap_socket(sock, server_side=True)
            self._open.add(sock)
            with sock:
                connection = Connection(self, sock)
                while not self.ended.is_set() and connection.read():
                    self.answering(connection)
        self._open.discard(sock)

    def forward(self, request: Request) -> Answer:
        """Ask the good server, and put this server's URL where its own stands."""
        assert self.behind is not None, "this target needs a good server behind it"
        theirs = urlsplit(self.behind)
        connection = http.client.HTTPConnection(theirs.hostname or "", theirs.port, timeout=30)
        path = request.path.replace("/fhir", theirs.path, 1)
        ours, body = self.url.encode(), request.body.replace(self.url.encode(), self.behind.encode())
        skipped = {"host", "content-length", "connection", "accept-encoding"}
        headers = {name: value for name, value in request.headers.items() if name not in skipped}
        try:
            connection.request(request.method, path, body=body, headers=headers)
            response = connection.getresponse()
            data = response.read().replace(self.behind.encode(), ours)
        finally:
            connection.close()
        changed = [(name, value.replace(self.behind, self.url)) for name, value in response.getheaders()]
        return Answer(response.status, changed, data)

    def close(self) -> None:
        """End, with every connection."""
        self.ended.set()
        self._listener.close()
        for sock in list(self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def hostile(
    answering: Answering, behind: str | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[HostileServer]:
    """A hostile server for a block."""
    server = HostileServer(answering, behind, tls)
    try:
        yield server
    finally:
        server.close()


def until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait for something, at most so long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return condition()
