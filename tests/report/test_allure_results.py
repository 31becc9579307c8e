"""What Allure reads."""

from __future__ import annotations

import dataclasses
import json

import pytest

from vbpr_conformance.report.allure_results import AllureResults
from vbpr_conformance.report.record_file import RecordFile, read_record


@pytest.fixture
def folder(tmp_path, record):
    """The folder after the run."""
    written(tmp_path, record)
    return tmp_path / "allure-results"


def written(folder, record):
    results, record.results = record.results, []
    writer = AllureResults(folder)
    writer.begin(record)
    for result in results:
        record.results.append(result)
        writer.add(record, result)
    writer.end(record, record.summary())


def found(folder):
    made = [json.loads(file.read_text()) for file in folder.glob("*-result.json")]
    return {each["fullName"].partition(": ")[2]: each for each in made}


def test_a_report_that_is_made_again_keeps_when_each_case_began(tmp_path, record):
    """Allure orders by time: a case began when it did, also where its report is made of the record later."""
    for second, each in enumerate(record.results):
        record.results[second] = dataclasses.replace(each, started=f"2026-11-22T10:15:{second:02d}.500+00:00")
    writer = RecordFile(tmp_path)
    writer.begin(record)
    writer.end(record, record.summary())
    AllureResults(tmp_path).begin(read_record(tmp_path))
    made = sorted(found(tmp_path / "allure-results").items(), key=lambda each: each[1]["start"])
    assert [name for name, _ in made] == [each.id for each in record.results]
    assert made[1][1]["start"] - made[0][1]["start"] == 1000


def test_each_verdict_has_its_status(folder):
    """A missed SHOULD is no pass, trouble is no failure."""
    assert {name: each["status"] for name, each in found(folder).items()} == {
        "read": "passed",
        "search-date/ge": "failed",
        "search-date/le": "failed",
        "batch": "unknown",
        "patch": "skipped",
        "delete": "skipped",
        "vread": "broken",
        "update-stale": "skipped",
    }


def test_a_failure_shows_all_that_was_exchanged(folder):
    """Steps with request and response, the payload, the difference and the command."""
    case = found(folder)["search-date/ge"]
    [step] = case["steps"]
    assert step["name"] == "step 1: GET https://payer.example/fhir/MeasureReport?date=ge2024-03 → 200"
    assert [each["name"] for each in step["attachments"]] == ["response", "exchange", "curl"]
    assert '"total": 12.50' in (folder / step["attachments"][0]["source"]).read_text()
    assert {each["name"] for each in case["attachments"]} == {
        "difference",
        "all that was exchanged",
        "generated payload",
        "run this case again",
    }
    assert "Time zones." in case["description"]
    assert {"name": "suite", "value": "Search"} in case["labels"]
    assert {"name": "subSuite", "value": "mr-search-date"} in case["labels"]
    assert {"name": "severity", "value": "critical"} in case["labels"]


def test_others_of_a_cause_lead_to_the_first(folder):
    """And all carry the cause."""
    cases = found(folder)
    assert "see search-date/ge" in cases["search-date/le"]["statusDetails"]["trace"]
    tags = [
        {each["value"] for each in cases[name]["labels"] if each["name"] == "cause"}
        for name in ("search-date/ge", "search-date/le")
    ]
    assert tags[0] == tags[1] != set()


def test_every_attachment_is_there_and_nothing_of_an_earlier_run(tmp_path, record):
    """The folder is one run's."""
    folder = tmp_path / "allure-results"
    folder.mkdir()
    (folder / "old-result.json").write_text("{}")
    written(tmp_path, record)
    assert len(found(folder)) == 8
    for case in found(folder).values():
        for holder in [case, *case["steps"]]:
            assert all((folder / each["source"]).is_file() for each in holder["attachments"])


def test_history_knows_a_case_from_run_to_run(tmp_path, record):
    """Ids follow from suite and case, those of the files from the run."""
    written(tmp_path / "a", record)
    record.run_id = "another"
    written(tmp_path / "b", record)
    one, other = found(tmp_path / "a" / "allure-results"), found(tmp_path / "b" / "allure-results")
    assert {name: each["historyId"] for name, each in one.items()} == {
        name: each["historyId"] for name, each in other.items()
    }
    assert one["read"]["uuid"] != other["read"]["uuid"]


def test_the_environment_repeats_the_run(folder):
    """Target, edition and seed."""
    assert "seed=4711" in (folder / "environment.properties").read_text()
    assert [each["name"] for each in json.loads((folder / "categories.json").read_text())][:2] == [
        "Known deviation",
        "Claim not kept",
    ]
