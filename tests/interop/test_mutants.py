"""Whatever is sent is judged."""

from __future__ import annotations

import random

import pytest
from mutants import Mutator

from vbpr_conformance.generate.api import payloads
from vbpr_conformance.validate.validator import Validator


@pytest.mark.parametrize("profile", ["vbp-performance-measurereport", "vbp-quality-measurereport", "vbp-measure"])
def test_a_mutant_is_judged_whatever_became_of_it(edition, profile):
    """The validator says what is wrong with a resource, whatever stands where, and stumbles over nothing."""
    bases = list(payloads(profile, edition, n=8, seed=1))
    mutator, validator = Mutator(bases, random.Random(1)), Validator(edition)
    found = set()
    for number in range(400):
        made = mutator.mutant(mutator.mutant(bases[number % len(bases)]))
        found |= {issue.rule.partition(":")[0] for issue in validator.issues(made) if issue.is_error}
    assert len(found) > 12, found
