"""Nothing that a target sends can break the harness: any JSON at any level is a finding, or says nothing."""

from __future__ import annotations

import json
import random

import pytest
from mutated_answers import Mutated, mutated
from plain_evidence import answered, bundle, known, report, searched

from vbpr_conformance.client.client import FhirClient
from vbpr_conformance.reference.app import make_app
from vbpr_conformance.reference.store import Store
from vbpr_conformance.report.outputs import standard_writers
from vbpr_conformance.report.report_writer import RunWriters
from vbpr_conformance.selftest.in_process import BASE
from vbpr_conformance.suite.case import run_case
from vbpr_conformance.suite.claims import declared, declared_parameters
from vbpr_conformance.suite.context import Context, Settings
from vbpr_conformance.suite.findings import Finding, HarnessError, NotTestedError
from vbpr_conformance.suite.language import Expect
from vbpr_conformance.suite.matchers import MATCHERS
from vbpr_conformance.suite.queries import Query
from vbpr_conformance.suite.record import RunRecord
from vbpr_conformance.suite.verdicts import Verdict

PROFILE = "vbp-performance-measurereport"
CASES = (
    "capabilities-valid",
    "create/performance",
    "patch",
    "transaction",
    "batch",
    "conditional-update",
    "conditional-delete",
    "history-instance",
    "search-paging",
    "search-status/code",
    "search-date/ge",
    "search-reporter/id",
    "include-evaluated-resource",
    "ms-performance/group.code",
)


@pytest.mark.parametrize("seed", range(3))
def test_a_run_survives_any_answer(edition, cases, seed, tmp_path):
    """Every interaction through client, matchers, paging, settling, clean-up and reports: no case breaks down."""
    transport = Mutated(make_app(edition, Store()), seed, 0.3)
    client = FhirClient(BASE, structure=edition.structure, transport=transport)
    context = Context(edition, client, "mutated", Settings(examples=1, seed=seed))
    found = [run_case(cases[name], context) for name in CASES]
    context.resources.close()
    broken = [f"{each.id}: {each.message}" for each in found if each.verdict is Verdict.ERROR]
    assert broken == []
    record = RunRecord("x", edition, BASE, (), 1, 1, "2026-01-01T00:00:00Z", tally=context.tally(), results=found)
    writers = RunWriters(standard_writers(tmp_path))
    writers.begin(record)
    writers.end(record, record.summary())
    assert writers.troubles == []
    assert len(json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))["cases"]) == len(CASES)


VALUES = {
    "status": ["200"],
    "header": {"ETag": ".*"},
    "operation_outcome": True,
    "valid": True,
    "conforms_to": PROFILE,
    "fhirpath": {"status = 'complete'": "", "group.population.count.exists()": "has counts"},
    "same_as": "a",
    "shows": "MeasureReport.group",
    "pages": 1,
    "contains": ["a"],
    "excludes": ["b"],
    "exactly": "what-matches",
    "every": {"status = 'complete'": "is complete", "id.exists()": ""},
    "every_valid": True,
    "shows_somewhere": "MeasureReport.group",
    "count": 1,
    "includes": ["b"],
    "same_ids_as": "before",
    "declares": "mr-search-date",
    "when_used": "status",
    "without_header": ["X-No"],
    "refused_as": "before",
    "versions_agree": True,
    "version_of": "before",
    "returns": "a",
    "bundle": True,
    "self_link": ["status"],
    "unused": ["unknown"],
    "told": True,
    "search_answered": True,
    "shows_none_of": "Organization",
    "most_per_page": 1,
    "one_of": ["a", "b"],
    "in_order": ["a", "b"],
    "pages_include": ["b"],
    "challenge": True,
    "hides": "a",
    "denied": True,
    "shut": True,
    "no_open_credentials": True,
    "if_returned": {"status = 'complete'": "it is complete"},
    "claims_hold": True,
}


