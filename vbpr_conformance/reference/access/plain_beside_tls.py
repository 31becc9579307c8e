"""A fault of TLS: HTTP without it is answered at the same port. The first byte of a connection says what it speaks."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

_HANDSHAKE = 0x16
"""How a TLS connection begins: https://www.rfc-editor.org/rfc/rfc8446.html#section-5.1."""
_AT_ONCE = 65_536


@contextlib.contextmanager
def by_first_byte(listener: socket.socket) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Give two sockets to listen at in place of one: for connections that speak TLS, and for all others."""
    with socket.create_server(("127.0.0.1", 0)) as with_tls, socket.create_server(("127.0.0.1", 0)) as without:
        places = with_tls.getsockname(), without.getsockname()
        threading.Thread(target=_accept, args=(listener, *places), daemon=True).start()
        yield with_tls, without


def _accept(listener: socket.socket, with_tls: tuple[str, int], without: tuple[str, int]) -> None:
    with contextlib.suppress(OSError):  # closed: the server has ended
        while True:
            here, _ = listener.accept()
            threading.Thread(target=_join, args=(here, with_tls, without), daemon=True).start()


def _join(here: socket.socket, with_tls: tuple[str, int], without: tuple[str, int]) -> None:
    with contextlib.suppress(OSError), here:
        first = here.recv(1, socket.MSG_PEEK)
        with socket.create_connection(with_tls if first[:1] == bytes([_HANDSHAKE]) else without) as there:
            threading.Thread(target=_copy, args=(there, here), daemon=True).start()
            _copy(here, there)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(_AT_ONCE):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
