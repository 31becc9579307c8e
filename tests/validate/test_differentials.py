"""StructureDefinitions against their base."""

from __future__ import annotations

import json

import pytest

from vbpr_conformance.ig.model import STRUCTURE_DEFINITION
from vbpr_conformance.validate.compile.known_definitions import KnownDefinitions
from vbpr_conformance.validate.judge import differentials


@pytest.fixture(scope="module")
def known(edition):
    """What the edition holds."""
    return KnownDefinitions(edition)


def profile(*elements, **more):
    """A profile on MeasureReport."""
    stated = [
        {"id": each["id"], "path": ".".join(s.split(":")[0] for s in each["id"].split(".")), **each}
        for each in elements
    ]
    return {
        "resourceType": "StructureDefinition",
        "url": "http://example.org/StructureDefinition/a",
        "kind": "resource",
        "type": "MeasureReport",
        "baseDefinition": f"{STRUCTURE_DEFINITION}MeasureReport",
        "derivation": "constraint",
        "differential": {"element": [{"id": "MeasureReport", "path": "MeasureReport"}, *stated]},
        **more,
    }


def judged(definition, known):
    drafts = differentials.issues(definition, known)
    return [(each.severity, "".join(reversed(each.steps)), each.message) for each in drafts]


SYSTEMS = {"discriminator": [{"type": "value", "path": "system"}], "rules": "open"}
SLICES = (
    {"id": "MeasureReport.identifier", "slicing": SYSTEMS, "min": 1},
    {"id": "MeasureReport.identifier:a", "sliceName": "a", "min": 0, "max": "1"},
    {"id": "MeasureReport.identifier:a.system", "min": 1, "fixedUri": "http://example.org/a"},
)
SCORE = "MeasureReport.group.measureScore"


@pytest.mark.parametrize(
    "elements",
    [
        SLICES,
        [
            {"id": SCORE, "patternQuantity": {"unit": "%"}, "type": [{"code": "Quantity"}]},
            {"id": f"{SCORE}.code", "min": 1},
        ],
        [{"id": "MeasureReport.contained", "type": [{"code": "Organization"}]}, {"id": "MeasureReport.id", "min": 1}],
        [{"id": "MeasureReport", "constraint": [{"key": "a-1", "severity": "error", "expression": "group.exists()"}]}],
        [{"id": "MeasureReport.extension:own.value[x]", "type": [{"code": "string"}], "min": 1}],
    ],
)
def test_what_the_base_allows_may_be_constrained(known, elements):
    """Slices start anew at none, types may be narrowed to those derived from them."""
    assert judged(profile(*elements), known) == []


@pytest.mark.parametrize(
    ("element", "said"),
    [
        ({"id": "MeasureReport.status", "min": 0}, "0 found, the base asks for 1"),
        ({"id": "MeasureReport.status", "max": "2"}, "2 found, the base allows at most 1"),
        ({"id": f"{SCORE}.value", "max": "*"}, "* found, the base allows at most 1"),
        ({"id": "MeasureReport.date", "type": [{"code": "Period"}]}, "Period found, the base allows dateTime"),
        ({"id": "MeasureReport.date", "fixedString": "2024"}, "fixedString found, the element is of type dateTime"),
        (
            {"id": "MeasureReport.group", "constraint": [{"key": "a-1", "severity": "error", "expression": "code.("}]},
            "no FHIRPath",
        ),
    ],
)
def test_what_the_base_does_not_allow_is_told_at_the_element(known, element, said):
    """Cardinality, types, values, and invariants that nobody can read."""
    ((severity, place, message),) = judged(profile(element), known)
    assert (severity, place) == ("error", ".differential.element[1]")
    assert said in message


def test_an_element_that_the_base_lacks_makes_no_profile(known):
    """A profile adds no elements."""
    ((severity, place, message),) = judged(profile({"id": "MeasureReport.colour", "min": 1}), known)
    assert (severity, place) == ("error", ".differential")
    assert message == "No profile can be made of it: element MeasureReport.colour: MeasureReport has no colour."


def test_a_base_of_another_type_or_unknown(known):
    """The first is an error, of the second nothing can be said."""
    ((severity, _, message),) = judged(profile(type="Measure"), known)
    assert (severity, message.partition(",")[0]) == ("error", "'Measure' found")
    ((severity, _, message),) = judged(profile(baseDefinition="http://example.org/none"), known)
    assert (severity, message.partition(":")[0]) == ("warning", "Not checked against http")


def test_what_is_wrong_with_another_definition_is_no_fault_of_this_one(edition, tmp_path):
    """A profile of a type whose own base nobody has cannot be looked into."""
    url = "http://example.org/StructureDefinition/lost"
    lost = profile(url=url, kind="complex-type", type="Identifier", baseDefinition="http://example.org/none")
    lost["differential"]["element"] = [{"id": "Identifier", "path": "Identifier"}]
    (tmp_path / "lost.json").write_text(json.dumps(lost), encoding="utf-8")
    known = KnownDefinitions(edition.with_packages([tmp_path / "lost.json"]))
    uses = {"id": "MeasureReport.identifier", "type": [{"code": "Identifier", "profile": [url]}]}
    ((severity, _, message),) = judged(profile(uses, {"id": "MeasureReport.identifier.system", "min": 1}), known)
    assert severity == "warning"
    assert "is derived from http://example.org/none, which is not known here" in message


@pytest.mark.parametrize(
    "spoilt", [None, 1, "x", {}, [None], [{}], [{"id": 1, "path": 1}], [{"path": "MeasureReport", "type": 1}]]
)
def test_what_is_no_differential_stops_nothing(known, spoilt):
    """Its form is told by the definition of StructureDefinition."""
    judged(profile(differential=spoilt), known)
    judged(profile(differential={"element": spoilt}), known)


def test_a_context_is_for_extensions(known):
    """Nothing else stands at places of its choice."""
    ((severity, place, _),) = judged(profile(context=[{"type": "element", "expression": "Patient"}]), known)
    assert (severity, place) == ("error", ".context[0]")


@pytest.mark.parametrize(("expression", "count"), [("MeasureReport.date", 0), ("MeasureReport.(", 1), (None, 0)])
def test_the_expression_of_a_search_parameter_is_fhirpath(expression, count):
    """What cannot be read finds nothing."""
    assert len(differentials.search_parameter_issues({"expression": expression})) == count
