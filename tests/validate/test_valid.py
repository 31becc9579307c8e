"""No false alarm: what FHIR allows is no error."""

from __future__ import annotations

import json
import tarfile

import pytest
from validate_edits import GONE, R4, VBPR, coded, ext, put

from vbpr_conformance.fhir import json_codec

FOREIGN = ext("https://payer.example.org/x", valueString="a")

VARIANTS = [
    (
        "performance",
        {
            "extension": [
                FOREIGN,
                ext(R4 + "measurereport-category", valueCodeableConcept=coded("http://x.example.org", "vbp")),
            ]
        },
    ),
    ("performance", {"group/0/extension/+": FOREIGN, "group/0/measureScore/extension/+": FOREIGN}),
    ("performance", {"group/0/extension/0/extension/+": FOREIGN}),
    (
        "performance",
        {"extension/0": {"url": "https://payer.example.org/x", "extension": [{"url": "part", "valueDecimal": 1}]}},
    ),
    ("performance", {"modifierExtension": [FOREIGN]}),
    ("performance", {"period/extension": [FOREIGN], "_status": {"extension": [FOREIGN]}}),
    ("performance", {"date": "2024"}),
    ("performance", {"date": "2024-02-29"}),
    ("performance", {"date": "2024-07-15T08:30:00.000000001-05:00"}),
    ("performance", {"date": "2016-12-31T23:59:60Z"}),
    ("performance", {"date": GONE, "_date": {"extension": [ext(R4 + "data-absent-reason", valueCode="unknown")]}}),
    ("performance", {"period": {"start": "2024", "end": "2024-06"}}),
    ("performance", {"period": {"start": "2024-06-30T12:00:00+02:00", "end": "2024-06-30T10:00:00Z"}}),
    ("performance", {"period": {"end": "2024"}}),
    ("performance", {"period": {"extension": [ext(R4 + "data-absent-reason", valueCode="unknown")]}}),
    ("performance", {"group": GONE, "evaluatedResource": GONE}),
    ("performance", {"group/0/measureScore/value": json_codec.loads("1.0E-3")}),
    (
        "performance",
        {"group/0/measureScore/value": json_codec.loads("-0.00000000000000000000000000000000000000000001")},
    ),
    ("performance", {"group/0/measureScore/value": json_codec.loads("123456789012345678901234567890")}),
    ("performance", {"group/0/measureScore": {"extension": [ext("alternate-measurescore", valueBoolean=False)]}}),
    (
        "performance",
        {"group/0/measureScore/extension/0": ext("alternate-measurescore", valueCodeableConcept={"text": "met"})},
    ),
    ("performance", {"group/0/measureScore/extension/0": ext("alternate-measurescore", valueInteger=7)}),
    ("performance", {"group/0/code": {"text": "something of our own"}}),
    ("performance", {"group/0/code": coded("https://payer.example.org/codes", "local", userSelected=True)}),
    ("performance", {"group/0/code/coding/1/version": "1.1.0"}),
    ("performance", {"group/0/code/text": "größer als 東京 🙂"}),
    ("performance", {"group/0/code/text": " a\tb\r\n c "}),
    (
        "performance",
        {
            "group/0/extension/0/extension": [
                {"url": "incentive", "valueCodeableConcept": {"text": "x"}},
                {"url": "type", "valueCodeableConcept": {"text": "y"}},
            ]
        },
    ),
    ("performance", {"subject/reference": GONE, "subject/type": GONE}),
    ("performance", {"subject/reference": "Group/g1", "subject/type": "Group"}),
    ("performance", {"subject/reference": "https://other.example.org/people/7", "subject/type": GONE}),
    ("performance", {"subject/reference": "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7", "subject/type": GONE}),
    ("performance", {"reporter": {"identifier": {"value": "1"}}, "contained": GONE}),
    ("performance", {"reporter": {"display": "Payer"}, "contained": GONE}),
    ("performance", {"reporter/reference": "Organization/1/_history/2", "contained": GONE}),
    ("performance", {"evaluatedResource/0/reference": "Patient/1"}),
    ("performance", {"measure": "https://payer.example.org/fhir/Measure/contract-1"}),
    ("performance", {"measure": "urn:oid:2.16.840.1.113883"}),
    ("performance", {"id": "A.b-9"}),
    (
        "performance",
        {"contained/0/address/0/line": ["a", None], "contained/0/address/0/_line": [None, {"extension": [FOREIGN]}]},
    ),
    ("performance", {"contained/0/address/0/_line": [{"extension": [FOREIGN]}]}),
    ("performance", {"meta/profile/+": "https://payer.example.org/StructureDefinition/own"}),
    (
        "performance",
        {"text/div": '<div xmlns="http://www.w3.org/1999/xhtml"><table><tr><td>a</td></tr></table></div>'},
    ),
    ("performance", {"group/0/population/0/count": -1}),
    ("performance", {"extension/+": ext("https://payer.example.org/x", valueTime="12:00:00.123")}),
    ("performance", {"language": "de-CH-1996"}),
    ("performance", {"language": "i-klingon"}),
    ("performance", {"identifier/0/system": "urn:ietf:rfc:3986", "identifier/0/value": "urn:oid:1.2.3"}),
    ("performance", {"implicitRules": "https://payer.example.org/rules"}),
    ("performance", {"group/0/stratifier/0/stratum/0/value": {"coding": [{"display": "only a display"}]}}),
    (
        "quality",
        {
            "extension/0": GONE,
            "improvementNotation": GONE,
            "group/0/extension": [
                ext(
                    "http://hl7.org/fhir/us/davinci-deqm/StructureDefinition/extension-measureScoring",
                    valueCodeableConcept=coded("http://terminology.hl7.org/CodeSystem/measure-scoring", "cohort"),
                )
            ],
        },
    ),
    ("quality", {"extension/2/extension/0": {"url": "threshold", "valueQuantity": {"value": 5, "comparator": ">"}}}),
    (
        "quality",
        {
            "group/0/population/0/count": GONE,
            "group/0/population/0/_count": {"extension": [ext(R4 + "data-absent-reason", valueCode="masked")]},
        },
    ),
    ("quality", {"improvementNotation/coding/+": {"system": "https://payer.example.org/codes", "code": "up"}}),
    ("quality", {"measure": "https://payer.example.org/fhir/Measure/quality-a|2024.1-rc"}),
    ("measure", {"relatedArtifact": GONE}),
    ("measure", {"relatedArtifact/0/extension": [FOREIGN]}),
    ("measure", {"extension/0": ext("lob", valueCodeableConcept={"text": "all"})}),
    ("measure", {"subjectCodeableConcept": GONE, "subjectReference": {"reference": "Group/1"}}),
    ("measure", {"name": "not a computable name"}),
    ("measure", {"group": GONE, "library": GONE}),
    (
        "measure",
        {"useContext/0/valueCodeableConcept": GONE, "useContext/0/valueQuantity": {"value": json_codec.loads("1e3")}},
    ),
]

