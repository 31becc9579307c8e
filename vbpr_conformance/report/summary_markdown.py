"""`--summary FILE.md`: a run in Markdown, for a pull request or the summary of a CI job."""

from __future__ import annotations

import re
from pathlib import Path

from vbpr_conformance.report.repeat_command import of_case
from vbpr_conformance.report.report_writer import AtTheEnd, write_whole
from vbpr_conformance.report.run_in_words import in_words
from vbpr_conformance.report.terminal_summary import WORDS, label, left, sentence
from vbpr_conformance.report.untested_reasons import by_reason
from vbpr_conformance.rest.printable import printable
from vbpr_conformance.suite.causes import Cause
from vbpr_conformance.suite.record import RunRecord
from vbpr_conformance.suite.run_summary import RequirementVerdict, RunSummary
from vbpr_conformance.suite.verdicts import Verdict

_MOST = 50
_MARK = {"conformant": "✅", "non-conformant": "❌", "incomplete": "⚠️", "error": "⛔"}
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#])")


class SummaryMarkdown(AtTheEnd):
    """Writes the summary into a file."""

    def __init__(self, file: Path) -> None:
        self._path = file

    def end(self, record: RunRecord, summary: RunSummary) -> None:
        """Write the file."""
        write_whole(self._path, markdown(record, summary))


def markdown(record: RunRecord, summary: RunSummary) -> str:
    """Give the summary: the verdict, the causes, what was not tested, how to see the first failure again."""
    lines = [f"## {_MARK[summary.verdict]} {WORDS[summary.verdict]}", "", plain(in_words(record, summary)), ""]
    software = " ".join(part for part in (record.tally.software, record.tally.version) if part)
    named = f" ({plain(software)})" if software else ""
    edition = record.edition.version
    lines += [plain(sentence(record, summary)), ""]
    lines += [f"Target `{record.url}`{named} · VBPR {edition} · seed {record.seed}", ""]
    lines += _causes(record, summary.causes)
    lines += _open(summary.untested)
    lines += [f"Left on the target: {left(record)}", ""]
    return "\n".join(lines)


def _causes(record: RunRecord, causes: tuple[Cause, ...]) -> list[str]:
    if not causes:
        return []
    cases = {each.key: each for each in record.results}
    lines = ["| | what | breaks | cases |", "| --- | --- | --- | ---: |"]
    for cause in causes[:_MOST]:
        breaks = ", ".join(f"`{name}`" for name in cause.breaks) or "nothing by itself"
        lines.append(f"| {label(cause)} | {plain(cause.sentence)} | {breaks} | {len(cause.cases)} |")
    lines += [f"| | … and {len(causes) - _MOST} more | | |"] if len(causes) > _MOST else []
    failed = [cases[cause.cases[0]] for cause in causes if cause.verdict is Verdict.FAIL and cause.cases[0] in cases]
    lines.append("")
    if failed:
        lines += ["<details><summary>See them again</summary>", "", "```sh"]
        lines += [of_case(each, record) for each in failed[:_MOST]]
        lines += ["```", "", "</details>", ""]
    return lines


def _open(untested: tuple[RequirementVerdict, ...]) -> list[str]:
    found = [each for each in untested if each.requirement.expectation == "SHALL"]
    if not found:
        return []
    lines = [f"<details><summary>{len(found)} SHALL not tested</summary>", ""]
    for reason, names in list(by_reason(found).items())[:_MOST]:
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        lines.append(f"- `{names[0]}`{more}: {plain(reason)}")
    return [*lines, "", "</details>", ""]


def plain(text: str) -> str:
    """Keep what a target said from being read as Markdown or HTML."""
    return _SPECIAL.sub(r"\\\1", printable(text.replace("\n", " ")))
