"""The run as FHIR's own TestReport."""

from __future__ import annotations

import pytest

from vbpr_conformance.cli import main
from vbpr_conformance.fhir.json_codec import dumps
from vbpr_conformance.report.testreport_json import bundle


@pytest.fixture
def made(record):
    """The Bundle of a run."""
    return bundle(record)


def test_each_suite_is_a_report_with_the_script_that_it_cites(made):
    """And each case a test, with what was asked and what was judged."""
    script, report = (each["resource"] for each in made["entry"])
    assert (script["resourceType"], report["resourceType"]) == ("TestScript", "TestReport")
    assert report["testScript"]["reference"] == made["entry"][0]["fullUrl"]
    assert (report["status"], report["result"]) == ("completed", "fail")
    tests = {each["name"]: each["action"] for each in report["test"]}
    assert [next(iter(each)) for each in tests["search-date/ge"]] == ["operation", "assert"]
    assert {name: actions[-1]["assert"]["result"] for name, actions in tests.items()} == {
        "read": "pass",
        "search-date/ge": "fail",
        "search-date/le": "fail",
        "batch": "warning",
        "patch": "skip",
        "delete": "skip",
        "vread": "error",
        "update-stale": "skip",
    }


def test_an_interrupted_run_was_stopped(record):
    """Its result is open where nothing failed."""
    record.results, record.interrupted = record.results[:1], True
    report = bundle(record)["entry"][1]["resource"]
    assert (report["status"], report["result"]) == ("stopped", "pending")


@pytest.mark.slow
def test_it_is_valid(made, packages, tmp_path, capsys):
    """By the base definitions of R4: no error, whatever a target sent."""
    (tmp_path / "TestReport.json").write_text(dumps(made))
    core = packages / "hl7.fhir.r4.core-4.0.1.tgz"
    assert main(["validate", str(tmp_path / "TestReport.json"), "--package", str(core)]) == 0, capsys.readouterr().out
