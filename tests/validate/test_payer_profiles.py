"""What profiles and extensions of others may say that the guide's do not: each with a fault and a valid variant."""

from __future__ import annotations

import json

import pytest
from validate_edits import R4, ext, put

from vbpr_conformance.validate.issue import is_valid
from vbpr_conformance.validate.validator import Validator

OWN = "https://payer.example.org/StructureDefinition/"


def extension(name, *, most="*", contexts=(("element", "Element"),), **more):
    """Give the definition of an extension that holds a string."""
    url = OWN + name
    return {
        "resourceType": "StructureDefinition",
        "url": url,
        "name": name,
        "status": "draft",
        "kind": "complex-type",
        "abstract": False,
        "type": "Extension",
        "baseDefinition": R4 + "Extension",
        "derivation": "constraint",
        "context": [{"type": kind, "expression": expression} for kind, expression in contexts],
        **more,
        "differential": {
            "element": [
                {"id": "Extension", "path": "Extension", "min": 0, "max": most},
                {"id": "Extension.extension", "path": "Extension.extension", "max": "0"},
                {"id": "Extension.url", "path": "Extension.url", "fixedUri": url},
                {"id": "Extension.value[x]", "path": "Extension.value[x]", "min": 1, "type": [{"code": "string"}]},
            ]
        },
    }


def profile(*elements):
    """Give a profile of R4's MeasureReport with these elements."""
    return {
        "resourceType": "StructureDefinition",
        "url": OWN + "report",
        "name": "Report",
        "status": "draft",
        "kind": "resource",
        "abstract": False,
        "type": "MeasureReport",
        "baseDefinition": R4 + "MeasureReport",
        "derivation": "constraint",
        "differential": {
            "element": [{"id": "MeasureReport", "path": "MeasureReport"}]
            + [{"path": each["id"].partition(":")[0], **each} for each in elements]
        },
    }


def reference(*modes, **more):
    """Give the subject's type with modes of aggregation, or more."""
    target = {"code": "Reference", **({"aggregation": list(modes)} if modes else {}), **more}
    return profile({"id": "MeasureReport.subject", "type": [target]})


def required_on(path):
    """Give a profile that asks for an extension on a primitive element."""
    return profile(
        {
            "id": f"{path}.extension",
            "slicing": {"discriminator": [{"type": "value", "path": "url"}], "rules": "open"},
        },
        {
            "id": f"{path}.extension:note",
            "path": f"{path}.extension",
            "sliceName": "note",
            "min": 1,
            "max": "1",
            "type": [{"code": "Extension", "profile": [OWN + "note"]}],
        },
    )


NOTE = ext(OWN + "note", valueString="a")
ONCE = extension("note", most="1")
ON_DRAFTS = extension("note", contexts=[("fhirpath", "MeasureReport.group.where(id = 'g1')")])
OF_COMPLETE = extension("note", contextInvariant=["count > 5"])
SAYS_A = extension("note", contextInvariant=["%extension.value = 'a'"])
NO_NOTE = {"min:MeasureReport.date.extension", "min:MeasureReport.date.extension:note"}

