"""`allure-results/`: what Allure makes its report of, https://allurereport.org/docs/how-it-works-test-result-file/.

Ids follow from suite and case, so that history and trends work across runs. A missed SHOULD has the status `unknown`,
trouble of harness or network `broken`, a known deviation `skipped`.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from vbpr_conformance.report.allure_labels import labels_of_result
from vbpr_conformance.report.failure_text import cause_by_case, explained, pretty, step_name, transcript
from vbpr_conformance.report.repeat_command import of_case
from vbpr_conformance.report.report_writer import write_whole
from vbpr_conformance.report.run_properties import run_properties
from vbpr_conformance.rest.printable import printable
from vbpr_conformance.suite.causes import Cause
from vbpr_conformance.suite.record import RunRecord
from vbpr_conformance.suite.run_summary import RunSummary
from vbpr_conformance.suite.verdicts import CaseKey, CaseResult, Verdict

FOLDER = "allure-results"
_STATUS = {
    Verdict.PASS: "passed",
    Verdict.FAIL: "failed",
    Verdict.WARN: "unknown",
    Verdict.SKIP: "skipped",
    Verdict.ERROR: "broken",
}
CATEGORIES: tuple[dict[str, Any], ...] = (
    {"name": "Known deviation", "matchedStatuses": ["skipped"], "messageRegex": "known: [\\s\\S]*"},
    {"name": "Claim not kept", "matchedStatuses": ["failed"], "messageRegex": "[\\s\\S]*\\(the server claims it\\)"},
    {"name": "Server defect", "matchedStatuses": ["failed"]},
    {"name": "Advice (a SHOULD was missed)", "matchedStatuses": ["unknown"]},
    {"name": "Not testable here", "matchedStatuses": ["skipped"]},
    {"name": "Trouble of harness or network", "matchedStatuses": ["broken"]},
)


class AllureResults:
    """Writes a result file for each case as it comes, and at the end the causes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER
        self._files: dict[CaseKey, str] = {}
        self._starts: dict[CaseKey, int] = {}
        self._attached: set[str] = set()

    def begin(self, record: RunRecord) -> None:
        """Empty the folder of the results of an earlier run; a resumed run brings what it has judged."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for file in self._folder.iterdir():
            if file.is_file():
                file.unlink()
        self._environment(record)
        self._write("categories.json", json.dumps(CATEGORIES, indent=1))
        for result in record.results:
            self._case(record, result, None)

    def add(self, record: RunRecord, result: CaseResult) -> None:
        """Write a case."""
        self._case(record, result, None)

    def end(self, record: RunRecord, summary: RunSummary) -> None:
        """Write again the cases that share a cause, now that it is known."""
        causes = cause_by_case(summary.causes)
        for result in record.results:
            if result.key in causes or result.key not in self._files:
                self._case(record, result, causes.get(result.key))
        self._environment(record)

    def _case(self, record: RunRecord, result: CaseResult, cause: Cause | None) -> None:
        name = self._files.setdefault(result.key, str(uuid.uuid5(uuid.NAMESPACE_URL, f"{record.run_id} {result.key}")))
        self._write(f"{name}-result.json", json.dumps(self._content(record, result, cause, name), ensure_ascii=False))

    def _content(self, record: RunRecord, result: CaseResult, cause: Cause | None, name: str) -> dict[str, Any]:
        started = self._started_ms(record, result)
        stable = hashlib.md5(f"{record.actor} {result.suite} {result.id}".encode(), usedforsecurity=False).hexdigest()
        of_edition = f"{stable} {record.edition.version}".encode()
        return {
            "uuid": name,
            "historyId": hashlib.md5(of_edition, usedforsecurity=False).hexdigest(),
            "testCaseId": stable,
            "fullName": f"{result.suite}: {result.id}",
            "name": result.title,
            "description": _description(result),
            "status": "skipped" if result.deviation else _STATUS[result.verdict],
            "statusDetails": _details(record, result, cause),
            "stage": "finished",
            "start": started,
            "stop": started + int(result.duration_s * 1000),
            "steps": list(self._steps(result, name, started)),
            "attachments": list(self._attachments(record, result, name)),
            "parameters": [{"name": key, "value": value} for key, value in result.parameters if key != "name"]
            + [{"name": "seed", "value": str(record.seed), "excluded": True}],
            "labels": [
                {"name": kind, "value": value} for kind, value in labels_of_result(result, record.edition.version)
            ]
            + ([{"name": "cause", "value": cause.sentence}] if cause else []),
            "links": list(_links(result, record)),
        }

    def _started_ms(self, record: RunRecord, result: CaseResult) -> int:
        """When the case began, in milliseconds since 1970; where it does not say: seen from when its result came."""
        if result.key not in self._starts:
            begun = datetime.fromisoformat(result.started or record.started).timestamp()
            since = 0.0 if result.started else max(0.0, record.duration_s - result.duration_s)
            self._starts[result.key] = int((begun + since) * 1000)
        return self._starts[result.key]

    def _steps(self, result: CaseResult, name: str, started: int) -> Iterator[dict[str, Any]]:
        for number, exchange in enumerate(result.exchanges):
            took = int(exchange["elapsed_s"] * 1000)
            failed = exchange["failed"] and result.verdict in {Verdict.FAIL, Verdict.WARN, Verdict.ERROR}
            yield {
                "name": printable(step_name(exchange)),
                "status": _STATUS[result.verdict] if failed else "passed",
                "stage": "finished",
                "start": started,
                "stop": started + took,
                "steps": [],
                "parameters": [],
                "attachments": list(self._exchange(exchange, f"{name}-{number}")),
            }
            started += took

    def _exchange(self, exchange: Mapping[str, Any], name: str) -> Iterator[dict[str, str]]:
        if not exchange["failed"]:
            return  # it is among all that was exchanged for the case
        for kind, body in (("request", exchange["request_body"]), ("response", exchange["body"])):
            if body:
                is_json = body[:1] in "{["
                file = f"{name}-{kind}-attachment.{'json' if is_json else 'txt'}"
                form = "application/json" if is_json else "text/plain"
                yield self._attach(kind, file, partial(pretty, body), form)
        yield self._attach("exchange", f"{name}-attachment.txt", partial(transcript, exchange))
        if exchange["curl"]:
            yield self._attach("curl", f"{name}-curl-attachment.txt", lambda: exchange["curl"] + "\n")

    def _attachments(self, record: RunRecord, result: CaseResult, name: str) -> Iterator[dict[str, str]]:
        differs = [text for label, text in result.details if label == "differs"]
        if differs:
            yield self._attach("difference", f"{name}-difference-attachment.csv", partial(_table, differs), "text/csv")
        if result.exchanges:
            yield self._attach(
                "all that was exchanged",
                f"{name}-exchanges-attachment.txt",
                lambda: "\n".join(map(transcript, result.exchanges)),
            )
        if result.payload:
            yield self._attach(
                "generated payload", f"{name}-payload-attachment.json", lambda: result.payload, "application/json"
            )
        if result.verdict is not Verdict.PASS:
            yield self._attach(
                "run this case again", f"{name}-again-attachment.txt", lambda: of_case(result, record) + "\n"
            )

    def _attach(self, title: str, file: str, make: Callable[[], str], kind: str = "text/plain") -> dict[str, str]:
        if file not in self._attached:  # made and written once, and read by nobody before its case is there
            text = make()
            (self._folder / file).write_text(
                text if kind == "application/json" else printable(text), encoding="utf-8", errors="replace"
            )
            self._attached.add(file)
        return {"name": title, "source": file, "type": kind}

    def _environment(self, record: RunRecord) -> None:
        lines = [f"{key}={value}".replace("\n", " ") for key, value in run_properties(record).items() if value]
        self._write("environment.properties", "\n".join(lines) + "\n")

    def _write(self, file: str, text: str) -> None:
        write_whole(self._folder / file, text)


def _details(record: RunRecord, result: CaseResult, cause: Cause | None) -> dict[str, Any]:
    message = result.message
    if result.deviation:
        message = f"known: {result.deviation}\n{message}"
    elif result.verdict is Verdict.FAIL and cause is not None and cause.strength == "MAY":
        message = f"{message} (the server claims it)"
    made: dict[str, Any] = {"known": bool(result.deviation), "muted": False, "flaky": result.flaky}
    if result.verdict is Verdict.PASS:
        return {**made, "message": "\n".join(result.notes)} if result.notes else made
    return {**made, "message": printable(message), "trace": printable(explained(result, cause, record.edition))}


def _description(result: CaseResult) -> str:
    parts = [result.description]
    parts += [f"**The rule:** <{result.link}>"] if result.link else []
    parts += [f"**Not checked:** {result.does_not_check}"] if result.does_not_check else []
    parts += [
        f"**Expectation:** {result.expectation}"
        + (f" of {', '.join(result.requirements)}" if result.requirements else "")
    ]
    return "\n\n".join(part for part in parts if part)


def _links(result: CaseResult, record: RunRecord) -> Iterator[dict[str, str]]:
    if result.link:
        yield {"name": "specification", "url": result.link, "type": "link"}
    sources = {each.id: each.source for each in record.edition.requirements}
    for name in result.requirements:
        if sources.get(name, "").startswith("http"):
            yield {"name": name, "url": sources[name], "type": "tms"}
    file, _, line = result.source.rpartition(":")
    if file.startswith("/"):
        yield {"name": f"{Path(file).name}:{line}", "url": f"file://{quote(file)}#L{line}", "type": "link"}


def _table(differences: Sequence[str]) -> str:
    rows = "\n".join(_row(each) for each in differences)
    return f"element,sent,got\n{rows}\n"


def _row(difference: str) -> str:
    """Give a line `path: sent A, got B` as a row of a table."""
    path, _, rest = difference.partition(": sent ")
    sent, _, got = rest.partition(", got ")
    return ",".join('"' + each.replace('"', '""') + '"' for each in (path, sent, got))
