"""`--events FILE`: what happens in a run, a line of JSON for each event as it happens."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from vbpr_conformance import __version__
from vbpr_conformance.suite.record import RunRecord
from vbpr_conformance.suite.run_summary import RunSummary
from vbpr_conformance.suite.verdicts import CaseResult


class EventsNdjson:
    """Writes events into a file: one `begin`, a `case` for each result, one `end`."""

    def __init__(self, file: Path) -> None:
        self.file = file
        """Where it is written."""
        self._stream: IO[str] | None = None

    def begin(self, record: RunRecord) -> None:
        """Open the file and say what will be run."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self._stream = self.file.open("w", encoding="utf-8")
        self._write(
            "begin",
            run=record.run_id,
            harness=__version__,
            edition=record.edition.version,
            actor=record.actor,
            target=record.url,
            seed=record.seed,
            examples=record.examples,
            cases=len(record.selected),
        )

    def add(self, record: RunRecord, result: CaseResult) -> None:
        """Say what came out of a case."""
        self._write(
            "case",
            suite=result.suite,
            id=result.id,
            verdict=result.verdict.value,
            expectation=result.expectation,
            message=result.message,
            requirements=list(result.requirements),
            known=result.deviation,
            requests=result.requests,
            duration_s=result.duration_s,
            done=len(record.results),
        )

    def end(self, record: RunRecord, summary: RunSummary) -> None:
        """Say what the run came to."""
        self._write(
            "end",
            verdict=summary.verdict.value,
            counts=dict(summary.counts),
            causes=[each.sentence for each in summary.causes],
            interrupted=record.interrupted,
            requests=record.tally.requests,
            duration_s=round(record.duration_s, 3),
        )
        if self._stream is not None:
            self._stream.close()

    def _write(self, event: str, **said: Any) -> None:
        if self._stream is not None:
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            self._stream.write(json.dumps({"event": event, "time": now, **said}, ensure_ascii=False) + "\n")
            self._stream.flush()