ROWS = [
    # an extension that a primitive must have
    ("date needs a note", [ONCE, required_on("MeasureReport.date")], {"_date": {"extension": [NOTE]}}, set()),
    ("date needs a note", [ONCE, required_on("MeasureReport.date")], {}, NO_NOTE),
    (
        "date has another note",
        [ONCE, required_on("MeasureReport.date")],
        {"_date": {"extension": [ext("https://payer.example.org/x", valueCode="a")]}},
        {"min:MeasureReport.date.extension:note"},
    ),
    (
        "each profile needs a note",
        [ONCE, required_on("MeasureReport.meta.profile")],
        {"meta": {"profile": [R4 + "MeasureReport"], "_profile": [{"extension": [NOTE]}]}},
        set(),
    ),
    (
        "each profile needs a note",
        [ONCE, required_on("MeasureReport.meta.profile")],
        {"meta": {"profile": [R4 + "MeasureReport"]}},
        {"min:MeasureReport.meta.profile.extension", "min:MeasureReport.meta.profile.extension:note"},
    ),
    # the maximum that an extension's definition states
    ("one note", [ONCE], {"extension": [NOTE]}, set()),
    ("two notes", [ONCE], {"extension": [NOTE, NOTE]}, {"max:Extension"}),
    ("two notes elsewhere", [ONCE], {"extension": [NOTE], "group/0/extension": [NOTE]}, set()),
    # contexts by FHIRPath
    ("in the group of the context", [ON_DRAFTS], {"group/0/id": "g1", "group/0/extension": [NOTE]}, set()),
    (
        "in another group",
        [ON_DRAFTS],
        {"group/0/id": "g2", "group/0/extension": [NOTE]},
        {"extension-context:MeasureReport.group.extension"},
    ),
    ("context invariant met", [OF_COMPLETE], {"group/0/population/0/extension": [NOTE]}, set()),
    (
        "context invariant not met",
        [OF_COMPLETE],
        {"group/0/population/0/extension": [NOTE], "group/0/population/0/count": 5},
        {"extension-context:MeasureReport.group.population.extension"},
    ),
    ("an invariant about the extension", [SAYS_A], {"extension": [NOTE]}, set()),
    (
        "an invariant about the extension",
        [SAYS_A],
        {"extension": [{**NOTE, "valueString": "b"}]},
        {"extension-context:MeasureReport.extension"},
    ),
    # where the target of a reference may be, and whether its version is named
    ("contained", [reference("contained")], {"subject": {"reference": "#o"}}, set()),
    (
        "contained only",
        [reference("contained")],
        {"subject": {"reference": "Organization/o"}},
        {"target:MeasureReport.subject"},
    ),
    ("referenced", [reference("referenced")], {"subject": {"reference": "Organization/o"}}, set()),
    ("never contained", [reference("referenced")], {"subject": {"reference": "#o"}}, {"target:MeasureReport.subject"}),
    ("bundled", [reference("bundled")], {"subject": {"reference": "Organization/o"}}, {"target:MeasureReport.subject"}),
    (
        "bundled, of a type nobody can tell",
        [reference("bundled")],
        {"subject": {"reference": "https://payer.example.org/o"}},
        {"target:MeasureReport.subject"},
    ),
    ("contained too", [reference("bundled", "contained")], {"subject": {"reference": "#o"}}, set()),
    (
        "a version",
        [reference(versioning="specific")],
        {"subject": {"reference": "Organization/o/_history/1"}},
        set(),
    ),
    (
        "a version",
        [reference(versioning="specific")],
        {"subject": {"reference": "Organization/o"}},
        {"target:MeasureReport.subject"},
    ),
    (
        "no version",
        [reference(versioning="independent")],
        {"subject": {"reference": "Organization/o/_history/1"}},
        {"target:MeasureReport.subject"},
    ),
    ("no version", [reference(versioning="independent")], {"subject": {"reference": "Organization/o"}}, set()),
]

CONTAINED = {"resourceType": "Organization", "id": "o", "name": "Payer", "active": True}


@pytest.fixture
def validator_with(edition, tmp_path):
    """Give a validator that also holds these definitions, passed as files."""

    def made(*definitions):
        files = []
        for definition in definitions:
            files.append(tmp_path / f"{definition['name']}.json")
            files[-1].write_text(json.dumps(definition))
        return Validator(edition.with_packages(files))

    return made


def told_by(path, kind, **own):
    """Give a profile with one slice of identifiers, told by this path; what it says is on its `type`, or on itself."""
    slicing = {"discriminator": [{"type": kind, "path": path}], "rules": "open"}
    slice_ = {"id": "MeasureReport.identifier:a", "sliceName": "a", "min": 1, "max": "1"}
    type_ = {"id": "MeasureReport.identifier:a.type", "path": "MeasureReport.identifier.type", **own}
    return profile(
        {"id": "MeasureReport.identifier", "slicing": slicing},
        *([{**slice_, **own}] if path == "system" else [slice_, type_]),
    )


