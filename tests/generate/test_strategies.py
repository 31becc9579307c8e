"""The Hypothesis strategies."""

from __future__ import annotations

import subprocess
import sys

from hypothesis import HealthCheck, find, given, settings

from vbpr_conformance.fhir.json_codec import dumps
from vbpr_conformance.generate.proof import errors
from vbpr_conformance.generate.strategies import conformant, faulty

NAME = "vbp-performance-measurereport"
QUIET = settings(
    max_examples=40, database=None, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


def test_conformant_payloads(edition):
    """Every drawn payload is conformant."""
    profile = edition.profile(NAME)

    @QUIET
    @given(conformant(profile, edition=edition))
    def check(made):
        assert not errors(made, profile, edition)

    check()


def test_faulty_payloads(edition):
    """Every drawn faulty payload breaks one rule only."""
    profile = edition.profile(NAME)

    @QUIET
    @given(faulty(profile, edition=edition))
    def check(made):
        assert len({issue.rule for issue in errors(made, profile, edition)}) == 1

    check()


def test_counterexamples_shrink(edition):
    """What is left of a counterexample is a small document with what matters."""
    calm = settings(max_examples=400, database=None, deadline=None, derandomize=True)
    made = find(conformant(NAME, edition=edition), lambda each: "identifier" in each, settings=calm)
    assert "identifier" in made
    assert len(dumps(made)) < 2500


def test_hypothesis_is_imported_late():
    """Building payloads does not import Hypothesis."""
    code = "import sys, vbpr_conformance.generate.api; sys.exit('hypothesis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
