"""Servers of a few lines behind a real port."""

from __future__ import annotations

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A client that goes away is no news."""


@contextlib.contextmanager
def served():
    """Serve a function from handler to nothing on a real port; gives the base URL."""
    servers = []

    def make(answer):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                answer(self)

            do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815  the names are those of http.server

            def log_message(self, *_):
                pass

            def content(self):
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))

            def reply(self, status, body=b"", **headers):
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                for name, value in {"Content_Length": str(len(data)), **headers}.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                self.wfile.write(data)

        server = _Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/fhir"

    yield make
    for server in servers:
        server.shutdown()
        server.server_close()
