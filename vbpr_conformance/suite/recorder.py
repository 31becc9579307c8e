"""Keeps what is exchanged for a case, as plain data that can be read, sent between processes and written down.

What the client records holds no secrets; here it is cut to a size that reports can bear.
"""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Collection, Iterable
from typing import Any

from vbpr_conformance.rest.curl import curl_line
from vbpr_conformance.rest.exchange import Exchange

MOST_EXCHANGES = 40
MOST_BYTES = 12 * 1024 * 1024
_LARGE = 4 * 1024 * 1024
MOST_BODY = 20_000
MOST_REQUEST_BODY = 200_000
"""What was sent before a failure is kept whole where that is possible: it shows the failure again."""
MOST_BODY_OF_A_PASS = 4_000
CUT = " bytes)"
"""How a body ends that was cut."""
HIDDEN = "(hidden: --redact-bodies)"


class CaseRecorder:
    """Called with each exchange; `begin` forgets those before, so that of several examples the last remains.

    `redact_bodies` leaves out what requests and answers hold, for targets with real data.
    """

    def __init__(self, *, redact_bodies: bool = False) -> None:
        self._redact_bodies = redact_bodies
        self._phase = "setup"
        self._seen: deque[tuple[str, Exchange]] = deque(maxlen=MOST_EXCHANGES)
        self._bytes = 0

    def __call__(self, exchange: Exchange) -> None:
        """Keep an exchange; of large answers the first whole, of the others the beginning."""
        self._bytes += len(exchange.body)
        self._seen.append((self._phase, exchange if self._bytes <= MOST_BYTES else exchange.lightened()))

    def begin(self) -> None:
        """Forget what was exchanged so far: a case, or another example of it, begins with its setup."""
        self._phase = "setup"
        self._seen.clear()
        if self._bytes > _LARGE:  # an error and the frames that it went through hold each other, and the answers
            gc.collect()
        self._bytes = 0

    def enter(self, phase: str) -> None:
        """Say which part of the case comes now: `setup`, `step 1`, `step 2`, … or `teardown`."""
        self._phase = phase

    def kept(self) -> list[tuple[str, Exchange]]:
        """What was exchanged since `begin`, each with the part of the case that it belongs to."""
        return [*self._seen]

    def show(self, kept: Iterable[tuple[str, Exchange]]) -> None:
        """Give what `kept` gave before, in place of what came later: an earlier example shows more."""
        self._seen = deque(kept, maxlen=MOST_EXCHANGES)

    @property
    def seen(self) -> list[Exchange]:
        """What was exchanged since `begin`, as far as it is kept."""
        return [each for _, each in self._seen]

    def exchanges(
        self, failed: Collection[Exchange] = (), shared: Collection[Exchange] = ()
    ) -> tuple[dict[str, Any], ...]:
        """Give what was exchanged; `failed` are those that show a failure, and are kept in any case.

        `shared` is what was sent before, to create what several cases use.
        """
        marked = {id(each) for each in failed}
        kept = {id(each) for _, each in self._seen}
        earlier = [("shared", each) for each in shared if id(each) not in kept]
        earlier += [("earlier", each) for each in failed if id(each) not in kept]
        limit = MOST_BODY if failed else MOST_BODY_OF_A_PASS
        return tuple(
            self._plain(phase, each, limit, failed=id(each) in marked) for phase, each in [*earlier, *self._seen]
        )

    def _plain(self, phase: str, exchange: Exchange, limit: int, *, failed: bool) -> dict[str, Any]:
        return {
            "phase": phase,
            "failed": failed,
            "interaction": exchange.interaction,
            "method": exchange.method,
            "url": str(exchange.url),
            "status": exchange.status,
            "error": exchange.error or "",
            "request_headers": dict(exchange.request_headers.fields),
            "request_body": self._text(exchange.request_body, MOST_REQUEST_BODY if limit == MOST_BODY else limit),
            "headers": dict(exchange.headers.fields),
            "body": self._text(exchange.body, limit),
            "elapsed_s": round(float(exchange.elapsed), 4),
            "curl": curl_line(exchange) if failed else "",
            "curl_options": list(exchange.curl_options),
        }

    def _text(self, body: bytes | None, limit: int) -> str:
        if not body:
            return ""
        if self._redact_bodies:
            return HIDDEN
        text = body[:limit].decode("utf-8", "replace")
        return text if len(body) <= limit else f"{text}… ({len(body):,}{CUT}"
