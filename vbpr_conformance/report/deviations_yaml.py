"""`--record-deviations FILE`: what a run broke, as known deviations of a target file; a person writes the reasons."""

from __future__ import annotations

import json
import re
from pathlib import Path

from vbpr_conformance.report.report_writer import AtTheEnd, write_whole
from vbpr_conformance.suite.record import RunRecord
from vbpr_conformance.suite.run_summary import RunSummary
from vbpr_conformance.suite.verdicts import Verdict


class DeviationsYaml(AtTheEnd):
    """Writes the deviations into a file, those that are known already left out."""

    def __init__(self, file: Path) -> None:
        self._path = file

    def end(self, record: RunRecord, summary: RunSummary) -> None:  # noqa: ARG002  a writer is given both
        """Write the file."""
        write_whole(self._path, deviations_yaml(record))


def _pattern(message: str, run_id: str) -> str:
    """Give the message as a regular expression where it names what is another in each run, else as it is."""
    parts = re.split(rf"{re.escape(run_id)}|[0-9a-f-]{{12,}}|\d+", message)
    if len(parts) == 1:
        return message
    return r"[\w-]+".join(re.escape(part) for part in parts).replace(r"\ ", " ")


def deviations_yaml(record: RunRecord) -> str:
    """Give the part `deviations` of a target file: a case that failed, and what it says. JSON's texts are YAML's."""
    lines = [
        f"# What {record.url} was seen to do otherwise in run {record.run_id}.",
        "# Give each a reason, a link and a last day, and copy it into the target file: one without is refused.",
        "deviations:",
    ]
    found = [each for each in record.results if each.verdict in {Verdict.FAIL, Verdict.WARN} and not each.deviation]
    for each in found:
        lines.append(f"  - case: {json.dumps(each.id)}")
        lines.append(f"    says: {json.dumps(_pattern(each.message, record.run_id), ensure_ascii=False)}")
        lines += ['    reason: ""', '    link: ""', '    # expires: "2027-06-30"']
    return "\n".join([*lines, ""]) if found else "\n".join([*lines[:-1], "deviations: []", ""])
