"""`reproduce/`: a shell script for each failure that has one, which shows it again and leaves nothing behind."""

from __future__ import annotations

import re
from pathlib import Path

from vbpr_conformance.report.report_writer import AtTheEnd, write_whole
from vbpr_conformance.suite.record import RunRecord
from vbpr_conformance.suite.run_summary import RunSummary
from vbpr_conformance.suite.verdicts import CaseResult

FOLDER = "reproduce"


class ReproduceScripts(AtTheEnd):
    """Writes the scripts into a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER

    def end(self, record: RunRecord, summary: RunSummary) -> None:  # noqa: ARG002  as all writers are called
        """Write the scripts."""
        for result in record.results:
            if result.script:
                path = self._folder / script_name(result)
                write_whole(path, result.script)
                path.chmod(0o755)


def script_name(result: CaseResult) -> str:
    """Give the name of the script of a case: its id, without what a file name cannot hold."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", result.id) + ".sh"
