"""What all reports share: they hear of a run as it goes, are written whole or not at all, and decide nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from vbpr_conformance.suite.record import RunRecord
from vbpr_conformance.suite.run_summary import RunSummary
from vbpr_conformance.suite.verdicts import CaseResult


class ReportWriter(Protocol):
    """Writes one kind of output. What cannot be written is an `OSError`, told to the user in one sentence."""

    def begin(self, record: RunRecord) -> None:
        """Hear what will be run against what; no case has been judged yet."""

    def add(self, record: RunRecord, result: CaseResult) -> None:
        """Hear of a result as soon as there is one; it is the last of `record.results`."""

    def end(self, record: RunRecord, summary: RunSummary) -> None:
        """Hear that nothing more will come; the results are in the order of the suites now."""


class AtTheEnd:
    """Base of writers that write once, when all is known."""

    def begin(self, record: RunRecord) -> None:
        """Nothing is written yet."""

    def add(self, record: RunRecord, result: CaseResult) -> None:
        """Nothing is written yet."""


class RewrittenFile:
    """Base of writers whose file holds, at any time, what was judged so far: a killed run has left it.

    The file is written again after a case, but for no more than a twentieth of the time of the run.
    """

    _SHARE = 20

    def __init__(self) -> None:
        self._next = 0.0

    def write(self, record: RunRecord, summary: RunSummary) -> None:
        """Write the file."""
        raise NotImplementedError

    def begin(self, record: RunRecord) -> None:
        """Write what is known before the first case."""
        self._snapshot(record)

    def add(self, record: RunRecord, result: CaseResult) -> None:  # noqa: ARG002  it is among the results
        """Write what is known by now."""
        if time.monotonic() >= self._next:
            self._snapshot(record)

    def end(self, record: RunRecord, summary: RunSummary) -> None:
        """Write everything."""
        self.write(record, summary)

    def _snapshot(self, record: RunRecord) -> None:
        started = time.monotonic()
        self.write(record, record.summary())
        ended = time.monotonic()
        self._next = ended + self._SHARE * (ended - started)


class RunWriters:
    """All outputs of a run. One that cannot be written ends none of the others; `troubles` says what it was."""

    def __init__(self, writers: Iterable[ReportWriter] = ()) -> None:
        self._writers = list(writers)
        self.troubles: list[str] = []

    def begin(self, record: RunRecord) -> None:
        """Tell all that the run begins."""
        self._tell("begin", record)

    def add(self, record: RunRecord, result: CaseResult) -> None:
        """Tell all of a result."""
        self._tell("add", record, result)

    def end(self, record: RunRecord, summary: RunSummary) -> None:
        """Tell all that the run is over."""
        self._tell("end", record, summary)

    def _tell(self, event: str, *said: object) -> None:
        for writer in list(self._writers):
            try:
                getattr(writer, event)(*said)
            except OSError as error:
                self._writers.remove(writer)
                file = error.filename or getattr(writer, "file", None) or type(writer).__name__
                trouble = f"{file} cannot be written: {error.strerror}"
                self.troubles += [trouble] if trouble not in self.troubles else []


def write_whole(path: Path, content: str | bytes | Iterator[str]) -> None:
    """Write a file beside its place and put it there when it is complete: nobody ever reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    pieces = [content] if isinstance(content, (str, bytes)) else content
    try:
        with unfinished.open("wb") as file:
            file.writelines(each.encode("utf-8", "replace") if isinstance(each, str) else each for each in pieces)
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from None
