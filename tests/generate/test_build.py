"""Wishes: what a caller may ask of a payload."""

from __future__ import annotations

import random

import pytest

from vbpr_conformance.errors import UsageError
from vbpr_conformance.generate.builder import build
from vbpr_conformance.generate.paths import has, resolve
from vbpr_conformance.generate.proof import errors
from vbpr_conformance.suite.must_support import variants

PERFORMANCE = "vbp-performance-measurereport"
PROFILES = (PERFORMANCE, "vbp-quality-measurereport", "vbp-measure")


def test_set_values(edition):
    """Values stand where their paths say, in every group, and the payload is conformant with them."""
    organization = {"reference": "Organization/mine"}
    wanted = {
        "status": "pending",
        "period.start": "2024-01-01",
        "period.end": "2024-12-31",
        "group.measureScore.value": 7,
        "subject.extension:orgSubject.valueReference": organization,
    }
    made = build(PERFORMANCE, edition, random.Random(1), set=wanted)
    assert made["status"] == "pending"
    assert made["period"] == {"start": "2024-01-01", "end": "2024-12-31"}
    assert {group["measureScore"]["value"] for group in made["group"]} == {7}
    assert [each["valueReference"] for each in made["subject"]["extension"] if "valueReference" in each] == [
        organization
    ]
    assert not errors(made, edition.profile(PERFORMANCE), edition)


def test_set_one_item(edition):
    """An index picks one item of a list; a list replaces all of it; a single value becomes a list."""
    code = {"text": "Synthetic metric"}
    made = build(PERFORMANCE, edition, random.Random(2), set={"group[0].code": code, "identifier": {"value": "1"}})
    assert made["group"][0]["code"] == code
    assert made["identifier"] == [{"value": "1"}]
    several = build(PERFORMANCE, edition, random.Random(2), set={"identifier": [{"value": "1"}, {"value": "2"}]})
    assert [each["value"] for each in several["identifier"]] == ["1", "2"]


def test_drop(edition):
    """What is dropped is gone, by `drop` and by a value of None alike."""
    for seed in range(20):
        made = build(PERFORMANCE, edition, random.Random(seed), set={"group": None}, drop=["identifier"])
        assert made.keys().isdisjoint({"group", "identifier"})


@pytest.mark.parametrize("version", ["1.1.0", "1.0.0"])
@pytest.mark.parametrize("name", PROFILES)
def test_required_variants(request, version, name):
    """Each form of each must-support element can be asked for, but where the edition says that none may have it."""
    edition = request.getfixturevalue("edition" if version == "1.1.0" else "edition_1_0_0")
    profile = edition.profile(name)
    about = (each for each in edition.requirements if each.about.get("profile") == profile.id)
    impossible = {each.about.get("element") for each in about if each.not_tested}
    for form in variants(profile, edition):
        if form.element_id in impossible:
            with pytest.raises(UsageError, match="cannot have"):
                build(profile, edition, random.Random(1), require=[form.path], size="minimal")
            continue
        made = build(profile, edition, random.Random(1), require=[form.path], size="minimal")
        assert has(made, resolve(form.path, profile, edition)), form


def test_what_is_required_is_there_in_full_payloads_too(edition):
    """A rule that lets one of two elements stand keeps the one that was asked for, however much else is there."""
    profile = edition.profile("vbp-quality-measurereport")
    code = resolve("group.stratifier.code", profile, edition)
    for seed in range(25):
        made = build(profile, edition, random.Random(seed), require=["group.stratifier.code"], size="maximal")
        assert has(made, code), seed


def test_the_smallest_payloads_have_the_types_that_the_profile_names(edition):
    """A choice that is open to any type is one of the named ones in a minimal payload."""
    path = "relatedArtifact:component.extension:contractualStatus"
    profile = edition.profile("vbp-measure")
    for seed in range(25):
        made = build(profile, edition, random.Random(seed), require=[path], size="minimal")
        statuses = [
            each for each in made["relatedArtifact"][0]["extension"] if each["url"].endswith("contractual-status")
        ]
        assert [each.keys() for each in statuses] == [{"url", "valueCodeableConcept"}], seed


def test_choice_types_of_extensions_are_variants(edition):
    """The types that an extension of the profile may hold are variants of their own."""
    forms = variants(edition.profile(PERFORMANCE), edition)
    names = [each.path for each in forms if each.element_id.endswith("group.measureScore.extension:altMeasureScore")]
    types = {each.rpartition(".value")[2] for each in names}
    assert types == {"Boolean", "Decimal", "Integer", "CodeableConcept", "Money"}


def test_sizes(edition):
    """A minimal payload has only what it must have, a maximal one nearly all it can have."""
    profile = edition.profile(PERFORMANCE)
    small = build(profile, edition, random.Random(1), size="minimal")
    large = build(profile, edition, random.Random(1), size="maximal")
    required = {child.name for child in profile.root.children if child.min}
    assert small.keys() == required | {"resourceType", "meta"}
    assert large.keys() >= {"identifier", "group", "evaluatedResource", "text", "language"}


def test_stamps_and_references(edition):
    """Tag and identifier are stamped on a payload; references point to what the caller has."""
    tag, identifier = {"system": "urn:run", "code": "1"}, {"system": "urn:run", "value": "1-2"}
    held = {"Organization": ["Organization/a"], "Group": ["Group/b"], "Practitioner": ["Practitioner/c"]}
    held |= {"PractitionerRole": ["PractitionerRole/d"], "Measure": ["http://example.org/Measure/e|1"]}
    made = build(PERFORMANCE, edition, random.Random(3), tag=tag, identifier=identifier, references=held)
    assert tag in made["meta"]["tag"]
    assert identifier in made["identifier"]
    assert made["reporter"]["reference"] == "Organization/a"
    assert made["subject"]["reference"] in {"Group/b", "Practitioner/c", "PractitionerRole/d"}
    assert made["measure"] == "http://example.org/Measure/e|1"
    assert "contained" not in made


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        ({"set": {"nothing": 1}}, "there is no nothing here"),
        ({"set": {"group.extension:nothing": 1}}, "extension has no slice nothing"),
        ({"require": ["group..code"]}, "is no path"),
        ({"set": {"improvementNotation": {}}}, "there is no improvementNotation"),
        ({"set": {"status": "no-status"}}, "No conformant vbp-performance-measurereport"),
        ({"drop": ["status"]}, "No conformant vbp-performance-measurereport"),
        ({"set": {"MeasureReport": 1}}, "names the whole resource"),
    ],
)
def test_what_cannot_be_had_is_said(edition, wishes, words):
    """A wish that no conformant payload can meet is a usage error that says which."""
    with pytest.raises(UsageError, match=words.replace("[", r"\[")):
        build(PERFORMANCE, edition, random.Random(1), **wishes)
