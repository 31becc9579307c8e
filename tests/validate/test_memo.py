"""What is remembered changes no verdict: neither across places, nor across values that only look alike."""

from __future__ import annotations

import copy
import gc
from decimal import Decimal

import pytest
from test_faults import PERFORMANCE
from validate_edits import put

from vbpr_conformance.fhir import json_codec
from vbpr_conformance.validate.compile import memo
from vbpr_conformance.validate.validator import Validator

OWNER = {"resourceType": "Organization", "id": "owner", "name": "Owner"}


@pytest.fixture
def remembered(monkeypatch):
    """Give the values that a memory was asked about, as they come."""
    asked = []
    monkeypatch.setattr(memo, "dumps", lambda value, version: asked.append(value) or _dumps(value, version))
    return asked


_dumps = memo.dumps


def test_verdicts_are_those_of_a_validator_that_remembers_nothing(edition, valid):
    warm = Validator(edition)
    for path, value, _, _ in PERFORMANCE[::4] * 2:
        changed = valid("performance")
        put(changed, path, value)
        assert warm.issues(copy.deepcopy(changed)) == Validator(edition).issues(changed), path


def test_what_refers_to_something_else_is_judged_where_it_stands(edition, valid):
    validator = Validator(edition)
    whole, part = valid("performance"), valid("performance")
    for each in (whole, part):
        each["contained"][0]["partOf"] = {"reference": "#owner"}
    whole["contained"].append(OWNER)
    for _ in range(3):
        assert not [each for each in validator.issues(whole) if each.is_error]
        assert "ref-1" in {each.rule.partition(":")[0] for each in validator.issues(part)}


def test_an_id_is_found_again_in_equal_elements(edition, valid):
    validator = Validator(edition)
    report = valid("performance")
    for group in report["group"]:
        group["code"] = {"id": "same", "text": "a"}
    for _ in range(3):
        found = [each for each in validator.issues(report) if each.rule.startswith("element-id")]
        assert [each.expression for each in found] == ["MeasureReport.group[1].code.id"]


def test_findings_that_are_told_again_have_their_own_place(edition, valid):
    validator = Validator(edition)
    report = valid("performance")
    report["group"] = [
        {**report["group"][1], "id": f"g{number}", "population": [{"code": {"text": "all"}, "count": number}]}
        for number in range(4)
    ]
    for _ in range(3):
        found = [each.expression for each in validator.issues(report) if "population[0].code" in each.expression]
        assert found == [f"MeasureReport.group[{number}].population[0].code" for number in range(4)]


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ({"code": "a", "system": "urn:x", "userSelected": True}, {"code": "a", "system": "urn:x", "userSelected": 1}),
        ({"code": "1", "system": "urn:x"}, {"code": 1, "system": "urn:x"}),
        ({"code": "1", "system": "urn:x"}, {"code": Decimal(1), "system": "urn:x"}),
    ],
)
def test_values_that_look_alike_are_told_apart(edition, valid, good, bad):
    validator = Validator(edition)
    one, other = valid("performance"), valid("performance")
    one["group"][0]["code"] = {"coding": [*one["group"][0]["code"]["coding"], good]}
    other["group"][0]["code"] = {"coding": [*one["group"][0]["code"]["coding"][:-1], bad]}
    for _ in range(3):
        assert not [each for each in validator.issues(one) if each.is_error]
        assert [each.rule.partition(":")[0] for each in validator.issues(other) if each.is_error] == ["format"]


def test_a_list_that_is_no_array_of_json_is_told_apart(edition, valid):
    validator = Validator(edition)
    report = valid("performance")
    concept = report["group"][0]["code"]
    assert not [each for each in validator.issues(report) if each.is_error]
    report["group"][0]["code"] = {**concept, "coding": tuple(concept["coding"])}
    assert [each for each in validator.issues(report) if each.is_error]


def test_values_come_from_memory_and_those_that_never_come_back_are_given_up(edition, valid, remembered):
    validator = Validator(edition)
    report = valid("performance")
    asked = []
    for number in range(200):
        report["period"]["start"] = f"2023-01-{number % 28 + 1:02}T00:00:{number // 4:02}Z"
        remembered.clear()
        validator.issues(report)
        asked.append(report["period"] in remembered)
    assert asked[0]
    assert not asked[-1]
    assert any(isinstance(each, dict) and "coding" in each for each in remembered)


def test_a_resource_is_gone_when_it_was_judged(validator, valid):
    """Nothing that judges it holds itself, and thereby the resource, until Python searches for garbage."""
    data = json_codec.dumps(valid("quality"))
    validator.issues_of(data)
    gc.collect()
    gc.disable()
    try:
        validator.issues_of(data)
        assert gc.collect() == 0
    finally:
        gc.enable()
