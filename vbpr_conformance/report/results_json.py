"""`results.json`: what a run found, in the format that other programs build on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vbpr_conformance import __version__
from vbpr_conformance.suite.record import RunRecord
from vbpr_conformance.suite.verdicts import CaseResult, Counts, RequirementVerdict

FORMAT = "vbpr-conformance-results/1"
FILE = "results.json"


def of(record: RunRecord) -> dict[str, Any]:
    """Give the content of results.json."""
    return {
        "format": FORMAT,
        "run": _run(record),
        "verdict": record.verdict.value,
        "counts": Counts.of(record.results).by_verdict,
        "requirements": [_requirement(each) for each in record.requirement_verdicts],
        "cases": [_case(each) for each in record.results],
        "not_expanded": [asdict(each) for each in record.not_expanded],
        "readings": [asdict(each) for each in record.edition.readings],
    }


def write(results: Mapping[str, Any], folder: Path) -> Path:
    """Write results.json into `folder`, whole or not at all, and give its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    unfinished = path.with_suffix(".json.part")
    unfinished.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    unfinished.replace(path)
    return path


def _run(record: RunRecord) -> dict[str, Any]:
    tally = record.tally
    return {
        "id": record.run_id,
        "edition": record.edition.version,
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
        "trouble": record.trouble,
        "read_only": record.read_only,
        "strict": record.strict,
    }


def _requirement(judged: RequirementVerdict) -> dict[str, Any]:
    requirement = judged.requirement
    return {
        "id": requirement.id,
        "actor": requirement.actor,
        "expectation": requirement.expectation,
        "about": dict(requirement.about),
        "source": requirement.source,
        "verdict": str(judged.verdict),
        "applicable": judged.applicable,
        "cases": list(judged.cases),
    }


def _case(case: CaseResult) -> dict[str, Any]:
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
        "reproduce": case.reproduce,
        "source": case.source,
        "details": [list(each) for each in case.details],
        "notes": list(case.notes),
    }
