"""When a run gives up on its target, and what a server may refuse."""

from __future__ import annotations

import pytest

from vbpr_conformance.suite.circuit_breaker import CircuitBreaker
from vbpr_conformance.suite.permitted_refusals import is_refusal


def test_three_outages_in_a_row_end_the_run():
    """No fewer."""
    breaker = CircuitBreaker()
    breaker.outage()
    breaker.outage()
    assert not breaker.is_open
    breaker.outage()
    assert breaker.is_open


def test_an_answer_between_outages_counts_them_anew():
    """A server that fails cases is there: whatever it answered, it answered."""
    breaker = CircuitBreaker()
    for _ in range(5):
        breaker.outage()
        breaker.outage()
        breaker.answered()
    assert not breaker.is_open
    breaker.outage()
    breaker.outage()
    assert not breaker.is_open
    breaker.outage()
    assert breaker.is_open


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        *[(status, True) for status in (400, 403, 404, 405, 422, 501)],
        *[(status, False) for status in (200, 302, 401, 409, 412, 429, 500, 503)],
    ],
)
def test_a_breakdown_is_no_refusal(status, expected):
    """Not any status from 400 on."""
    assert is_refusal(status) is expected
