"""What a case is tried on."""

from __future__ import annotations

from collections import Counter

import pytest
from plain_evidence import exchange

from vbpr_conformance.suite.examples import Effort, run_examples
from vbpr_conformance.suite.findings import Finding, NotTestedError
from vbpr_conformance.suite.seed_payloads import SIZES


def test_examples_are_of_all_sizes():
    """A case is not tried on the simplest payloads alone: each size has its share of ten examples."""
    sizes: Counter[str] = Counter()
    for seed in range(20):
        effort = Effort(seed=seed, payloads=1, examples=10, requests=1000, spent=lambda: 0)
        run_examples(lambda drawn: sizes.update(size for size, _ in drawn) or (), effort)
    assert sizes.total() == 200
    assert min(sizes[each] for each in SIZES) > 40


def effort(**parts) -> Effort:
    return Effort(**{"seed": 1, "payloads": 1, "examples": 10, "requests": 1000, "spent": lambda: 0, **parts})


def test_the_simplest_example_that_fails_is_told():
    """A failing example is shrunk; other trouble ends the examples at once and is no finding."""

    def large_ones_fail(drawn):
        if drawn[0][0] != "minimal":
            raise Finding(f"{drawn[0][0]} fails")
        return ()

    with pytest.raises(Finding, match="typical fails"):
        run_examples(large_ones_fail, effort())
    tried = []

    def untestable(drawn):
        tried.append(drawn)
        raise NotTestedError("nothing to test")

    with pytest.raises(NotTestedError, match="nothing to test"):
        run_examples(untestable, effort())
    assert len(tried) == 1


def test_a_flaky_answer_shows_both_exchanges():
    """What failed once and then passed with the same payload is told with both answers."""
    answers = iter([500])

    def flaky(_):
        answered = exchange(status=next(answers, 200))
        if answered.status != 200:
            raise Finding("GET MeasureReport/1 answered 500", exchanges=[answered])
        return [answered]

    with pytest.raises(Finding, match="answered the same request differently") as found:
        run_examples(flaky, effort())
    assert [each.status for each in found.value.exchanges] == [500, 200]


def test_examples_end_where_requests_are_spent():
    """A case that would need more than its share of requests is tried no further."""
    spent = []

    def costly(_):
        spent.append(1)
        return ()

    run_examples(costly, effort(requests=3, spent=lambda: len(spent)))
    assert len(spent) == 3