ROWS = [pytest.param(*row, id=f"{row[0]} {' '.join(row[1])}-{index}") for index, row in enumerate(VARIANTS)]


@pytest.mark.parametrize(("name", "edits"), ROWS)
def test_what_fhir_allows_is_no_error(validator, valid, name, edits):
    """A valid resource stays valid."""
    resource = valid(name)
    for path, value in edits.items():
        put(resource, path, value)
    assert not [issue for issue in validator.issues(resource) if issue.is_error]


def test_the_order_of_properties_does_not_matter(validator, valid):
    """JSON objects have no order."""
    report = dict(reversed(valid("performance").items()))
    assert not [issue for issue in validator.issues(report) if issue.is_error]


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
def test_the_guides_own_examples_are_valid(request, packages, version):
    """All 33 examples of each edition are valid."""
    validator = request.getfixturevalue("validator" if version == "1.1.0" else "validator_1_0_0")
    judged = 0
    for name, example in examples(packages / f"hl7.fhir.us.davinci-vbpr-{version}.tgz"):
        judged += 1
        assert not [issue for issue in validator.issues(example) if issue.is_error], name
    assert judged == 33


@pytest.mark.parametrize(
    ("package", "rejected"),
    [
        ("deqm-3.1.0", {}),
        ("deqm-5.0.0", {"MeasureReport-summ-contained-supplemental.json": {"deqm-2"}}),
    ],
)
def test_deqm_examples_are_valid_but_the_one_that_breaks_its_invariants(request, packages, package, rejected):
    """One example of DEQM 5.0.0 is a proportion without notation and score; all other reports are valid."""
    validator = request.getfixturevalue("validator" if package == "deqm-5.0.0" else "validator_1_0_0")
    found = {}
    for name, example in examples(packages / f"hl7.fhir.us.davinci-{package}.tgz"):
        if example["resourceType"] in {"MeasureReport", "Measure"}:
            errors = {issue.rule for issue in validator.issues(example) if issue.is_error}
            if errors:
                found[name] = errors
    assert found == rejected


def examples(package):
    with tarfile.open(package) as archive:
        for member in archive:
            if (
                member.name.startswith("package/example/")
                and member.name.endswith(".json")
                and "index" not in member.name
            ):
                yield member.name.rpartition("/")[2], json_codec.loads(archive.extractfile(member).read())


def test_an_unknown_extension_is_named_as_not_checked(validator, valid):
    """What is not known here is said, as information; of a modifier extension as a warning."""
    report = valid("performance")
    report["modifierExtension"] = [FOREIGN]
    said = {
        (issue.severity, issue.expression) for issue in validator.issues(report) if issue.rule.startswith("extension:")
    }
    assert {("information", "MeasureReport.extension[0]"), ("warning", "MeasureReport.modifierExtension[0]")} <= said


