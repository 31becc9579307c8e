"""Which cases are judged, and what comes of repeating them."""

from __future__ import annotations

import pytest

from vbpr_conformance.errors import UsageError
from vbpr_conformance.suite.selection import in_shard, judged, not_green, shard_of
from vbpr_conformance.suite.stability import steadiest
from vbpr_conformance.suite.verdicts import CaseKey, CaseResult, Verdict

KEYS = [CaseKey("s", str(number)) for number in range(10)]


def result(verdict: str, name: str = "a", **more) -> CaseResult:
    return CaseResult(name, "s", "t", "SHALL", Verdict(verdict), message=f"said {verdict}", **more)


def test_each_case_is_in_exactly_one_shard():
    """Whatever their number."""
    parts = [in_shard(KEYS, f"{number}/3") for number in (1, 2, 3)]
    assert sorted(each for part in parts for each in part) == sorted(KEYS)
    assert in_shard(KEYS, "1/1") == set(KEYS)


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "a/b", "1/0", "1/3/5"])
def test_a_wrong_shard_is_refused(text):
    """With what was expected."""
    with pytest.raises(UsageError, match="expected I/N"):
        shard_of(text)


def test_what_may_come_out_better_is_repeated():
    """Not what passed or does not apply."""
    results = [
        *(result(each, each) for each in ("pass", "fail", "warn", "skip", "error")),
        result("skip", "other", applicable=False),
    ]
    assert {key.id for key in not_green(results)} == {"fail", "warn", "skip", "error"}
    assert [each.id for each in judged(results)] == ["pass", "fail", "warn", "skip", "other"]


def test_a_case_that_comes_out_otherwise_is_flaky():
    """And shows what was exchanged both times."""
    bad = result("fail", exchanges=({"phase": "step 1", "failed": True},), duration_s=1.0, requests=2)
    good = result("pass", exchanges=({"phase": "step 1", "failed": False},), duration_s=1.0, requests=2)
    found = steadiest([good, bad, good])
    assert (found.verdict, found.flaky) == (Verdict.FAIL, True)
    assert found.message == "flaky, fail 1 of 3 times: said fail"
    assert [each["phase"] for each in found.exchanges] == ["step 1", "other time, step 1"]
    assert (found.duration_s, found.requests) == (3.0, 6)
    assert not steadiest([bad, bad]).flaky
    assert not steadiest([good]).flaky
