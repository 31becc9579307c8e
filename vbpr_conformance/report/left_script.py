"""`left.sh`: the commands that delete what a run could not delete from its target."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from vbpr_conformance.report.report_writer import AtTheEnd, write_whole
from vbpr_conformance.suite.record import RunRecord
from vbpr_conformance.suite.run_summary import RunSummary

FILE = "left.sh"


class LeftScript(AtTheEnd):
    """Writes left.sh into a folder, where something is left."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def end(self, record: RunRecord, summary: RunSummary) -> None:  # noqa: ARG002  the run is enough
        """Write the file, or remove that of a run which is resumed."""
        if record.tally.removal:
            write_whole(self._path, left_script(record.url, record.tally.removal))
        else:
            self._path.unlink(missing_ok=True)


def left_script(url: str, commands: Sequence[str]) -> str:
    """Give the commands as a script for a POSIX shell; it needs curl."""
    variables = sorted({name for each in commands for name in re.findall(r"\$(VBPR_\w+)", each)})
    needed = f"# Credentials come from the environment: {', '.join(variables)}.\n" if variables else ""
    return f"#!/bin/sh\n# Deletes what is left on {url}.\n{needed}" + "".join(f"{each}\n" for each in commands)
