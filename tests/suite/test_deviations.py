"""Known deviations: shown, not counted, and never hiding anything else."""

from __future__ import annotations

from datetime import date

import pytest

from vbpr_conformance.suite.deviations import Deviation, mark_known, states
from vbpr_conformance.suite.verdicts import CaseResult, Verdict

TODAY = date(2026, 11, 28)
STALE = Deviation(("update-stale",), says="answered 409", reason="ticket 7", expires=date(2026, 11, 28))


def result(name: str = "update-stale", verdict: str = "fail", message: str = "PUT answered 409, expected 412"):
    return CaseResult(name, "s", "t", "SHALL", Verdict(verdict), message=message, requirements=("mr-update",))


def test_a_failure_that_is_known_carries_the_reason_and_the_day():
    """Also on the last day."""
    assert mark_known(result(), [STALE], TODAY).deviation == "until 2026-11-28: ticket 7"


@pytest.mark.parametrize(
    "other",
    [
        result(message="PUT answered 500, expected 412"),
        result(name="update-other"),
        result(verdict="pass", message=""),
        result(verdict="error"),
    ],
)
def test_nothing_else_is_known(other):
    """Not another failure of the same case, nor the same of another."""
    assert mark_known(other, [STALE], TODAY) == other


def test_what_is_past_its_date_counts_again():
    """And is said."""
    tomorrow = date(2026, 11, 29)
    assert mark_known(result(), [STALE], tomorrow).deviation == ""
    assert [each.expired for each in states([STALE], [result()], tomorrow)] == [True]


@pytest.mark.parametrize(
    ("results", "stale"),
    [([result()], False), ([result(verdict="pass", message="")], True), ([], False), ([result(verdict="skip")], False)],
)
def test_one_that_did_not_occur_is_stale(results, stale):
    """But only where its case was judged."""
    assert [each.stale for each in states([STALE], results, TODAY)] == [stale]


def test_a_deviation_may_name_a_requirement_or_many_cases_and_says_a_regular_expression():
    """`*` stands for anything; what is no regular expression is a text."""
    assert Deviation(requirement="mr-update", says=r"answered \d+").explains(result())
    assert Deviation(("read", "update-*"), says="answered 409").explains(result())
    assert not Deviation(("update-*",), says="answered (").explains(result())
    assert not Deviation(says="answered 409").explains(result())


def test_a_deviation_travels_as_json():
    """With and without a day."""
    for each in (STALE, Deviation(("x", "y"))):
        assert Deviation.from_dict(each.as_dict()) == each


@pytest.mark.parametrize(
    ("differs", "is_known"),
    [
        (["a.value: sent 0.10, got 0.1"], True),
        (["a.value: sent 0.10, got 0.1", "b.value: sent 5.00, got 5.0"], True),
        (["a.value: sent 0.10, got 0.1", "b.value: sent 1E+2, got 100.0"], True),
        (["a.value: sent 0.10, got 0.1", 'b: sent "x", got nothing'], False),
        (["a.value: sent 0.10, got 0.2"], False),
        (["a.value: sent 0.1, got 0.10"], False),
        (["a.value: sent 0.10, got nothing"], False),
        (["a.value: sent 12345.678, got 12345.68"], False),
        ([], False),
    ],
)
def test_lost_zeros_hide_nothing_else(differs, is_known):
    """Only cases that differ in zeros at the end of decimals or in exponents, and in nothing else, are taken so."""
    zeros = Deviation(("ms/*",), differs="precision")
    details = tuple(("differs", each) for each in differs)
    found = CaseResult("ms/a", "s", "t", "SHALL", Verdict.FAIL, message="comes back changed", details=details)
    assert zeros.explains(found) is is_known


def test_another_verdict_than_stated_is_not_known():
    """A warning that has become a failure counts."""
    warned = Deviation(("update-stale",), says="answered 409", verdict="warn")
    assert warned.explains(result(verdict="warn"))
    assert not warned.explains(result(verdict="fail"))


def test_a_known_skip_is_never_counted_as_tested():
    """It is told where it occurs, stale where it does not, and changes no result."""
    skipped = Deviation(("update-stale",), says="leaves it", verdict="skip")
    found = result(verdict="skip", message="R4 leaves it to the server")
    assert mark_known(found, [skipped], TODAY) == found
    assert [each.occurred for each in states([skipped], [found], TODAY)] == [1]
    assert [each.stale for each in states([skipped], [result(verdict="pass", message="")], TODAY)] == [True]
