"""What a run shows while it runs: what runs against what, groups filling up, the first failure of each cause."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from typing import TextIO

from vbpr_conformance.report.failure_text import full_text
from vbpr_conformance.report.terminal_style import styled
from vbpr_conformance.report.terminal_summary import head
from vbpr_conformance.rest.printable import printable
from vbpr_conformance.suite.causes import signature
from vbpr_conformance.suite.record import RunRecord
from vbpr_conformance.suite.run_summary import RunSummary
from vbpr_conformance.suite.verdicts import CaseResult, Verdict

REFRESH_S = 0.1
SHOWN = (Verdict.FAIL, Verdict.WARN, Verdict.ERROR)


class Progress:
    """Writes to `out`: on a terminal one live line below the lines that stay, elsewhere only lines that stay.

    `verbosity` is 0 as a rule, 1 to see every failure with what was exchanged, -1 to see nothing but the end.
    """

    def __init__(self, out: TextIO, *, live: bool = False, verbosity: int = 0) -> None:
        self._out = out
        self._live = live and verbosity >= 0
        self._verbosity = verbosity
        self._expected: Counter[str] = Counter()
        self._done: dict[str, Counter[Verdict]] = {}
        self._causes: set[object] = set()
        self._requests = 0
        self._started = time.monotonic()
        self._drawn = 0.0

    def begin(self, record: RunRecord) -> None:
        """Say what runs against what, first of all: a run that is killed can be repeated."""
        self._started = time.monotonic()
        self._expected = Counter(each.suite for each in record.selected)
        self._done = {}
        if self._verbosity >= 0:
            self._show([*head(record), ""])

    def add(self, record: RunRecord, result: CaseResult) -> None:
        """Count a result; show it if it is the first of its cause, and its suite if it was the last of it."""
        counts = self._done.setdefault(result.suite, Counter())
        counts[result.verdict] += 1
        self._requests += result.requests
        if self._verbosity >= 0:
            self._show_result(record, result)
            if counts.total() == self._expected[result.suite]:
                self._show([self._suite_line(result.suite, counts)])
        self._draw(result)

    def end(self, record: RunRecord, summary: RunSummary) -> None:  # noqa: ARG002  as all writers are called
        """Take the live line away."""
        self._erase()
        self._out.flush()

    def _show_result(self, record: RunRecord, result: CaseResult) -> None:
        if result.verdict not in SHOWN:
            return
        cause = signature(result)
        if cause in self._causes and self._verbosity < 1:
            return
        self._causes.add(cause)
        lines = [full_text(result, record.edition)]
        if self._verbosity > 0:
            lines += [
                f"      {each['phase']:15}  {each['method']} {each['url']} {each['status'] or each['error']}"
                for each in result.exchanges
            ]
        self._show(lines)

    def _show(self, lines: list[str]) -> None:
        self._erase()
        self._out.writelines(f"{line}\n" for line in styled(lines, watched=self._live))
        self._out.flush()

    def _suite_line(self, suite: str, counts: Counter[Verdict]) -> str:
        text = " · ".join(f"{counts[verdict]} {verdict.value}" for verdict in Verdict if counts[verdict])
        return f"  {suite:<32} {text}"

    def _draw(self, latest: CaseResult) -> None:
        now = time.monotonic()
        if not self._live or now - self._drawn < REFRESH_S:
            return
        self._drawn = now
        done, total = sum(each.total() for each in self._done.values()), self._expected.total()
        spent = max(now - self._started, 0.001)
        left = f" · {spent / done * (total - done):.0f} s left" if done < total else ""
        rate = self._requests / spent
        group = f"{latest.suite} {self._done[latest.suite].total()}/{self._expected[latest.suite]}"
        line = f"{done}/{total} cases · {self._requests:,} requests · {rate:,.0f}/s{left} · {group}"
        self._out.write("\r\x1b[K" + printable(line)[: shutil.get_terminal_size().columns - 1])
        self._out.flush()

    def _erase(self) -> None:
        if self._live:
            self._out.write("\r\x1b[K")
