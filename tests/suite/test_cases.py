"""Cases against the reference server: the good one passes them, each fault turns its case red."""

from __future__ import annotations

import pytest

from vbpr_conformance.report.failure_text import evidence
from vbpr_conformance.selftest.in_process import results_of
from vbpr_conformance.suite.case import run_case
from vbpr_conformance.suite.verdicts import Verdict

SOME = ["create/quality", "patch", "transaction", "conditional-delete", "search-date/ge", "include-evaluated-resource"]


@pytest.mark.parametrize("name", SOME)
def test_the_good_server_passes(good_server, context_for, cases, name):
    """The reference server passes its own suites, and everything that was created is deleted again."""
    context = context_for(good_server)
    result = run_case(cases[name], context)
    context.resources.close()
    assert result.verdict is Verdict.PASS, result.message
    assert context.resources.created == context.resources.deleted > 0


FAULTS = [
    ("create-no-location", "create/performance", "has no header Location"),
    ("create-decimal-loses-zeros", "ms-quality/group.measureScore", "comes back changed"),
    ("search-date-loses-partial-dates", "search-date/ge", "expected MeasureReports"),
    ("search-page-2-fails", "search-paging", "page 2"),
    ("transaction-not-atomic", "transaction-stale", "holds nothing that was created by the transaction that failed"),
]


@pytest.mark.parametrize(("fault", "name", "said"), FAULTS)
def test_a_fault_turns_its_case_red(edition, cases, fault, name, said):
    """A broken rule is a fail with a sentence, evidence and a curl command."""
    result = results_of(edition, [cases[name]], fault=fault, examples=10)[0]
    assert result.verdict is Verdict.FAIL, result.message
    assert said in result.message
    labels = [label for label, _ in evidence(result, edition)]
    assert {"requirement", "request", "suite"} <= set(labels)
    assert result.exchanges[0]["status"] > 0


def test_the_same_seed_sends_the_same(good_server, context_for, cases):
    """What a case sends follows from the run's seed and the case alone, but for what tells runs apart."""
    sent = []
    for _ in range(2):
        context = context_for(good_server, run_id="same", seed=7)
        bodies: list[bytes] = []
        context.client._recorder = lambda exchange, bodies=bodies: bodies.append(exchange.request_body)
        assert run_case(cases["errors-not-json"], context).verdict is Verdict.PASS
        assert run_case(cases["references-logical"], context).verdict is Verdict.PASS
        context.resources.close()
        sent.append([body for body in bodies if b"logical" in body or b"us-npi" in body])
    assert len(sent[0]) == len(sent[1]) > 0


def test_nothing_is_written_in_a_read_only_run(good_server, context_for, cases):
    """A case that writes is skipped with what to do instead, and no request is sent."""
    context = context_for(good_server, read_only=True)
    result = run_case(cases["create/performance"], context)
    assert (result.verdict, context.client.requests) == (Verdict.SKIP, 0)
    assert "--read-only" in result.message


def test_a_target_that_is_not_there_is_an_error(context_for, cases):
    """Infrastructure trouble says nothing about conformance, and is not waited for again and again."""
    context = context_for("http://127.0.0.1:9/fhir")
    verdicts = [run_case(cases["read-unknown"], context).verdict for _ in range(5)]
    assert set(verdicts) == {Verdict.ERROR}
    assert context.client.requests <= 3
