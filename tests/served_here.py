"""The reference server on a thread of this process: it starts at once, where a process of its own takes a second."""

from __future__ import annotations

import contextlib
import threading

from vbpr_conformance.reference.app import make_app
from vbpr_conformance.reference.listener import QuietServer, listening
from vbpr_conformance.reference.store import Store


@contextlib.contextmanager
def serving(edition, *, fault=None, access=None, tls=None):
    """Serve an edition, with a fault or behind a door; gives its URL."""
    store = Store()
    with listening("127.0.0.1", 0) as listener:
        answers = threading.Event()
        server = QuietServer(make_app(edition, store, fault=fault, access=access), answers.set, **(tls or {}))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        assert answers.wait(30)
        yield f"{'https' if tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}/fhir"
        server.should_exit = True
        thread.join(30)
    store.close()