def test_values_and_what_stands_beside_them_are_of_different_number(validator, valid):
    """Nulls that a server leaves out at the end lose nothing: a warning."""
    resource = valid("performance")
    put(resource, "contained/0/address/0/_line", [None, {"extension": [FOREIGN]}])
    found = [issue for issue in validator.issues(resource) if issue.rule == "shape:Address.line"]
    assert [issue.severity for issue in found] == ["warning"]
    assert "_line has 2 items, line has 1" in found[0].message


def test_a_foreign_code_under_an_extensible_binding_is_a_warning(validator, valid):
    """Nobody here can tell whether a code of the value set would have fitted."""
    report = valid("performance")
    report["group"][1]["code"] = coded("https://payer.example.org/codes", "local")
    said = [(issue.severity, issue.rule) for issue in validator.issues(report) if "group[1]" in issue.expression]
    assert said == [("warning", "binding:MeasureReport.group.code")]


def test_another_display_is_a_warning(validator, valid):
    """A display that is not that of the code changes nothing a machine reads."""
    report = valid("performance")
    report["group"][1]["code"]["coding"][0]["display"] = "something else"
    said = [(issue.severity, issue.rule) for issue in validator.issues(report) if "group[1]" in issue.expression]
    assert said == [("warning", "display:CodeableConcept.coding")]


def test_what_local_data_cannot_answer_is_not_checked(validator, valid):
    """A code of a standard nobody here holds is neither right nor wrong."""
    measure = valid("measure")
    said = [issue for issue in validator.issues(measure) if issue.rule == "binding:Expression.language"]
    assert said
    assert all(issue.severity == "information" and issue.message.startswith("Not checked") for issue in said)


def test_a_profile_that_is_not_held_is_a_warning(validator, valid):
    """A claim nobody here can judge does not make a resource invalid."""
    report = valid("performance")
    report["meta"]["profile"].append("https://payer.example.org/StructureDefinition/own")
    said = [(issue.severity, issue.profile) for issue in validator.issues(report) if issue.rule == "profile:Resource"]
    assert said == [("warning", "https://payer.example.org/StructureDefinition/own")]


def test_r4_examples_are_valid(validator, shared):
    """R4's own examples of the types that the edition holds are valid."""
    judged = 0
    for file in sorted((shared / "testcases" / "r4-examples").rglob("*.json")):
        resource = json.loads(file.read_bytes())
        if resource.get("resourceType") in {"Measure", "MeasureReport", "Organization", "Group", "Bundle"}:
            judged += 1
            errors = [issue for issue in validator.issues(json_codec.loads(file.read_bytes())) if issue.is_error]
            assert not errors, file.name
    assert judged


def test_the_profile_asked_for_counts_not_the_one_claimed(validator, valid):
    """With profiles given, meta.profile is not looked at."""
    report = valid("performance")
    report["meta"]["profile"] = [f"{VBPR}vbp-quality-measurereport"]
    errors = [issue for issue in validator.issues(report, ["vbp-performance-measurereport"]) if issue.is_error]
    assert not errors
    assert [issue for issue in validator.issues(report) if issue.is_error]


@pytest.mark.parametrize(
    ("edits", "severities"),
    [
        ({}, set()),
        ({"group/0/measureScore/value": json_codec.loads("1.5")}, {("deqm-6", "error")}),
        ({"group/0/measureScore": GONE}, {("deqm-6", "warning")}),
        ({"group/+": {"measureScore": {"value": 0}}}, {("deqm-5", "warning")}),
        ({"group/0/population": GONE}, {("deqm-5", "error")}),
        ({"improvementNotation": GONE}, {("deqm-2", "error")}),
    ],
)
def test_an_invariant_whose_text_says_other_than_its_expression(validator, valid, edits, severities):
    """What meets only one of the two is a warning; what meets neither is an error."""
    assert deqm(validator, valid, edits) == severities


@pytest.mark.parametrize(
    ("edits", "severities"),
    [
        ({}, set()),
        ({"group/0/measureScore/value": json_codec.loads("1.5")}, {("deqm-6", "warning")}),
        ({"improvementNotation": GONE}, {("deqm-2", "error")}),
        (
            {"improvementNotation": GONE, "extension/0/valueCodeableConcept/coding/0/code": "cohort"},
            {("deqm-2", "warning")},
        ),
        ({"period/start": "2024-01"}, {("deqm-1", "error")}),
    ],
)
def test_the_same_of_edition_1_0_0(validator_1_0_0, valid, edits, severities):
    """Edition 1.0.0 has other defects."""
    assert deqm(validator_1_0_0, valid, edits) == severities


def deqm(validator, valid, edits):
    report = valid("quality")
    for path, value in edits.items():
        put(report, path, value)
    issues = validator.issues(report)
    return {(issue.rule, issue.severity) for issue in issues if issue.rule.startswith("deqm-")}
