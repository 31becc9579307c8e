"""Payloads with one rule broken."""

from __future__ import annotations

import random

import pytest

from vbpr_conformance.generate.faulty import attempt, breakable, rule_ids, sample_faulty
from vbpr_conformance.generate.proof import errors
from vbpr_conformance.generate.unbreakable import reason

PROFILES = ("vbp-performance-measurereport", "vbp-quality-measurereport", "vbp-measure")


@pytest.mark.slow
@pytest.mark.parametrize("version", ["1.1.0", "1.0.0"])
@pytest.mark.parametrize("name", PROFILES)
def test_every_rule_is_broken_or_listed(request, version, name):
    """For every rule of a profile there is a payload that breaks it alone, or a reason why there is none."""
    edition = request.getfixturevalue("edition" if version == "1.1.0" else "edition_1_0_0")
    profile = edition.profile(name)
    unbroken = [
        rule
        for rule in rule_ids(profile, edition)
        if reason(rule, edition) is None and attempt(profile, edition, random.Random(1), rule) is None
    ]
    assert not unbroken


def test_exactly_the_named_rule(edition):
    """The validator finds the named rule broken, and nothing else."""
    profile = edition.profile("vbp-performance-measurereport")
    for rule in ("min:MeasureReport.status", "per-1", "mrp-2", "fixed:MeasureReport.type", "format:MeasureReport.date"):
        made, broken = sample_faulty(profile, edition, random.Random(1), rule)
        assert broken == rule
        assert {issue.rule for issue in errors(made, profile, edition)} == {rule}


def test_any_rule(edition):
    """Without a name rules of many kinds are broken."""
    profile = edition.profile("vbp-performance-measurereport")
    found = {sample_faulty(profile, edition, random.Random(seed))[1].partition(":")[0] for seed in range(60)}
    assert len(found) > 6


def test_reasons_are_for_rules_that_exist(edition, edition_1_0_0):
    """What is listed as unbreakable is some rule of some profile; most rules are not listed."""
    for each in (edition, edition_1_0_0):
        for profile in each.profiles:
            assert len(breakable(profile, each)) > 0.8 * len(rule_ids(profile, each))
