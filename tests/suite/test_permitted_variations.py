"""What R4 leaves to each server fails nothing: the suites against a server with the variations of many."""

from __future__ import annotations

import pytest

from vbpr_conformance.selftest.in_process import results_of
from vbpr_conformance.selftest.prove import servers
from vbpr_conformance.suite.coverage import all_cases
from vbpr_conformance.suite.verdicts import Verdict

MISSED = {
    "prefer-ignored": {"create-representation", "write-minimal/minimal", "write-minimal/outcome"},
    "minimal": {"create-representation"},
    "no-total": {"search-count-zero", "results-counted", "results-total"},
    "unknown-parameter-refused": {"search-lenient"},
    "stale-409": {"update-stale", "patch-stale"},
    "little-claimed": {"capabilities-declares-references"},
}
"""The cases in which a variation misses a SHOULD."""


@pytest.mark.slow
@pytest.mark.parametrize("variations", servers(), ids="+".join)
def test_variations_fail_nothing(edition, variations):
    """No case fails or breaks down, none that applies is left untested, and only a SHOULD that is known is missed."""
    cases = [case for case in all_cases(edition)[0] if case.spec.mode != "read-only"]
    found = results_of(edition, cases, variations=variations)
    missed = {case for each in variations for case in MISSED.get(each, ())}
    wrong = [
        f"{each.id}: {each.message}"
        for each in found
        if each.verdict in {Verdict.FAIL, Verdict.ERROR}
        or (each.verdict is Verdict.SKIP and each.applicable)
        or (each.verdict is Verdict.WARN and each.id not in missed)
    ]
    assert wrong == []


def test_a_time_that_the_server_does_not_give_is_not_asked_with(edition, cases):
    """R4 asks for Last-Modified with SHOULD: without it a claim of reads by time cannot be tried, and is not broken."""
    [found] = results_of(edition, [cases["claim-conditional-read-by-time"]], fault="last-modified-missing")
    assert (found.verdict, found.applicable) == (Verdict.SKIP, False)
    assert "Last-Modified" in found.message
