"""Payloads with one rule broken."""

from __future__ import annotations

import random

import pytest

from vbpr_conformance.errors import UsageError
from vbpr_conformance.generate.faulty import attempt, breakable, rule_ids, sample_faulty
from vbpr_conformance.generate.proof import errors
from vbpr_conformance.generate.unbreakable import reason, reasons

VERSIONS = ("1.1.0", "1.0.0")
PROFILES = ("vbp-performance-measurereport", "vbp-quality-measurereport", "vbp-measure")


def _edition(request, version):
    return request.getfixturevalue("edition" if version == "1.1.0" else "edition_1_0_0")


def _broken(profile, edition, rule, payloads=10):
    """Whether one of some payloads breaks the rule alone: a rare rule asks for several to meet a fitting one."""
    seeds = range(1, payloads + 1)
    return any(attempt(profile, edition, random.Random(seed), rule) is not None for seed in seeds)


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", PROFILES)
def test_every_rule_is_broken_or_listed(request, version, name):
    """For every rule of a profile there is a payload that breaks it alone, or a reason why there is none."""
    edition = _edition(request, version)
    profile = edition.profile(name)
    assert [rule for rule in breakable(profile, edition) if not _broken(profile, edition, rule)] == []


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", PROFILES)
def test_reasons_cover_nothing_that_can_be_broken(request, version, name):
    """What is listed as unbreakable resists: the pattern of a reason covers no rule that can be broken alone."""
    edition = _edition(request, version)
    profile = edition.profile(name)
    listed = [rule for rule in rule_ids(profile, edition) if reason(rule, profile, edition) is not None]
    assert [rule for rule in listed if _broken(profile, edition, rule)] == []


def test_reasons_are_for_rules_that_exist(edition, edition_1_0_0):
    """Each reason speaks of some rule of some profile of some edition, and most rules have none."""
    listed, used = set(), set()
    for each in (edition, edition_1_0_0):
        listed |= set(reasons(each))
        for profile in each.profiles:
            ids = rule_ids(profile, each)
            used |= {why for why in reasons(each) for rule in ids if why.covers(rule, profile)}
            assert len(breakable(profile, each)) > 0.85 * len(ids)
    assert listed - used == set()


@pytest.mark.parametrize("name", PROFILES)
def test_exactly_the_named_rule(edition, name):
    """Rule by rule, drawn from all: the validator finds the named rule broken, and nothing else."""
    profile = edition.profile(name)
    rng = random.Random(1)
    for rule in rng.sample(breakable(profile, edition), 100):
        made, broken = sample_faulty(profile, edition, rng, rule)
        assert broken == rule
        assert {issue.rule for issue in errors(made, profile, edition)} == {rule}


def test_any_rule(edition):
    """Without a name rules of many kinds are broken."""
    profile = edition.profile("vbp-performance-measurereport")
    found = {sample_faulty(profile, edition, random.Random(seed))[1].partition(":")[0] for seed in range(60)}
    assert len(found) > 6


def test_what_is_never_broken_alone_is_refused(edition):
    """A rule that cannot be broken alone is refused with the reason, one that is none by its name."""
    profile = edition.profile("vbp-performance-measurereport")
    with pytest.raises(UsageError, match="fixes another type"):
        sample_faulty(profile, edition, random.Random(1), "mrp-1")
    with pytest.raises(UsageError, match="no rule 'nothing'"):
        sample_faulty(profile, edition, random.Random(1), "nothing")
