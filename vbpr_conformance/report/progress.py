"""What a run shows while it runs: suites filling up, requests per second, failures as they come."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TextIO

from vbpr_conformance.suite.verdicts import CaseResult, Verdict

REFRESH_S = 0.1
TROUBLE = (Verdict.FAIL, Verdict.WARN, Verdict.ERROR)


class Progress:
    """Writes to `out`: on a terminal one live line below the lines that stay, elsewhere only lines that stay."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._live = out.isatty()
        self._expected: Counter[str] = Counter()
        self._done: dict[str, Counter[Verdict]] = {}
        self._requests = 0
        self._started = time.monotonic()
        self._drawn = 0.0

    def expect(self, files: Iterable[str]) -> None:
        """Tell which cases will come: the suite file of each."""
        self._expected = Counter(files)

    def show(self, lines: Sequence[str]) -> None:
        """Write lines that stay."""
        self._erase()
        self._out.writelines(line + "\n" for line in lines)
        self._out.flush()

    def add(self, result: CaseResult, file: str) -> None:
        """Count a result; show it if it is trouble, and its suite if it was the last of its file."""
        counts = self._done.setdefault(file, Counter())
        counts[result.verdict] += 1
        self._requests += result.requests
        if result.verdict in TROUBLE:
            self.show([result.text()])
        if counts.total() == self._expected[file]:
            self.show([self._suite_line(result.suite, counts)])
        self._draw(result)

    def end(self) -> None:
        """Take the live line away."""
        self._erase()
        self._out.flush()

    def _suite_line(self, suite: str, counts: Counter[Verdict]) -> str:
        said = " · ".join(f"{counts[verdict]} {verdict.value}" for verdict in Verdict if counts[verdict])
        return f"  {suite:<40} {said}"

    def _draw(self, latest: CaseResult) -> None:
        now = time.monotonic()
        if not self._live or now - self._drawn < REFRESH_S:
            return
        self._drawn = now
        done, total = sum(each.total() for each in self._done.values()), self._expected.total()
        rate = self._requests / max(now - self._started, 0.001)
        line = f"{done}/{total} cases · {self._requests:,} requests · {rate:,.0f}/s · {latest.id}"
        self._out.write("\r\x1b[K" + line[: shutil.get_terminal_size().columns - 1])
        self._out.flush()

    def _erase(self) -> None:
        if self._live:
            self._out.write("\r\x1b[K")
