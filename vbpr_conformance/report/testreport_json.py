"""`TestReport.json`: a Bundle of FHIR TestReports, one for each suite, with the TestScripts that they cite.

https://hl7.org/fhir/R4/testreport.html, https://hl7.org/fhir/R4/testscript.html. The TestScripts are stubs: the cases
themselves are written in the suite language.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vbpr_conformance import __version__
from vbpr_conformance.fhir.json_codec import dumps
from vbpr_conformance.report.report_writer import AtTheEnd, write_whole
from vbpr_conformance.rest.printable import printable
from vbpr_conformance.suite.record import RunRecord
from vbpr_conformance.suite.run_summary import RunSummary
from vbpr_conformance.suite.verdicts import CaseResult, Verdict

FILE = "TestReport.json"
_CANONICAL = "urn:vbpr-conformance:suite:"
_RESULT = {
    Verdict.PASS: "pass",
    Verdict.FAIL: "fail",
    Verdict.WARN: "warning",
    Verdict.SKIP: "skip",
    Verdict.ERROR: "error",
}
_ID = uuid.UUID("6f2b5a3e-3b0c-4a56-9f1e-1d2c6a7b8c9d")


class TestReportJson(AtTheEnd):
    """Writes TestReport.json into a folder."""

    __test__ = False  # not for pytest, in spite of its name

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def end(self, record: RunRecord, summary: RunSummary) -> None:  # noqa: ARG002  as all writers are called
        """Write the file."""
        write_whole(self._path, dumps(bundle(record), indent=1) + "\n")


def bundle(record: RunRecord) -> dict[str, Any]:
    """Give the Bundle."""
    suites: dict[str, list[CaseResult]] = {}
    for result in record.results:
        suites.setdefault(result.suite, []).append(result)
    entries: list[dict[str, Any]] = []
    for name, results in suites.items():
        script = _url(record, f"script {name}")
        entries.append({"fullUrl": script, "resource": _script(name, results, record)})
        entries.append({"fullUrl": _url(record, name), "resource": _report(name, results, record, script)})
    made: dict[str, Any] = {"resourceType": "Bundle", "type": "collection", "timestamp": record.started}
    return {**made, "entry": entries} if entries else made


def _script(name: str, results: list[CaseResult], record: RunRecord) -> dict[str, Any]:
    plain = re.sub(r"[^A-Za-z0-9]", "", name.title()) or "Suite"
    return {
        "resourceType": "TestScript",
        "url": f"{_CANONICAL}{record.edition.version}:{plain}",
        "version": __version__,
        "name": plain if plain[0].isalpha() else f"Suite{plain}",
        "title": _text(name),
        "status": "active",
        "experimental": False,
        "description": f"A suite of vbpr-conformance: {len(results)} cases, written in its own suite language.",
    }


def _report(name: str, results: list[CaseResult], record: RunRecord, script: str) -> dict[str, Any]:
    counted = [each for each in results if each.verdict is not Verdict.SKIP]
    failed = any(each.verdict in {Verdict.FAIL, Verdict.ERROR} and not each.deviation for each in results)
    report: dict[str, Any] = {
        "resourceType": "TestReport",
        "identifier": {"system": "urn:vbpr-conformance:run", "value": record.run_id},
        "name": _text(name),
        "status": "stopped" if record.interrupted else "completed",
        "testScript": {"reference": script, "display": _text(name)},
        "result": "fail" if failed else "pass" if counted and not record.interrupted else "pending",
        "tester": f"vbpr-conformance {__version__}",
        "issued": record.started,
        "participant": [
            {"type": "test-engine", "uri": f"urn:vbpr-conformance:{__version__}", "display": "vbpr-conformance"},
            {"type": record.actor, "uri": record.url, **_display(record)},
        ],
        "test": [_test(each) for each in results],
    }
    if counted:
        good = sum(1 for each in counted if each.verdict in {Verdict.PASS, Verdict.WARN})
        report["score"] = round(100 * good / len(counted), 1)
    return report


def _display(record: RunRecord) -> dict[str, str]:
    software = _text(f"{record.tally.software} {record.tally.version}")
    return {"display": software} if software else {}


def _test(result: CaseResult) -> dict[str, Any]:
    made: dict[str, Any] = {"name": result.id, "description": _text(result.title)}
    return {**made, "action": list(_actions(result))}


def _actions(result: CaseResult) -> Iterator[dict[str, Any]]:
    for exchange in result.exchanges:
        if exchange["phase"].startswith("step"):
            text = f"{exchange['method']} {exchange['url']} → {exchange['status'] or exchange['error']}"
            yield {"operation": {"result": "pass" if exchange["status"] else "error", "message": _text(text)}}
    judged: dict[str, Any] = {"result": "skip" if result.deviation else _RESULT[result.verdict]}
    text = f"known: {result.deviation}; {result.message}" if result.deviation else result.message
    if _text(text):
        judged["message"] = _text(text)
    if result.link:
        judged["detail"] = result.link
    yield {"assert": judged}


def _url(record: RunRecord, name: str) -> str:
    return f"urn:uuid:{uuid.uuid5(_ID, f'{record.run_id} {name}')}"


def _text(text: str) -> str:
    """Make a text a string of FHIR: no control characters, no white space around it."""
    return printable(text).strip()