@pytest.mark.parametrize(
    "matcher", list(MATCHERS) + [each for each in Expect.model_fields if each not in {*MATCHERS, "because"}]
)
def test_a_matcher_takes_any_answer(evidence, edition, matcher):
    """It holds, or it is a finding; it never breaks down."""
    full = report(
        "a",
        date="2024",
        meta={"profile": [edition.profile(PROFILE).url], "versionId": "1"},
        reporter={"reference": "Organization/1"},
        group=[{"code": {"text": "x"}, "measureScore": {"value": 1}, "population": [{"count": 1}]}],
    )
    sent = {"resources": known("a", "b"), "payloads": {"report": full}, "row": {"profile": PROFILE}}
    parameter = next(each for each in edition.search_parameters("MeasureReport") if each.code == "date")
    query = Query("MeasureReport", parameter, "date", "ge2024")
    whole = bundle(full, report("b"), include=({"resourceType": "Organization", "id": "1"},))
    whole["link"] = [{"relation": "self", "url": f"{BASE}/MeasureReport?status=complete"}]
    statement = {
        "resourceType": "CapabilityStatement",
        "rest": [{"mode": "server", "resource": [{"type": "MeasureReport", "searchParam": [{"name": "date"}]}]}],
    }
    rng = random.Random(matcher)
    before = searched(whole)
    for _ in range(60):
        made = evidence(**sent, query=query, answers={"before": before}, is_read_only=rng.random() < 0.5)
        for body in (full, whole, statement):
            content = mutated(json.dumps(body).encode(), rng)
            answer = searched(content) if body is whole else answered(content)
            try:
                MATCHERS[matcher](VALUES[matcher], answer, made)
            except (Finding, NotTestedError):
                continue
            except HarnessError as trouble:
                pytest.fail(f"{trouble}: {content!r}")


ABOUT = [
    {"interaction": "transaction"},
    {"resource": "MeasureReport", "interaction": "read"},
    {"resource": "MeasureReport", "search": "date"},
    {"resource": "MeasureReport", "include": "MeasureReport:evaluated-resource"},
    {"resource": "MeasureReport", "conditional": "delete"},
    {"resource": "MeasureReport", "versioning": "versioned-update"},
    {"format": "xml"},
]
STATEMENT = {
    "resourceType": "CapabilityStatement",
    "format": ["json", "application/fhir+xml;charset=utf-8"],
    "rest": [
        {
            "mode": "server",
            "interaction": [{"code": "transaction"}],
            "resource": [
                {
                    "type": "MeasureReport",
                    "interaction": [{"code": "read"}],
                    "versioning": "versioned-update",
                    "conditionalDelete": "multiple",
                    "searchInclude": ["MeasureReport:evaluated-resource"],
                    "searchParam": [{"name": "date", "type": "date"}],
                }
            ],
        }
    ],
}


@pytest.mark.parametrize("about", ABOUT, ids=str)
def test_what_a_statement_declares(about):
    """Everything it says, and nothing of what another type or mode says."""
    assert declared(about, STATEMENT)
    assert not declared(about, {})
    other = {"resource": "Measure", **{key: each for key, each in about.items() if key != "resource"}}
    assert "format" in about or not declared(other, STATEMENT)
    client_only = {**STATEMENT, "format": [], "rest": [{**STATEMENT["rest"][0], "mode": "client"}]}
    assert not declared(about, client_only)


def test_a_statement_may_have_any_shape():
    """What is not as FHIR says declares nothing."""
    rng = random.Random(1)
    for _ in range(300):
        try:
            statement = json.loads(mutated(json.dumps(STATEMENT).encode(), rng))
        except ValueError:
            continue
        if isinstance(statement, dict):
            assert {declared(about, statement) for about in ABOUT} <= {True, False}
            assert all(isinstance(each, dict) for each in declared_parameters(ABOUT[2], statement))


@pytest.mark.parametrize(("said", "claimed"), [("not-supported", False), ("single", True), (True, True), (None, False)])
def test_conditional_interactions_are_claimed_in_words(said, claimed):
    """`not-supported` is no claim."""
    resource = {"type": "MeasureReport", "conditionalDelete": said}
    statement = {"rest": [{"mode": "server", "resource": [resource]}]}
    assert declared({"resource": "MeasureReport", "conditional": "delete"}, statement) is claimed