IN_SLICE = told_by("type.coding.code", "value")
IN_SLICE["differential"]["element"] += [
    {
        "id": "MeasureReport.identifier:a.type.coding",
        "path": "MeasureReport.identifier.type.coding",
        "slicing": {"discriminator": [{"type": "value", "path": "code"}], "rules": "open"},
    },
    {
        "id": "MeasureReport.identifier:a.type.coding:own",
        "path": "MeasureReport.identifier.type.coding",
        "sliceName": "own",
        "min": 1,
    },
    {
        "id": "MeasureReport.identifier:a.type.coding:own.code",
        "path": "MeasureReport.identifier.type.coding.code",
        "min": 1,
        "fixedCode": "a",
    },
]
CODED = {"coding": [{"system": OWN, "code": "a"}]}


@pytest.mark.parametrize(
    "definition",
    [
        told_by("system", "value", patternIdentifier={"system": OWN}),
        told_by("type.coding.code", "value", patternCodeableConcept=CODED),
        told_by("type.coding.code", "pattern", fixedCodeableConcept=CODED),
        told_by("type.coding", "pattern", patternCodeableConcept=CODED),
        IN_SLICE,  # as R4's own profile of blood pressure tells its components
    ],
)
@pytest.mark.parametrize(("count", "rules"), [(0, {"min"}), (1, set()), (2, {"max"})])
def test_a_slice_may_be_told_by_a_pattern_further_up_the_path(validator_with, report, definition, count, rules):
    """A discriminator may lead into a value that is fixed as a whole, or into a slice."""
    other = {"system": "https://other.example.org", "type": {"coding": [{"system": OWN, "code": "b"}]}}
    report["identifier"] = [other] + [{"system": OWN, "type": CODED}] * count
    issues = validator_with(definition).issues(report, [definition["url"]])
    assert {each.rule.partition(":")[0] for each in issues if each.is_error} == rules


LIBRARY = {"resourceType": "Library", "id": "l", "status": "draft", "type": {"text": "x"}}
ONE_ORGANIZATION = profile(
    {
        "id": "MeasureReport.contained",
        "slicing": {"discriminator": [{"type": "type", "path": "$this"}], "rules": "closed"},
    },
    {
        "id": "MeasureReport.contained:a",
        "sliceName": "a",
        "min": 1,
        "max": "1",
        "type": [{"code": "Organization", "profile": [OWN + "organization"]}],
    },
)
NAMED = {
    **ONE_ORGANIZATION,
    "url": OWN + "organization",
    "name": "Named",
    "type": "Organization",
    "baseDefinition": R4 + "Organization",
    "differential": {"element": [{"id": "Organization.name", "path": "Organization.name", "patternString": "A"}]},
}


@pytest.mark.parametrize(
    ("contained", "rules"),
    [
        ([{"resourceType": "Organization", "id": "o", "name": "A"}], set()),
        ([{"resourceType": "Organization", "id": "o", "name": "B"}], {"pattern:Organization.name"}),
        ([{"resourceType": "Organization", "id": i, "name": "A"} for i in "op"], {"max:MeasureReport.contained:a"}),
        ([{"resourceType": "Organization", "id": "o", "name": "A"}, LIBRARY], {"slice:MeasureReport.contained"}),
        ([LIBRARY], {"min:MeasureReport.contained:a", "slice:MeasureReport.contained"}),
    ],
)
def test_contained_resources_may_be_sliced(validator_with, report, contained, rules):
    """The slices of what holds resources are counted, and what they ask of their items is asked."""
    report["contained"] = contained
    report["evaluatedResource"] = [{"reference": f"#{each['id']}"} for each in contained]
    issues = validator_with(ONE_ORGANIZATION, NAMED).issues(report, [ONE_ORGANIZATION["url"]])
    assert {each.rule for each in issues if each.is_error} == rules


