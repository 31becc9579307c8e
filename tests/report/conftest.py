"""A run of a few cases that has everything in it, for all outputs."""

from __future__ import annotations

import pytest

from vbpr_conformance.suite.record import RunRecord, Tally
from vbpr_conformance.suite.run_summary import SelectedCase
from vbpr_conformance.suite.verdicts import CaseResult, FailedCheck, Verdict

EXCHANGE = {
    "phase": "step 1",
    "failed": True,
    "interaction": "search",
    "method": "GET",
    "url": "https://payer.example/fhir/MeasureReport?date=ge2024-03",
    "status": 200,
    "error": "",
    "request_headers": {"Accept": "application/fhir+json", "Authorization": "Bearer ***"},
    "request_body": "",
    "headers": {"Content-Type": "application/fhir+json"},
    "body": '{"resourceType":"Bundle","type":"searchset","total":12.50}',
    "elapsed_s": 0.012,
    "curl": "curl -s 'https://payer.example/fhir/MeasureReport?date=ge2024-03'",
}
SEARCH = {"interaction": "search-type", "resource": "MeasureReport", "parameters": ("date",), "status": 200}


def result(name: str, verdict: str, requirement: str = "", message: str = "", **more) -> CaseResult:
    """A result of the suite `Search`, with the details that its verdict has."""
    return CaseResult(
        name,
        more.pop("suite", "Search"),
        f"Title of {name}",
        more.pop("expectation", "SHALL"),
        Verdict(verdict),
        message=message,
        requirements=(requirement,) if requirement else (),
        source="/somewhere/search.yaml:41",
        link="https://hl7.org/fhir/R4/search.html#date",
        description="A range is found by what lies inside it.",
        does_not_check="Time zones.",
        duration_s=0.25,
        requests=3,
        **more,
    )


def results() -> list[CaseResult]:
    """A pass, two failures of one cause, a missed SHOULD, two skips, an error and a known deviation."""
    found = "MeasureReport?date=ge2024-03 returned 1 of 2 expected reports"
    lost = FailedCheck("MeasureReport?date returned … of … expected reports", matcher="exactly", **SEARCH)
    read = FailedCheck("x", "update", "MeasureReport", status=409)
    return [
        result("read", "pass", "mr-read", exchanges=({**EXCHANGE, "failed": False, "curl": ""},)),
        result(
            "search-date/ge",
            "fail",
            "mr-search-date",
            found,
            check=lost,
            exchanges=(EXCHANGE,),
            details=(("missing", "MeasureReport/b7"), ("differs", "date: sent 1, got 2")),
            payload='{"resourceType": "MeasureReport"}',
        ),
        result("search-date/le", "fail", "mr-search-date", f"{found} as well", check=lost, exchanges=(EXCHANGE,)),
        result("batch", "warn", "system-batch", "POST answered 501, expected 200"),
        result("patch", "skip", "mr-patch", "the server answers 403: grant MeasureReport.u to the client"),
        result("delete", "skip", "mr-delete", "the server answers 403: grant MeasureReport.u to the client"),
        result("vread", "error", "mr-vread", "no answer\x1b[31m in 30 s"),
        result("update-stale", "fail", "mr-update", "PUT answered 409, expected 412", check=read).known_as(
            "until 2027-06-30: ticket 4711"
        ),
    ]


@pytest.fixture
def record(edition) -> RunRecord:
    """A run that found all kinds of things."""
    found = results()
    return RunRecord(
        run_id="2026-11-22-101500-ab12",
        edition=edition,
        url="https://payer.example/fhir",
        suites=(),
        seed=4711,
        examples=10,
        started="2026-11-22T10:15:00Z",
        duration_s=38.2,
        tally=Tally(1204, 212, 212, software="Some Server", version="8.1"),
        selected=tuple(SelectedCase(each.suite, each.id, requirements=each.requirements) for each in found),
        whole=False,
        results=found,
    )


@pytest.fixture
def conformant(record) -> RunRecord:
    """A run that found nothing."""
    record.results = record.results[:1]
    record.selected = record.selected[:1]
    return record
