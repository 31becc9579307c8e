"""A run without pytest's own screen: pytest runs the cases, this shows them and gives back what results.json holds."""

from __future__ import annotations

import contextlib
import gc
import io
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

import pytest

from vbpr_conformance.errors import TargetError, UsageError, VbprError
from vbpr_conformance.ig.folders import suites_folder
from vbpr_conformance.plugin import RESULT, UNREACHABLE
from vbpr_conformance.report import results_json
from vbpr_conformance.report.progress import Progress
from vbpr_conformance.suite.verdicts import CaseResult


class RunnerError(VbprError):
    """The harness itself broke down."""


class Observer:
    """A pytest plugin that hears of every case: what was collected, what came out, what went wrong on the way."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.mistakes: list[str] = []
        self.breakdown = ""

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep what is wrong with a suite file: without pytest's screen nobody else would say it."""
        if report.failed:
            self.mistakes.append(report.longreprtext)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Learn what will come."""
        gc.freeze()  # all there is by now stays to the end: the garbage collector need not look at it again
        gc.set_threshold(50_000, 20, 20)  # resources read come and go by the thousand, and hold no cycles
        self._progress.expect(_file(item.nodeid) for item in session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Learn it from the workers of a parallel run, which all collect the same."""
        self._progress.expect(_file(each) for each in ids)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Show a result."""
        data = getattr(report, RESULT, None)
        if data is not None:
            self._progress.add(CaseResult.from_dict(data), _file(report.nodeid))

    def pytest_internalerror(self, excrepr: Any) -> None:
        """Keep what broke."""
        self.breakdown = str(excrepr)


def run_suites(url: str, out: Path, *, shown: TextIO, options: Sequence[str]) -> dict[str, Any]:
    """Run suites against `url`, write the reports into `out`, and give the content of results.json.

    `options` are those of the pytest plugin. A mistake in a suite or an option is a `UsageError`.
    """
    progress = Progress(shown)
    observer = Observer(progress)
    with _quiet() as said:
        code = pytest.main([*_pytest_options(out), f"--vbpr-server={url}", f"--vbpr-out={out}", *options], [observer])
    progress.end()
    if observer.breakdown:
        raise RunnerError(f"the harness broke down; please report this:\n{observer.breakdown}")
    if observer.mistakes:
        raise UsageError("\n".join(observer.mistakes))
    if code == pytest.ExitCode.USAGE_ERROR:
        raise UsageError(said().removeprefix("ERROR: ") or "pytest did not accept the options")
    if code == pytest.ExitCode.NO_TESTS_COLLECTED:
        raise UsageError("no case was selected; `vbpr-conformance requirements` lists the cases there are")
    found: dict[str, Any] = json.loads((out / results_json.FILE).read_text(encoding="utf-8"))
    if code == UNREACHABLE:
        raise TargetError(found["run"]["trouble"])
    return found


def _pytest_options(out: Path) -> list[str]:
    """Let pytest show nothing itself and take nothing from the folder it is started in."""
    _clean(out / "allure-results")
    return [
        "-pno:terminal",
        "-pno:cacheprovider",
        "-pno:faulthandler",
        "-pno:unraisableexception",  # its warnings are not shown here, and looking for them once more takes a while
        "--assert=plain",
        f"--rootdir={suites_folder()}",
        f"-c{os.devnull}",
        "--noconftest",
        f"--alluredir={out / 'allure-results'}",
        f"--junitxml={out / 'junit.xml'}",
    ]


def _clean(folder: Path) -> None:
    """Empty a folder of earlier results: allure-pytest's own option loses results in parallel runs."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.iterdir():
        if file.is_file():
            file.unlink()


def _file(nodeid: str) -> str:
    return nodeid.partition("::")[0]


@contextlib.contextmanager
def _quiet() -> Iterator[Any]:
    """Keep what pytest says of its options for our own sentence."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        yield lambda: said.getvalue().strip()
