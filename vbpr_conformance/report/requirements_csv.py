"""`requirements.csv`: every requirement of the run with its verdict, for spreadsheets."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from vbpr_conformance.report.report_writer import AtTheEnd, write_whole
from vbpr_conformance.suite.record import RunRecord
from vbpr_conformance.suite.run_summary import RequirementVerdict, RunSummary

FILE = "requirements.csv"
COLUMNS = (
    "id",
    "actor",
    "expectation",
    "verdict",
    "applicable",
    "selected",
    "reason",
    "about",
    "source",
    "text",
    "cases",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class RequirementsCsv(AtTheEnd):
    """Writes requirements.csv into a folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def end(self, record: RunRecord, summary: RunSummary) -> None:  # noqa: ARG002  as all writers are called
        """Write the file."""
        out = io.StringIO()
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(COLUMNS)
        rows.writerows([_text(each) for each in _row(judged)] for judged in summary.requirements)
        write_whole(self._path, out.getvalue())


def _row(judged: RequirementVerdict) -> list[str]:
    requirement = judged.requirement
    about = " ".join(f"{key}={value}" for key, value in requirement.about.items())
    reasons = [*judged.broken_by, *judged.hidden_by] or [judged.reason.partition("\n")[0]]
    return [
        requirement.id,
        requirement.actor,
        requirement.expectation,
        str(judged.verdict),
        "yes" if judged.applicable else "no",
        "yes" if judged.in_selection else "no",
        "; ".join(reasons),
        about,
        requirement.source,
        requirement.text,
        " ".join(judged.cases),
    ]


def _text(value: str) -> str:
    """Keep a spreadsheet from taking what a target said for a formula."""
    return f"'{value}" if value.startswith(_FORMULA) else value
