"""junit.xml as CI systems show it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from vbpr_conformance.report.junit_xml import document


@pytest.fixture
def suite(record):
    """The one testsuite of the run."""
    return ET.fromstring(document(record, record.summary())).find("testsuite")  # noqa: S314  our own


def case(suite, name):
    return next(each for each in suite.iter("testcase") if each.get("name") == name)


def test_each_verdict_is_what_a_ci_system_makes_of_it(suite):
    """Trouble is an error; a missed SHOULD and a known deviation are visible and fail nothing."""
    kinds = {
        each.get("name"): [part.tag for part in each if part.tag not in {"properties", "system-out"}]
        for each in suite.iter("testcase")
    }
    assert kinds == {
        "read": [],
        "search-date/ge": ["failure"],
        "search-date/le": ["failure"],
        "batch": ["skipped"],
        "patch": ["skipped"],
        "delete": ["skipped"],
        "vread": ["error"],
        "update-stale": ["skipped"],
    }
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "8", "failures": "2", "errors": "1", "skipped": "4"}


def test_a_case_has_its_place_its_title_and_its_reason(suite):
    """File and line lead to the suite."""
    patch = case(suite, "patch")
    assert (patch.get("classname"), patch.get("file"), patch.get("line")) == ("Search", "/somewhere/search.yaml", "41")
    assert patch.find("properties/property[@name='title']").get("value") == "Title of patch"
    assert "grant MeasureReport.u" in patch.find("skipped").get("message")
    assert "SHOULD missed" in case(suite, "batch").find("skipped").get("message")
    assert "ticket 4711" in case(suite, "update-stale").find("skipped").get("message")


def test_one_case_of_a_cause_has_the_evidence_and_the_others_a_line(suite):
    """Requests and answers with their digits as they came."""
    shown = case(suite, "search-date/ge").find("system-out").text
    assert "GET https://payer.example/fhir/MeasureReport?date=ge2024-03" in shown
    assert '"total": 12.50' in shown
    other = case(suite, "search-date/le")
    assert other.find("system-out") is None
    assert "see search-date/ge" in other.find("failure").text


def test_the_run_can_be_repeated_from_its_properties(suite):
    """Target, edition and seed."""
    found = {each.get("name"): each.get("value") for each in suite.find("properties")}
    assert (found["seed"], found["edition"], found["target"]) == ("4711", "1.1.0", "https://payer.example/fhir")


def test_what_xml_cannot_hold_breaks_nothing(suite):
    """A target sent a control character."""
    assert case(suite, "vread").find("error").get("message") == "no answer\\x1b[31m in 30 s"


def test_a_suite_of_the_repository_is_named_from_its_root(record, monkeypatch, tmp_path):
    """So that what shows the file finds it."""
    monkeypatch.chdir(tmp_path)
    record.results = [replace(record.results[0], source=f"{tmp_path}/suites/own.yaml:3")]
    [found] = ET.fromstring(document(record, record.summary())).iter("testcase")  # noqa: S314  our own
    assert (found.get("file"), found.get("line")) == ("suites/own.yaml", "3")
