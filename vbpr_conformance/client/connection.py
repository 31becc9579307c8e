"""How a server is reached, apart from who asks: times, attempts, pace, authorities, proxy."""

from __future__ import annotations

from dataclasses import dataclass

from vbpr_conformance.client.transport import Proxy

MAX_BYTES = 12 * 1024 * 1024
"""The largest answer that is read, unpacked."""


@dataclass(frozen=True)
class Connection:
    """The settings of a connection. Times are in seconds: to connect, until an answer is complete, and for the run.

    `retries` is how often a connection that did not come about is tried again. `requests_per_second` is None where the
    server alone says what is too often. `ca` is a file or folder of authorities to trust besides the usual ones.
    Without `proxy` the environment names one, if any.
    """

    connect: float = 5.0
    read: float = 30.0
    run: float | None = None
    retries: int = 2
    requests_per_second: float | None = None
    ca: str | None = None
    proxy: Proxy | None = None
    max_bytes: int = MAX_BYTES
