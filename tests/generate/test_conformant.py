"""Conformant payloads: valid, varied, the same for the same seed."""

from __future__ import annotations

import json
import random
from collections import defaultdict

import pytest

from vbpr_conformance.fhir.json_codec import dumps
from vbpr_conformance.generate.builder import raw, sample
from vbpr_conformance.generate.drawn_choices import Choices
from vbpr_conformance.generate.paths import has, resolve
from vbpr_conformance.generate.proof import errors
from vbpr_conformance.suite.must_support import variants

PROFILES = ("vbp-performance-measurereport", "vbp-quality-measurereport", "vbp-measure")
EXAMPLES = 500


def _edition(request, version):
    return request.getfixturevalue("edition" if version == "1.1.0" else "edition_1_0_0")


@pytest.mark.parametrize("version", ["1.1.0", "1.0.0"])
@pytest.mark.parametrize("name", PROFILES)
def test_builds_need_hardly_any_retry(request, version, name):
    """What the builder makes is conformant as it is: at most one in twenty-five is sorted out by the proof."""
    edition = _edition(request, version)
    profile = edition.profile(name)
    made = [raw(profile, edition, Choices(random.Random(seed))) for seed in range(200)]
    bad = [seed for seed, each in enumerate(made) if errors(each, profile, edition)]
    assert len(bad) <= 8, bad


@pytest.mark.parametrize("version", ["1.1.0", "1.0.0"])
@pytest.mark.parametrize("name", PROFILES)
def test_samples_are_conformant(request, version, name):
    """Samples are conformant, also those that were not looked at because of the way they are made."""
    edition = _edition(request, version)
    profile = edition.profile(name)
    for seed in range(150):
        assert not errors(sample(profile, edition, random.Random(seed + 1000)), profile, edition)


@pytest.mark.parametrize("name", PROFILES)
def test_same_seed_same_bytes(edition, name):
    """The same seed gives the same bytes, and another seed other ones."""
    profile = edition.profile(name)
    first, again, other = (dumps(sample(profile, edition, random.Random(seed))) for seed in (7, 7, 8))
    assert first == again
    assert first != other


@pytest.mark.parametrize("version", ["1.1.0", "1.0.0"])
@pytest.mark.parametrize("name", PROFILES)
def test_examples_reach_what_there_is_to_reach(request, version, name):
    """500 examples show every must-support element in every form, and 95 % of the codes of each bound value set."""
    edition = _edition(request, version)
    profile = edition.profile(name)
    made = [raw(profile, edition, Choices(random.Random(seed))) for seed in range(EXAMPLES)]
    about = (each for each in edition.requirements if each.about.get("profile") == profile.id)
    impossible = {each.about.get("element") for each in about if each.not_tested}
    missing = [
        form.path
        for form in variants(profile, edition)
        if form.element_id not in impossible
        and not any(has(each, resolve(form.path, profile, edition)) for each in made)
    ]
    assert not missing
    assert not _codes_missing(made, profile, edition)


def _codes_missing(made, profile, edition):
    """Bound value sets of the profile's own elements of which fewer than 95 % of the codes were seen."""
    seen = defaultdict(set)
    for each in made:
        _codes(each, seen)
    found = {}
    for variant_set in _bound(profile, edition):
        value_set = edition.value_set(variant_set)
        codes = {code for _, code in value_set.codes}
        systems = {system for system, _ in value_set.codes}
        shown = codes & set().union(*(seen[system] for system in (*systems, None)))
        if len(shown) < 0.95 * len(codes):
            found[variant_set] = sorted(codes - shown)
    return found


def _bound(profile, edition):
    """The value sets that the profile and its extensions bind codes to, where nothing is fixed."""
    holders = [profile]
    holders += [
        found
        for element in profile.elements
        for ref in element.types
        for url in ref.profiles
        if element.max != 0 and (found := edition.find_profile(url)) and found.url.startswith(edition.own)
    ]
    fixed = {element.id for element in profile.elements if element.fixed is not None}
    for holder in holders:
        for element in holder.elements:
            binding = element.binding
            if binding is None or binding.strength not in ("required", "extensible") or element.max == 0:
                continue
            if element.fixed is not None or any(each.startswith(element.id) for each in fixed):
                continue
            value_set = edition.value_set(binding.value_set or "")
            if (
                value_set is not None and value_set.codes and element.base_path != "Reference.type"
            ):  # follows the target
                yield binding.value_set


def _codes(value, seen):
    if isinstance(value, dict):
        if isinstance(value.get("code"), str):
            seen[value.get("system")].add(value["code"])
        for each in value.values():
            if isinstance(each, str):
                seen[None].add(each)
            _codes(each, seen)
    elif isinstance(value, list):
        for each in value:
            _codes(each, seen)


def test_payloads_are_of_many_kinds(edition):
    """Among the payloads are partial dates, time zones, exponents, non-ASCII and long texts, and many groups."""
    profile = edition.profile("vbp-performance-measurereport")
    made = [raw(profile, edition, Choices(random.Random(seed))) for seed in range(EXAMPLES)]
    text = "\n".join(dumps(each) for each in made)
    assert {len(each["date"]) for each in made} >= {4, 7, 10, 20, 25}
    assert {len(each.get("group", ())) for each in made} >= {0, 1, 2, 3}
    assert max(len(each.get("group", ())) for each in made) >= 15
    assert "1e-7" in text
    assert ".00" in text
    assert "東京" in text
    assert any(len(line) > 400 for line in text.split('"'))
    assert '"_' in text
    assert '"contained"' in text
    assert "example.org/fhir/StructureDefinition/synthetic" in text


def test_all_is_synthetic(edition):
    """Every absolute URL that is not of a standard or guide is of a reserved host."""
    profile = edition.profile("vbp-performance-measurereport")
    for seed in range(100):
        for reference in _references(raw(profile, edition, Choices(random.Random(seed)))):
            assert reference.startswith(("#", "https://payer.example.org/")) or "/syn-" in reference


def _references(value):
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)


def test_payloads_are_json(edition):
    """A payload goes through the codec and any JSON parser."""
    profile = edition.profile("vbp-measure")
    for seed in range(30):
        assert json.loads(dumps(sample(profile, edition, random.Random(seed))))["resourceType"] == "Measure"
