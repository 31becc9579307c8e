"""`record.ndjson`: the whole record of a run, a line for each case, written as it comes.

A run that is killed loses at most the case it was at. Everything else that a run writes can be made of this file again:
by `run --resume`, by `run --failed`, by `merge` and by `report`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vbpr_conformance import __version__
from vbpr_conformance.errors import UsageError
from vbpr_conformance.ig.loader import load_edition
from vbpr_conformance.report.report_writer import write_whole
from vbpr_conformance.suite.deviations import Deviation
from vbpr_conformance.suite.record import RunRecord, Tally
from vbpr_conformance.suite.rows import NotExpanded
from vbpr_conformance.suite.run_summary import RunSummary, SelectedCase
from vbpr_conformance.suite.verdicts import CaseResult

FORMAT = "vbpr-conformance-record/1"
FILE = "record.ndjson"
_HEAD = (
    "run_id",
    "url",
    "embedded",
    "seed",
    "examples",
    "started",
    "actor",
    "strict",
    "read_only",
    "shard",
    "whole",
    "whole_before_shard",
)


class RecordFile:
    """Writes the record of a run into a folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def begin(self, record: RunRecord) -> None:
        """Write what was known before the first case; a resumed run brings its earlier results."""
        write_whole(self._path, "".join([_head(record), *map(_result, record.results)]))

    def add(self, record: RunRecord, result: CaseResult) -> None:  # noqa: ARG002  as all writers are called
        """Write a result at once."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(_result(result))

    def end(self, record: RunRecord, summary: RunSummary) -> None:  # noqa: ARG002  as all writers are called
        """Write the whole file once more, with how the run ended."""
        write_whole(self._path, "".join([_head(record), *map(_result, record.results), _end(record)]))


def read_record(folder: Path) -> RunRecord:
    """Read the record of a run; a run that was killed has no end, and counts as interrupted.

    A folder that holds no record, or none of this format, is a `UsageError`.
    """
    path = folder if folder.is_file() else folder / FILE
    try:
        return _read(path)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise UsageError(f"{path}: a damaged record of a run ({error}), expected it as `run` wrote it") from None


def _read(path: Path) -> RunRecord:
    lines = _lines(path)
    head = next(lines, {})
    if head.get("format") != FORMAT:
        raise UsageError(f"{path}: no record of a run, expected a first line with the format {FORMAT}")
    record = RunRecord(
        edition=load_edition(head["edition"]),
        suites=tuple(head["suites"]),
        selected=tuple(_selected(each) for each in head["selected"]),
        deviations=tuple(Deviation.from_dict(each) for each in head["deviations"]),
        not_expanded=[NotExpanded(**each) for each in head["not_expanded"]],
        interrupted=True,
        **{name: head[name] for name in _HEAD},
    )
    results: dict[object, CaseResult] = {}
    for line in lines:
        if "end" in line:
            _apply_end(record, line["end"])
        else:
            result = CaseResult.from_dict(line)
            results[result.key] = result
    record.results = list(results.values())
    if not record.duration_s:
        record.duration_s = sum(each.duration_s for each in record.results)
        record.tally.requests = record.tally.requests or sum(each.requests for each in record.results)
    return record


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not text"
        raise UsageError(f"{path}: no record of a run ({reason}), expected a folder of `run`") from None
    for line in text.splitlines():
        try:
            made = json.loads(line)
        except ValueError:  # the last line of a run that was killed while it wrote
            return
        if isinstance(made, dict):
            yield made


def _head(record: RunRecord) -> str:
    head = {
        "format": FORMAT,
        "harness": __version__,
        "edition": record.edition.version,
        "suites": list(record.suites),
        **{name: getattr(record, name) for name in _HEAD},
        "selected": [asdict(each) for each in record.selected],
        "deviations": [each.as_dict() for each in record.deviations],
        "not_expanded": [asdict(each) for each in record.not_expanded],
    }
    return json.dumps(head, ensure_ascii=False) + "\n"


def _result(result: CaseResult) -> str:
    return json.dumps(result.as_dict(), ensure_ascii=False) + "\n"


def _end(record: RunRecord) -> str:
    end = {
        "duration_s": round(record.duration_s, 3),
        "trouble": record.trouble,
        "interrupted": record.interrupted,
        "tally": record.tally.as_dict(),
    }
    return json.dumps({"end": end}, ensure_ascii=False) + "\n"


def _apply_end(record: RunRecord, end: dict[str, Any]) -> None:
    record.duration_s = end["duration_s"]
    record.trouble = end["trouble"]
    record.interrupted = end["interrupted"]
    record.tally = Tally(**end["tally"])


def _selected(data: dict[str, Any]) -> SelectedCase:
    return SelectedCase(**{**data, "requirements": tuple(data["requirements"])})
