"""The end of a run as people read it."""

from __future__ import annotations

import copy

import pytest

from vbpr_conformance.report import summary

RESULTS = {
    "run": {
        "id": "2026-11-22-101500-ab12",
        "edition": "1.1.0",
        "suites": [],
        "seed": 4711,
        "examples": 10,
        "harness": "0.1.0",
        "duration_s": 38.2,
        "target": {"url": "https://payer.example/fhir", "software": "Some Server", "version": "8.1"},
        "requests": 1204,
        "created": 212,
        "deleted": 212,
        "left": [],
    },
    "verdict": "non-conformant",
    "requirements": [
        {"id": "mr-read", "expectation": "SHALL", "verdict": "pass", "applicable": True, "cases": ["read"]},
        {
            "id": "mr-date",
            "expectation": "SHALL",
            "verdict": "fail",
            "applicable": True,
            "cases": ["date/ge", "date/le"],
        },
        {"id": "batch", "expectation": "SHOULD", "verdict": "warn", "applicable": True, "cases": ["batch"]},
        {"id": "mr-patch", "expectation": "SHALL", "verdict": "skip", "applicable": True, "cases": ["patch"]},
        {"id": "mr-delete", "expectation": "SHALL", "verdict": "skip", "applicable": True, "cases": ["delete"]},
        {"id": "mr-patient", "expectation": "SHALL", "verdict": "untested", "applicable": False, "cases": []},
    ],
    "cases": [
        {"id": "read", "verdict": "pass", "message": ""},
        {"id": "date/ge", "verdict": "fail", "message": "MeasureReport?date=ge2024-03 misses MeasureReport/b7\nmore"},
        {"id": "date/le", "verdict": "fail", "message": "MeasureReport?date=le2024-03 misses MeasureReport/b8"},
        {"id": "batch", "verdict": "warn", "message": "POST answered 501, expected 200"},
        {"id": "patch", "verdict": "skip", "message": "the server answers 403: grant MeasureReport.u to the client"},
        {"id": "delete", "verdict": "skip", "message": "the server answers 403: grant MeasureReport.u to the client"},
    ],
}
AGAIN = ["vbpr-conformance", "run", "https://payer.example/fhir"]


def text(results):
    lines = [*summary.head(results["run"]), "", *summary.summary(results, report="reports/x/results.json", again=AGAIN)]
    return "\n".join(lines) + "\n"


def test_a_broken_server_is_summed_up_by_requirement(snapshot):
    """What is broken comes first, then what was missed and what was not tested, then how to see it again."""
    snapshot("summary-broken", text(RESULTS))


def test_a_conformant_server_is_summed_up_in_a_line(snapshot):
    """Nothing to see again, and nothing left behind."""
    results = copy.deepcopy(RESULTS)
    results["verdict"] = "conformant"
    results["requirements"] = results["requirements"][:1]
    results["cases"] = results["cases"][:1]
    snapshot("summary-conformant", text(results))


def test_what_could_not_be_deleted_is_named():
    """The last line says what still stands on the server and what deletes it."""
    results = copy.deepcopy(RESULTS)
    results["run"] |= {"deleted": 211, "left": ["MeasureReport/x"]}
    assert text(results).splitlines()[-1] == (
        "left     1 of 212 created: MeasureReport/x; `vbpr-conformance cleanup https://payer.example/fhir` tries again"
    )


@pytest.mark.parametrize("verdict", ["conformant", "non-conformant", "incomplete", "error"])
def test_every_verdict_has_its_word(verdict):
    """The first word of the summary is the verdict."""
    assert summary.WORDS[verdict] in text({**RESULTS, "verdict": verdict})