@pytest.mark.parametrize(("count", "rules"), [(0, {"min"}), (1, set()), (2, {"max"})])
def test_primitive_values_may_be_sliced(validator_with, report, count, rules):
    """Slices of plain values are told by the values themselves."""
    definition = profile(
        {
            "id": "MeasureReport.meta.profile",
            "slicing": {"discriminator": [{"type": "value", "path": "$this"}], "rules": "open"},
        },
        {
            "id": "MeasureReport.meta.profile:a",
            "sliceName": "a",
            "min": 1,
            "max": "1",
            "patternCanonical": OWN + "a",
        },
    )
    report["meta"] = {"profile": [OWN + "b"] + [OWN + "a"] * count}
    issues = validator_with(definition).issues(report, [definition["url"]])
    assert {each.rule.partition(":")[0] for each in issues if each.is_error} == rules


@pytest.fixture
def report():
    """Give a small report; references to `#o` find an Organization in it."""
    return {
        "resourceType": "MeasureReport",
        "status": "complete",
        "type": "summary",
        "measure": "https://payer.example.org/Measure/m",
        "subject": {"reference": "Organization/x"},
        "date": "2024-01-01",
        "period": {"start": "2023", "end": "2023"},
        "group": [{"population": [{"count": 7}]}],
    }


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_rule_of_others_is_judged(validator_with, report, row):
    """What breaks the rule is found at it and nothing else is; what meets it is fine."""
    _, definitions, edits, rules = row
    for path, value in edits.items():
        put(report, path, value)
    if report["subject"]["reference"] == "#o":
        report["contained"] = [CONTAINED]
    own = [each["url"] for each in definitions if each["type"] != "Extension"]
    issues = validator_with(*definitions).issues(report, own or None)
    assert {each.rule for each in issues if each.is_error} == rules


@pytest.mark.parametrize(("wanted", "valid"), [("Organization/o", True), ("Organization/p", False)])
def test_a_bundled_target_is_in_the_same_bundle(validator_with, report, wanted, valid):
    """A reference to an entry is fine where the target must be bundled; one to what is no entry is not."""
    report["subject"]["reference"] = wanted
    report["meta"] = {"profile": [OWN + "report"]}
    resources = [report | {"id": "r"}, CONTAINED]
    entries = [
        {"fullUrl": f"https://payer.example.org/fhir/{each['resourceType']}/{each['id']}", "resource": each}
        for each in resources
    ]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    assert is_valid(validator_with(reference("bundled")).issues(bundle)) is valid


@pytest.mark.parametrize(("versioning", "valid"), [("specific", False), ("independent", True), ("either", True)])
def test_a_canonical_names_a_version_where_it_must(validator_with, report, versioning, valid):
    """The measure of a report is a canonical, with a version or without."""
    own = profile({"id": "MeasureReport.measure", "type": [{"code": "canonical", "versioning": versioning}]})
    validator = validator_with(own)
    assert is_valid(validator.issues(report, [own["url"]])) is valid
    report["measure"] += "|1.0"
    assert is_valid(validator.issues(report, [own["url"]])) is (versioning != "independent")


@pytest.mark.parametrize(
    ("edits", "rules"),
    [
        ({"_status": {"id": "s"}}, set()),
        ({"_status": {}}, {"ele-1"}),
        ({"_implicitRules": {"id": "s"}}, {"ele-1"}),
        ({"meta": {"profile": [R4 + "MeasureReport"], "_profile": [{"id": "s"}]}}, set()),
        ({"meta": {"profile": [None], "_profile": [{"id": "s"}]}}, {"ele-1"}),
        ({"_status": {"id": "s"}, "_type": {"id": "s"}}, {"element-id:code.id"}),
    ],
)
def test_an_id_beside_a_value_is_content_enough(validator, report, edits, rules):
    """A value may have an id beside it; an empty companion is none, and an id is used once."""
    assert {each.rule for each in validator.issues(report | edits) if each.is_error} == rules


def test_ids_of_elements_stand_in_snapshot_and_differential(validator_with):
    """A StructureDefinition tells of the same element in both; ids are used once in each."""
    definition = ONCE | {"snapshot": ONCE["differential"]}
    issues = validator_with(ONCE).issues(definition)
    assert not [each for each in issues if each.rule.startswith("element-id")]
