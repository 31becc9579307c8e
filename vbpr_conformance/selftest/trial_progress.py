"""What the self-test shows while it runs."""

from __future__ import annotations

import time
from typing import TextIO


class TrialProgress:
    """Writes to `out`: on a terminal one live line, elsewhere a line for each tenth that is done."""

    def __init__(self, out: TextIO, *, live: bool) -> None:
        self._out = out
        self._live = live
        self._started = time.monotonic()
        self._told = 0

    def __call__(self, done: int, total: int, said: str) -> None:
        """Show how far it is; `said` is what came of the last trial."""
        spent = time.monotonic() - self._started
        line = f"self-test   {done}/{total} trials · {spent / done * (total - done):.0f} s left · {said}"
        if self._live:
            self._out.write("\r\x1b[K" + (line[:79] if done < total else ""))
        elif done * 10 // total > self._told:
            self._told = done * 10 // total
            self._out.write(line + "\n")
        self._out.flush()
