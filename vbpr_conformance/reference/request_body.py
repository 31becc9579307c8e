"""Reading the body of a request so that no client can fill the memory or hold up the others.

Bodies up to `SMALL` are read as they come. Of larger ones a few are read at a time, the rest wait before their socket;
what is larger than `MAX_BODY` is read on but not kept, so that the client gets its answer and not a broken connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from vbpr_conformance.reference.problems import ProblemError

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

SMALL = 256 * 1024
"""The size in bytes up to which a body needs no leave."""
MAX_BODY = 16 * 1024 * 1024
"""The largest body that is taken, in bytes."""
_MOST_READ = 16 * MAX_BODY
"""Behind so many bytes the rest of a body is not waited for."""
LARGE_AT_ONCE = 4
"""How many large bodies are read at a time."""
PATIENCE = 60.0
"""How many seconds a body may take."""


class BodyReader:
    """Reads bodies for one application."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._large = asyncio.Semaphore(LARGE_AT_ONCE)

    async def read(self, receive: Receive) -> bytes | None:
        """Give the whole body, or None if the client went away.

        Raises `ProblemError`: 413 for a body that is too large, 408 for one that takes too long.
        """
        parts: list[bytes] = []
        size, leave = 0, False
        try:
            async with asyncio.timeout(self._patience):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return None
                    part = message.get("body", b"")
                    size += len(part)
                    if size <= MAX_BODY:
                        parts.append(part)
                    else:
                        parts.clear()
                    if not message.get("more_body", False) or size > _MOST_READ:
                        break
                    if size > SMALL and not leave:
                        await self._large.acquire()
                        leave = True
        except TimeoutError:
            raise ProblemError(408, f"the body did not come within {self._patience:g} s") from None
        finally:
            if leave:
                self._large.release()
        if size > MAX_BODY:
            raise ProblemError(413, f"the body is larger than {MAX_BODY // 1024 // 1024} MiB")
        return b"".join(parts)
