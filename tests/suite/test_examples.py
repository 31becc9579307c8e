"""What a case is tried on."""

from __future__ import annotations

from collections import Counter

from vbpr_conformance.suite.examples import Effort, run_examples
from vbpr_conformance.suite.seed_payloads import SIZES


def test_examples_are_of_all_sizes():
    """A case is not tried on the simplest payloads alone: each size has its share of ten examples."""
    sizes: Counter[str] = Counter()
    for seed in range(20):
        effort = Effort(seed=seed, payloads=1, examples=10, requests=1000, spent=lambda: 0)
        run_examples(lambda drawn: sizes.update(size for size, _ in drawn), effort)
    assert sizes.total() == 200
    assert min(sizes[each] for each in SIZES) > 40
