"""`results.json`: what a run found, in the format that other programs build on."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vbpr_conformance import __version__
from vbpr_conformance.report.failure_text import evidence
from vbpr_conformance.report.repeat_command import of_case
from vbpr_conformance.report.report_writer import RewrittenFile, write_whole
from vbpr_conformance.suite.causes import Cause
from vbpr_conformance.suite.deviations import DeviationState
from vbpr_conformance.suite.record import RunRecord
from vbpr_conformance.suite.run_summary import RequirementVerdict, RunSummary
from vbpr_conformance.suite.verdicts import CaseResult

FORMAT = "vbpr-conformance-results/1"
FILE = "results.json"


class ResultsJson(RewrittenFile):
    """Writes results.json into a folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._path = folder / FILE

    def write(self, record: RunRecord, summary: RunSummary) -> None:
        """Write the file."""
        write_whole(self._path, json.dumps(content(record, summary), indent=1, ensure_ascii=False) + "\n")


def schema() -> str:
    """Give the JSON Schema (2020-12) of results.json."""
    return Path(__file__).with_name("results.schema.json").read_text(encoding="utf-8")


def content(record: RunRecord, summary: RunSummary) -> dict[str, Any]:
    """Give the content of results.json."""
    return {
        "format": FORMAT,
        "run": _run(record),
        "verdict": summary.verdict.value,
        "counts": dict(summary.counts),
        "causes": [_cause(each) for each in summary.causes],
        "requirements": [_requirement(each) for each in summary.requirements],
        "cases": [_case(each, record) for each in record.results],
        "deviations": [_deviation(each) for each in summary.deviations],
        "not_expanded": [asdict(each) for each in record.not_expanded],
        "readings": [asdict(each) for each in record.edition.readings],
    }


def _run(record: RunRecord) -> dict[str, Any]:
    tally = record.tally
    return {
        "id": record.run_id,
        "edition": record.edition.version,
        "actor": record.actor,
        "suites": list(record.suites),
        "seed": record.seed,
        "examples": record.examples,
        "harness": __version__,
        "started": record.started,
        "duration_s": round(record.duration_s, 3),
        "target": {"url": record.url, "software": tally.software, "version": tally.version},
        "requests": tally.requests,
        "created": tally.created,
        "deleted": tally.deleted,
        "left": tally.left,
        "limits": tally.limits,
        "trouble": record.trouble,
        "interrupted": record.interrupted,
        "whole": record.whole,
        "read_only": record.read_only,
        "strict": record.strict,
    }


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        "id": cause.id,
        "says": cause.sentence,
        "verdict": cause.verdict.value,
        "expectation": cause.strength,
        "breaks": list(cause.breaks),
        "hides": list(cause.hides),
        "cases": [{"suite": key.suite, "id": key.id} for key in cause.cases],
        "known": cause.known,
    }


def _requirement(judged: RequirementVerdict) -> dict[str, Any]:
    requirement = judged.requirement
    return {
        "id": requirement.id,
        "actor": requirement.actor,
        "expectation": requirement.expectation,
        "about": dict(requirement.about),
        "source": requirement.source,
        "text": requirement.text,
        "verdict": str(judged.verdict),
        "applicable": judged.applicable,
        "selected": judged.in_selection,
        "broken_by": list(judged.broken_by),
        "hidden_by": list(judged.hidden_by),
        "reason": judged.reason,
        "known": judged.known,
        "cases": list(judged.cases),
    }


def _case(case: CaseResult, record: RunRecord) -> dict[str, Any]:
    return {
        "id": case.id,
        "suite": case.suite,
        "title": case.title,
        "expectation": case.expectation,
        "verdict": case.verdict.value,
        "message": case.message,
        "requirements": list(case.requirements),
        "duration_s": round(case.duration_s, 4),
        "requests": case.requests,
        "reproduce": of_case(case, record),
        "source": case.source,
        "details": [list(each) for each in evidence(case, record.edition)],
        "notes": list(case.notes),
        "applicable": case.applicable,
        "known": case.deviation,
    }


def _deviation(state: DeviationState) -> dict[str, Any]:
    known = state.deviation
    return {
        "case": ", ".join(known.cases),
        "requirement": known.requirement,
        "says": known.says,
        "reason": known.reason,
        "link": known.link,
        "expires": known.expires.isoformat() if known.expires else "",
        "occurred": state.occurred,
        "stale": state.stale,
        "expired": state.expired,
    }
