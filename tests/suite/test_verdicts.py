"""What came out of a case, as plain data."""

from __future__ import annotations

import json

from vbpr_conformance.suite.verdicts import CaseResult, FailedCheck, Verdict

CHECK = FailedCheck("x is lost", "search-type", "MeasureReport", ("date",), ("json",), "shows", 200, "a.b")


def result(verdict: str, **more) -> CaseResult:
    return CaseResult("case", "suite", "title", "SHALL", Verdict(verdict), **more)


def test_a_result_travels_as_json():
    """A result is the same after its way through JSON, as between processes."""
    one = result(
        "fail",
        message="said",
        details=(("label", "text"),),
        exchanges=({"status": 200},),
        check=CHECK,
        parameters=(("form", "ge"),),
    )
    assert CaseResult.from_dict(json.loads(json.dumps(one.as_dict()))) == one
