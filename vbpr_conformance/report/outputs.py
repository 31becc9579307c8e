"""Which outputs a run has."""

from __future__ import annotations

from pathlib import Path

from vbpr_conformance.report.allure_results import AllureResults
from vbpr_conformance.report.junit_xml import JunitXml
from vbpr_conformance.report.report_writer import ReportWriter
from vbpr_conformance.report.results_json import ResultsJson


def standard_writers(folder: Path) -> list[ReportWriter]:
    """Give the writers of everything that a run leaves in its folder."""
    return [ResultsJson(folder), JunitXml(folder), AllureResults(folder)]
