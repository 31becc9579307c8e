"""The rules that the validator says it knows."""

from __future__ import annotations

import pytest
from test_faults import MEASURE, PERFORMANCE, QUALITY

from vbpr_conformance.fhir import fhirpath
from vbpr_conformance.validate.compile.base_invariants import CLOSURES
from vbpr_conformance.validate.judge.scope import Scope
from vbpr_conformance.validate.rules import RULE_KINDS
from vbpr_conformance.validate.validator import validator_for

NOT_OF_A_PROFILE = {"shape:Resource", "profile:Resource"}
"""What is said of a resource before any profile is looked at."""


@pytest.mark.parametrize(
    ("profile", "rows"),
    [
        ("vbp-performance-measurereport", PERFORMANCE),
        ("vbp-quality-measurereport", QUALITY),
        ("vbp-measure", MEASURE),
    ],
)
def test_every_rule_that_a_fault_breaks_is_listed(edition, profile, rows):
    """Issues and the list of rules use the same ids."""
    known = {rule.id for rule in validator_for(edition).rules(edition.profile(profile))}
    for _, _, wanted, place in rows:
        if ".contained" in place:
            continue
        broken = {wanted} if isinstance(wanted, str) else wanted or set()
        assert broken - NOT_OF_A_PROFILE <= known | {"shape:Resource"}, broken


def test_rules_say_where_they_stand(edition):
    """A rule has one id, and a place for each element it is about."""
    found = validator_for(edition).rules(edition.profile("vbp-performance-measurereport"))
    assert {rule.kind for rule in found} <= RULE_KINDS.keys() | {"invariant"}
    assert len(found) == len(set(map(repr, found)))
    (fixed,) = [rule for rule in found if rule.id == "fixed:MeasureReport.type"]
    assert (fixed.place, fixed.detail, fixed.severity) == ("MeasureReport.type", "summary", "error")
    assert "MeasureReport.period" in {rule.place for rule in found if rule.id == "per-1"}
    assert "MeasureReport.group.extension:servicePeriod.value[x]" in {
        rule.place for rule in found if rule.id == "per-1"
    }


CASES = {
    "per-1": [
        {},
        {"start": "2024"},
        {"end": "2024"},
        {"start": "2024", "end": "2023"},
        {"start": "2023", "end": "2024"},
    ],
    "qty-3": [{}, {"code": "a"}, {"system": "b"}, {"code": "a", "system": "b"}],
    "ref-1": [{}, {"reference": "#a"}, {"reference": "#b"}, {"reference": "Patient/a"}],
    "dom-2": [{"contained": [{"id": "a"}]}, {"contained": [{"id": "a", "contained": [{"id": "b"}]}]}, {}],
    "dom-3": [
        {},
        {"contained": [{"id": "a"}]},
        {"contained": [{"id": "a"}], "subject": {"reference": "#a"}},
        {"contained": [{"id": "a", "subject": {"reference": "#"}}]},
        {"contained": [{"id": "a"}, {"id": "b"}], "subject": {"reference": "#a"}},
    ],
    "dom-4": [
        {"contained": [{"meta": {"versionId": "1"}}]},
        {"contained": [{"meta": {"lastUpdated": "x"}}]},
        {"contained": [{}]},
    ],
    "dom-5": [{"contained": [{"meta": {"security": [{"code": "a"}]}}]}, {"contained": [{"meta": {}}]}],
    "dom-6": [{}, {"text": {"status": "empty"}}, {"text": {"div": "a"}}],
    "mrp-1": [
        {"type": "summary", "group": [{}]},
        {"type": "data-collection", "group": [{}]},
        {"type": "data-collection"},
    ],
    "mrp-2": [
        {"group": [{}, {"stratifier": [{}, {"stratum": [{"value": {"text": "a"}}, {"component": [{}, {}]}]}]}]},
        {"group": [{"stratifier": [{"stratum": [{"value": {"text": "a"}, "component": [{}]}]}]}]},
        {"group": [{"stratifier": [{"stratum": [{"value": {"text": "a"}}]}]}, {"stratifier": [{"stratum": [{}]}]}]},
        {"group": {"stratifier": {"stratum": {"value": {"text": "a"}, "component": []}}}},
    ],
}


@pytest.mark.parametrize(
    ("key", "expression", "value"),
    [(key, expression, value) for key, expression in CLOSURES for value in CASES.get(key, ())],
)
def test_closures_mean_what_the_published_expressions_say(validator, key, expression, value):
    """Each closure gives the answer that FHIRPath gives, in a resource that contains #a."""
    resource = {"resourceType": "MeasureReport", "contained": [{"id": "a"}]}
    whole = {"resourceType": "MeasureReport", **value} if key.startswith(("dom", "mrp")) else resource
    scope = Scope(validator, whole)
    node = whole if key.startswith(("dom", "mrp")) else value
    env = fhirpath.Environment(whole, types=validator.types)
    expected = fhirpath.compile(expression).truth(fhirpath.TypedElement(node, _type(key)), env)
    closure = CLOSURES[key, expression]
    assert closure.holds(node, scope) == (expected is not False)
    if not all(name in node for name in closure.needs):
        assert expected is not False, "met without what it needs"


def _type(key):
    return {"per": "Period", "qty": "Quantity", "ref": "Reference"}.get(key[:3], "MeasureReport")


def test_every_closure_is_compared_with_its_expression():
    """No closure without cases; htmlChecks is the same function on both sides."""
    assert {key for key, _ in CLOSURES} == CASES.keys() | {"txt-1", "txt-2"}


def test_every_closure_stands_for_an_invariant_of_the_edition(edition):
    """An expression that is published otherwise would never meet its closure."""
    published = {
        (constraint.key, constraint.expression)
        for name in ("MeasureReport", "Period", "Quantity", "Reference", "Narrative")
        for element in edition.profile(name).elements
        for constraint in element.constraints
    }
    assert CLOSURES.keys() <= published
