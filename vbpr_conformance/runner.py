"""A run without pytest's own screen: pytest runs the cases, this shows them and gives back what results.json holds."""

from __future__ import annotations

import contextlib
import gc
import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from vbpr_conformance import interrupts
from vbpr_conformance.errors import TargetError, UsageError, VbprError
from vbpr_conformance.ig.folders import suites_folder
from vbpr_conformance.plugin import TROUBLES, UNREACHABLE, WRITERS
from vbpr_conformance.report.report_writer import ReportWriter
from vbpr_conformance.suite.record import RunRecord
from vbpr_conformance.suite.run_summary import RunSummary
from vbpr_conformance.suite.verdicts import CaseResult

_OF_PYTEST = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")
"""What somebody told their own pytest by the environment; a run and its workers take nothing of it."""


class RunnerError(VbprError):
    """The harness itself broke down."""


class Observer:
    """A pytest plugin that hears what went wrong on the way to the cases, and hands the outputs over."""

    def __init__(self, writers: Sequence[ReportWriter]) -> None:
        self._writers = [*writers, self]
        self.mistakes: list[str] = []
        self.breakdown = ""
        self.error: VbprError | None = None
        self.ended: tuple[RunRecord, RunSummary] | None = None
        self._config: pytest.Config | None = None

    def pytest_configure(self, config: pytest.Config) -> None:
        """Hand the outputs over."""
        config.stash[WRITERS] = list(self._writers)
        self._config = config

    @property
    def troubles(self) -> list[str]:
        """What could not be written."""
        return self._config.stash.get(TROUBLES, []) if self._config is not None else []

    def begin(self, record: RunRecord) -> None:
        """Nothing is needed of the beginning."""

    def add(self, record: RunRecord, result: CaseResult) -> None:
        """Nothing is needed on the way."""

    def end(self, record: RunRecord, summary: RunSummary) -> None:
        """Keep how it ended."""
        self.ended = (record, summary)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep what is wrong with a suite file: without pytest's screen nobody else would say it."""
        if report.failed:
            self.mistakes.append(report.longreprtext)

    def pytest_collection_finish(self) -> None:
        """Tell the garbage collector what stays."""
        gc.freeze()  # all there is by now stays to the end: the garbage collector need not look at it again
        gc.set_threshold(50_000, 20, 20)  # resources read come and go by the thousand, and hold no cycles

    def pytest_internalerror(self, excrepr: Any, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Keep what broke; an error that a user can cause or meet is said as it is."""
        self.breakdown = str(excrepr)
        self.error = excinfo.value if isinstance(excinfo.value, VbprError) else None


@dataclass(frozen=True)
class EndedRun:
    """A run that ended: its record, what it says, and what could not be written, a sentence each."""

    record: RunRecord
    summary: RunSummary
    troubles: Sequence[str]


def run_suites(url: str, out: Path, *, writers: Sequence[ReportWriter], options: Sequence[str]) -> EndedRun:
    """Run suites against `url`, write the reports into `out`, and give how it ended.

    `options` are those of the pytest plugin, `writers` outputs beside those in `out`. A mistake in a suite or an option
    is a `UsageError`, a target that cannot be tested a `TargetError`.
    """
    observer = Observer(writers)
    for name in _OF_PYTEST:
        os.environ.pop(name, None)
    with _quiet() as text, interrupts.handled():
        code = pytest.main([*_pytest_options(), f"--vbpr-server={url}", f"--vbpr-out={out}", *options], [observer])
    if observer.error is not None:
        raise observer.error
    if observer.breakdown:
        raise RunnerError(f"the harness broke down; please report this:\n{observer.breakdown}")
    if observer.mistakes:
        raise UsageError("\n".join(observer.mistakes))
    if code == pytest.ExitCode.USAGE_ERROR:
        raise UsageError(text().removeprefix("ERROR: ") or "pytest did not accept the options")
    if code == pytest.ExitCode.NO_TESTS_COLLECTED:
        raise UsageError("no case was selected; `vbpr-conformance requirements` lists the cases there are")
    if observer.ended is None and code == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    if observer.ended is None:
        raise RunnerError("the run ended before its first case")
    if code == UNREACHABLE:
        raise TargetError(observer.ended[1].trouble)
    return EndedRun(*observer.ended, observer.troubles)


def _pytest_options() -> list[str]:
    """Let pytest show nothing itself and take nothing from the folder it is started in."""
    return [
        "-pno:terminal",
        "-pno:cacheprovider",
        "-pno:faulthandler",
        "-pno:unraisableexception",  # its warnings are not shown here, and looking for them once more takes a while
        "--assert=plain",
        f"--rootdir={suites_folder()}",
        f"-c{os.devnull}",
        "--noconftest",
        "-pno:allure_pytest",
    ]


@contextlib.contextmanager
def _quiet() -> Iterator[Any]:
    """Keep what pytest says of its options for our own sentence."""
    text = io.StringIO()
    with contextlib.redirect_stderr(text):
        yield lambda: text.getvalue().strip()
