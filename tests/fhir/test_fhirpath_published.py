"""The expressions that R4 and the guide's packages publish."""

from __future__ import annotations

import json
import tarfile

import pytest

from vbpr_conformance.fhir import fhirpath
from vbpr_conformance.fhir.fhirpath.corrections import CORRECTIONS
from vbpr_conformance.fhir.fhirpath.navigation import CHOICES, choice_keys
from vbpr_conformance.fhir.json_codec import loads


def _expressions(package):
    with tarfile.open(package) as archive:
        for member in archive:
            name = member.name.rpartition("/")[2]
            if not name.startswith(("StructureDefinition-", "SearchParameter-")) or not name.endswith(".json"):
                continue
            resource = json.load(archive.extractfile(member))
            if resource["resourceType"] == "SearchParameter":
                yield resource.get("expression", "")
            for element in resource.get("snapshot", {}).get("element", ()):
                yield from (each.get("expression", "") for each in element.get("constraint", ()))
            yield from resource.get("contextInvariant", ())


@pytest.fixture(scope="module")
def published(packages):
    """All distinct expressions of the packages, terminology apart."""
    names = ("r4.core", "us.core", "cqfmeasures", "deqm", "vbpr", "crmi", "extensions.r4-5.2.0")
    return {
        expression
        for package in packages.glob("*.tgz")
        if any(name in package.name for name in names)
        for expression in _expressions(package)
        if expression
    }


def test_everything_published_compiles(published):
    """Every invariant, context invariant and search parameter of the packages can be compiled."""
    assert len(published) > 1500
    for expression in published:
        fhirpath.compile(expression)


def test_corrections_are_of_published_expressions(published):
    """A correction stands only for an expression that is published to the letter."""
    assert set(CORRECTIONS) <= published


def test_choice_elements_are_those_of_r4(base_types):
    """The names that are looked for with a type behind them are exactly R4's choice elements, with all their types."""
    names, keys = set(), set()
    for type_name in base_types.names:
        for element in base_types.definition(type_name)["snapshot"]["element"]:
            name = element["path"].rpartition(".")[2]
            if name.endswith("[x]"):
                stem = name.removesuffix("[x]")
                names.add(stem)
                keys |= {(stem, stem + each["code"][0].upper() + each["code"][1:]) for each in element["type"]}
    assert names == CHOICES
    assert all(key in choice_keys(name) for name, key in keys)


def test_invariants_of_r4_hold_on_r4_examples(shared, base_types):
    """No example that FHIR itself publishes breaks an error-level invariant of its resource type."""
    folder = shared / "testcases" / "r4-examples"
    if not folder.is_dir():
        pytest.skip("R4's examples are not beside the project")
    types = fhirpath.StructureTypes(base_types)
    checked = 0
    for path in sorted(folder.glob("*.json")):
        resource = loads(path.read_bytes())
        definition = base_types.definition(resource["resourceType"])
        env = fhirpath.Environment(resource, types=types)
        for constraint in definition["snapshot"]["element"][0].get("constraint", ()):
            if constraint["severity"] == "error":
                checked += 1
                assert fhirpath.compile(constraint["expression"]).holds(resource, env), (path.name, constraint["key"])
    assert checked > 10


@pytest.mark.parametrize(("answer", "holds"), [({"answerBoolean": True}, True), ({"answerString": "x"}, False)])
def test_the_boolean_of_que_7_is_that_of_fhir(base_types, answer, holds):
    """A condition on the existence of an answer is given by a boolean, which no resource holds as System.Boolean."""
    expression = "operator = 'exists' implies (answer is Boolean)"
    condition = fhirpath.TypedElement(
        {"question": "1", "operator": "exists", **answer}, "Questionnaire.item.enableWhen"
    )
    env = fhirpath.Environment({}, types=fhirpath.StructureTypes(base_types))
    assert fhirpath.compile(expression).holds(condition, env) is holds
