"""From cases to requirements to the run."""

from __future__ import annotations

import json

import pytest

from vbpr_conformance.ig.model import Requirement
from vbpr_conformance.suite.verdicts import CaseResult, RunVerdict, Verdict, requirement_verdicts, run_verdict

SHALL = Requirement("a", "server", "SHALL", {"interaction": "read"}, "", "")
MAY = Requirement("b", "server", "MAY", {"interaction": "vread"}, "", "")


def result(verdict: str, requirement: str = "a", **more) -> CaseResult:
    return CaseResult("case", "suite", "title", "SHALL", Verdict(verdict), requirements=(requirement,), **more)


def judged(*results: CaseResult) -> RunVerdict:
    return run_verdict(requirement_verdicts([SHALL, MAY], results), results)


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (["pass"], "conformant"),
        (["pass", "warn"], "conformant"),
        (["warn"], "incomplete"),
        (["pass", "fail"], "non-conformant"),
        (["pass", "error"], "error"),
        (["error", "fail"], "non-conformant"),
        (["pass", "skip"], "incomplete"),
        (["skip"], "incomplete"),
        ([], "incomplete"),
    ],
)
def test_a_run_is_conformant_only_if_every_shall_was_tested_and_met(verdicts, expected):
    """A skip leaves a SHALL open; all skipped is not green; trouble is no verdict about the server."""
    assert judged(*(result(each) for each in verdicts)) == expected


def test_a_may_that_is_not_tested_leaves_nothing_open():
    """Only SHALL requirements have to be tested."""
    assert judged(result("pass")) is RunVerdict.CONFORMANT
    assert judged(result("pass"), result("fail", "b")) is RunVerdict.NON_CONFORMANT


def test_what_does_not_apply_leaves_nothing_open():
    """What the guide leaves to a server that does not claim it is no gap."""
    other = Requirement("c", "server", "SHALL", {"resource": "Measure"}, "", "")
    results = [result("pass"), result("skip", "c", applicable=False)]
    verdicts = requirement_verdicts([SHALL, other], results)
    assert not verdicts[1].applicable
    assert run_verdict(verdicts, results) is RunVerdict.CONFORMANT


def test_a_result_travels_as_json():
    """A result is the same after its way through JSON, as between processes."""
    one = result("fail", message="said", details=(("label", "text"),), exchanges=({"status": 200},))
    assert CaseResult.from_dict(json.loads(json.dumps(one.as_dict()))) == one
