"""Known deviations: shown, not counted, and never hiding anything else."""

from __future__ import annotations

from datetime import date

import pytest

from vbpr_conformance.suite.deviations import Deviation, mark_known, states
from vbpr_conformance.suite.verdicts import CaseResult, Verdict

TODAY = date(2026, 11, 28)
STALE = Deviation("update-stale", says="answered 409", reason="ticket 7", expires=date(2026, 11, 28))


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
    assert Deviation("update-*", says="answered 409").explains(result())
    assert not Deviation("update-*", says="answered (").explains(result())
    assert not Deviation(says="answered 409").explains(result())


def test_a_deviation_travels_as_json():
    """With and without a day."""
    for each in (STALE, Deviation("x")):
        assert Deviation.from_dict(each.as_dict()) == each
