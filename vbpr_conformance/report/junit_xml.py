"""`junit.xml`, as GitHub, GitLab and Jenkins show it: https://github.com/testmoapp/junitxml.

A missed SHOULD and a known deviation are skipped tests with their reason: visible everywhere, and no failure. Trouble
of the network or the harness is an error, not a failure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree as ET

from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.report.failure_text import cause_by_case, explained, transcript
from vbpr_conformance.report.report_writer import RewrittenFile, write_whole
from vbpr_conformance.report.run_properties import run_properties
from vbpr_conformance.rest.printable import printable
from vbpr_conformance.suite.causes import Cause
from vbpr_conformance.suite.record import RunRecord
from vbpr_conformance.suite.run_summary import RunSummary
from vbpr_conformance.suite.verdicts import CaseResult, Verdict

FILE = "junit.xml"
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class JunitXml(RewrittenFile):
    """Writes junit.xml into a folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._path = folder / FILE

    def write(self, record: RunRecord, summary: RunSummary) -> None:
        """Write the file."""
        write_whole(self._path, document(record, summary))


def document(record: RunRecord, summary: RunSummary) -> bytes:
    """Give the document: a testsuite for each suite, a testcase for each case."""
    causes = cause_by_case(summary.causes)
    suites: dict[str, list[CaseResult]] = {}
    for result in record.results:
        suites.setdefault(result.suite, []).append(result)
    root = ET.Element("testsuites", {"name": "vbpr-conformance", **_counts(record.results)})
    for name, results in suites.items():
        suite = ET.SubElement(root, "testsuite", {"name": name, "timestamp": record.started[:19], **_counts(results)})
        properties = ET.SubElement(suite, "properties")
        stated = {**run_properties(record), "run": record.run_id, "verdict": summary.verdict.value}
        for key, value in stated.items():
            ET.SubElement(properties, "property", {"name": key, "value": _clean(value)})
        for result in results:
            _testcase(suite, result, causes.get(result.key), record.edition)
    ET.indent(root)
    made: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return made + b"\n"


def _counts(results: Iterable[CaseResult]) -> dict[str, str]:
    found = list(results)
    kinds = [_kind(each) for each in found]
    return {
        "tests": str(len(found)),
        "failures": str(kinds.count("failure")),
        "errors": str(kinds.count("error")),
        "skipped": str(kinds.count("skipped")),
        "time": f"{sum(each.duration_s for each in found):.3f}",
    }


def _kind(result: CaseResult) -> str:
    if result.verdict is Verdict.PASS:
        return ""
    if result.verdict is Verdict.ERROR:
        return "error"
    return "failure" if result.verdict is Verdict.FAIL and not result.deviation else "skipped"


def _testcase(suite: ET.Element, result: CaseResult, cause: Cause | None, edition: Edition) -> None:
    file, _, line = result.source.rpartition(":")
    file = file.removeprefix(f"{Path.cwd()}/")  # GitHub and GitLab link a suite of the repository itself
    attributes = {"name": result.id, "classname": result.suite, "time": f"{result.duration_s:.3f}"}
    case = ET.SubElement(suite, "testcase", {**attributes, "file": file, "line": line})
    properties = ET.SubElement(case, "properties")
    for key, value in (("title", result.title), *(("requirement", each) for each in result.requirements)):
        ET.SubElement(properties, "property", {"name": key, "value": _clean(value)})
    kind = _kind(result)
    if kind:
        message, text = _clean(_message(result)), _clean(explained(result, cause, edition))
        ET.SubElement(case, kind, {"message": message, "type": result.strength}).text = text
    shown = [each for each in result.exchanges if each["failed"]] if result.exchanges else []
    if shown and (cause is None or cause.cases[0] == result.key):
        ET.SubElement(case, "system-out").text = _clean("\n".join(transcript(each) for each in shown))


def _message(result: CaseResult) -> str:
    if result.deviation:
        return f"known ({result.deviation}): {result.message}"
    return f"SHOULD missed: {result.message}" if result.verdict is Verdict.WARN else result.message


def _clean(text: str) -> str:
    """Show control characters by their numbers, and leave out what XML cannot hold: a target may have sent it."""
    return _NO_XML.sub("\ufffd", printable(text))
