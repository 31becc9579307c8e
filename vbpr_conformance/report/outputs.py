"""Which outputs a run has."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from vbpr_conformance.report.allure_results import AllureResults
from vbpr_conformance.report.badge_svg import BadgeSvg
from vbpr_conformance.report.exchanges_har import ExchangesHar, HarPage
from vbpr_conformance.report.junit_xml import JunitXml
from vbpr_conformance.report.left_script import LeftScript
from vbpr_conformance.report.record_file import RecordFile
from vbpr_conformance.report.report_html import ReportHtml
from vbpr_conformance.report.report_writer import ReportWriter, RunWriters
from vbpr_conformance.report.reproduce import ReproduceScripts
from vbpr_conformance.report.requirements_csv import RequirementsCsv
from vbpr_conformance.report.results_json import ResultsJson
from vbpr_conformance.report.testreport_json import TestReportJson
from vbpr_conformance.suite.record import RunRecord
from vbpr_conformance.suite.run_summary import RunSummary


def standard_writers(folder: Path, pages: Callable[[RunRecord], Iterable[HarPage]] | None = None) -> list[ReportWriter]:
    """Give the writers of everything that a run leaves in its folder; `pages` are those of exchanges.har."""
    return [
        RecordFile(folder),
        ResultsJson(folder),
        JunitXml(folder),
        AllureResults(folder),
        RequirementsCsv(folder),
        ExchangesHar(folder, pages),
        BadgeSvg(folder),
        LeftScript(folder),
        ReproduceScripts(folder),
        ReportHtml(folder),
        TestReportJson(folder),
    ]


def write_all(record: RunRecord, summary: RunSummary, folder: Path) -> list[str]:
    """Write everything of a run that is over; what could not be written is given back, a sentence each."""
    writers = RunWriters(standard_writers(folder))
    writers.begin(record)
    writers.end(record, summary)
    return writers.troubles
