"""The comparison of an edition with an official package: it sees nothing where there is nothing, and every change."""

from __future__ import annotations

import json
from copy import deepcopy

import pytest

from vbpr_conformance.ig.diff import diff, edition_for, lines, title
from vbpr_conformance.ig.loader import load_edition
from vbpr_conformance.ig.package import read_package

GUIDE = "hl7.fhir.us.davinci-vbpr-{}.tgz"
PERFORMANCE = "vbp-performance-measurereport"
STATEMENT = "CapabilityStatement-vbp-reporting-server"
SYSTEM = "CodeSystem-vbp-incentive"


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
def test_the_editions_equal_the_official_packages(packages, version):
    """No difference for either edition: elements, extensions, terminology, search parameters, statements."""
    package = packages / GUIDE.format(version)
    edition = edition_for(package)
    assert edition.version == version
    assert title(package) == f"{GUIDE[:-7]} {version}"
    assert list(lines(diff(edition, package))) == []


@pytest.mark.parametrize(
    ("package", "version", "known"),
    [
        ("hl7.fhir.us.core-3.1.1", "1.0.0", []),
        ("hl7.fhir.us.core-6.1.0", "1.1.0", []),
        ("hl7.fhir.us.qicore-4.1.1", "1.0.0", []),
        ("hl7.fhir.us.qicore-6.0.0", "1.1.0", []),
        ("hl7.fhir.us.cqfmeasures-3.0.0", "1.0.0", []),
        ("hl7.fhir.uv.crmi-1.0.0", "1.1.0", []),
        # A choice with one type left: the archived snapshot leaves its slicing open, that of 5.0.0 closes it.
        ("hl7.fhir.us.davinci-deqm-3.1.0", "1.0.0", [("extension-measureScoring", "Extension.value[x]", "slicing")]),
        ("hl7.fhir.us.davinci-deqm-5.0.0", "1.1.0", []),
    ],
)
def test_what_the_guide_builds_on_equals_its_packages(packages, package, version, known):
    """Of a package of another guide, what both hold is compared, with the edition that builds on that version."""
    path = packages / f"{package}.tgz"
    edition = edition_for(path)
    assert edition.version == version
    assert [(each.artifact, each.element, each.aspect) for each in diff(edition, path)] == known


def test_the_base_of_r4_equals_the_official_package(packages, edition):
    """Types, terminology and search parameters of FHIR itself, but for what the package publishes inconsistently."""
    found = diff(edition, packages / "hl7.fhir.r4.core-4.0.1.tgz")
    unexplained = [
        str(each)
        for each in found
        # The snapshots of primitive types show the value as it is in the parent, not as their differentials say.
        if not each.element.endswith(".value")
        # HL7 Terminology took these code systems over, and has codes more than R4.
        and not (
            each.artifact.endswith((" measure-scoring", " organization-type", " usage-context-type"))
            and each.ours
            and not each.theirs
        )
    ]
    assert unexplained == []


@pytest.fixture(scope="module")
def official(packages):
    read = read_package(packages / GUIDE.format("1.1.0"))
    return {f"{resource['resourceType']}-{resource['id']}": resource for _, resource in read}


@pytest.fixture
def against(official, tmp_path):
    """What `diff` says of the package after a change to it."""

    def compare(change):
        changed = deepcopy(official)
        change(changed)
        return list(lines(_differences(load_edition("1.1.0"), changed, tmp_path)))

    return compare


def _differences(edition, resources, folder):
    (folder / "package").mkdir(parents=True, exist_ok=True)
    for name, resource in resources.items():
        (folder / "package" / f"{name}.json").write_text(json.dumps(resource, default=str))
    return diff(edition, folder)


def element(resources, element_id, artifact=PERFORMANCE):
    return next(
        each for each in resources[f"StructureDefinition-{artifact}"]["snapshot"]["element"] if each["id"] == element_id
    )


CODE = "MeasureReport.group.code"
CASES = {
    "min": (lambda each: element(each, CODE).update(min=0), f"{PERFORMANCE} · {CODE} · min: 1 here, 0 in the package"),
    "max": (lambda each: element(each, "MeasureReport.group").update(max="7"), " · max: * here, 7 in the package"),
    "type": (
        lambda each: element(each, CODE).update(type=[{"code": "Coding"}]),
        "types: CodeableConcept here, Coding in",
    ),
    "profile": (
        lambda each: element(each, "MeasureReport.extension:measurereport-category")["type"][0].update(
            profile=["urn:x"]
        ),
        "measurereport-category here, Extension profile urn:x in the package",
    ),
    "target": (
        lambda each: element(each, "MeasureReport.reporter")["type"][0].update(targetProfile=["urn:x"]),
        "Reference to urn:x in the package",
    ),
    "fixed": (lambda each: element(each, CODE).update(fixedCode="x"), f"{CODE} · fixed: none here, x in the package"),
    "pattern": (
        lambda each: element(each, CODE).update(patternCodeableConcept={"text": "x"}),
        f'{CODE} · pattern: none here, {{"text": "x"}} in the package',
    ),
    "binding": (lambda each: element(each, CODE)["binding"].update(strength="example"), f"{CODE} · binding: "),
    "must support": (
        lambda each: element(each, CODE).pop("mustSupport"),
        f"{CODE} · must support: yes here, no in the",
    ),
    "slicing": (
        lambda each: element(each, "MeasureReport.evaluatedResource")["slicing"].update(rules="closed"),
        "MeasureReport.evaluatedResource · slicing: open, by type:reference here, closed, by type:reference in",
    ),
    "constraint": (
        lambda each: element(each, "MeasureReport")["constraint"][-1].update(expression="true"),
        "MeasureReport · constraint mrp-2: error: group",
    ),
    "constraint gone": (
        lambda each: element(each, "MeasureReport")["constraint"].pop(),
        " here, none in the package",
    ),
    "element gone": (
        lambda each: each[f"StructureDefinition-{PERFORMANCE}"]["snapshot"]["element"].pop(),
        "MeasureReport.evaluatedResource:qualityReport.display · only here",
    ),
    "element new": (
        lambda each: each[f"StructureDefinition-{PERFORMANCE}"]["snapshot"]["element"].append(
            {"id": "MeasureReport.new", "path": "MeasureReport.new"}
        ),
        f"{PERFORMANCE} · MeasureReport.new · only in the package",
    ),
    "element moved": (
        lambda each: each[f"StructureDefinition-{PERFORMANCE}"]["snapshot"]["element"].insert(
            2, each[f"StructureDefinition-{PERFORMANCE}"]["snapshot"]["element"].pop()
        ),
        f"{PERFORMANCE} · MeasureReport.id · followed by: MeasureReport.meta here, ",
    ),
    "context": (
        lambda each: each["StructureDefinition-payment-stream"]["context"].pop(),
        "payment-stream · contexts: ",
    ),
    "parent": (
        lambda each: each[f"StructureDefinition-{PERFORMANCE}"].update(baseDefinition="urn:x"),
        f"{PERFORMANCE} · base: ",
    ),
    "search": (
        lambda each: next(one for one in each.values() if one["resourceType"] == "SearchParameter").update(
            expression="x"
        ),
        " · expression: ",
    ),
    "display": (
        lambda each: each["ValueSet-vbp-incentive"]["expansion"]["contains"][0].update(display="x"),
        "display: ",
    ),
    "code gone": (
        lambda each: each["ValueSet-lob"]["expansion"].update(
            total=2, contains=each["ValueSet-lob"]["expansion"]["contains"][:2]
        ),
        "ValueSet lob · https://nahdo.org/sopt#",
    ),
    "code new": (
        lambda each: next(one for one in each.values() if one["resourceType"] == "CodeSystem")["concept"].append(
            {"code": "x"}
        ),
        " · #x · only in the package",
    ),
    "system incomplete": (
        lambda each: next(one for one in each.values() if one["resourceType"] == "CodeSystem").update(
            content="fragment"
        ),
        " · complete: yes here, no in the package",
    ),
    "statement": (
        lambda each: each[STATEMENT]["rest"][0]["interaction"][1]["extension"].clear(),
        "CapabilityStatement vbp-reporting-server · interaction transaction · expectation: SHALL here, none in",
    ),
    "statement item gone": (
        lambda each: each[STATEMENT]["rest"][0]["resource"][1]["searchParam"].pop(0),
        "CapabilityStatement vbp-reporting-server · MeasureReport search ",
    ),
    "artifact gone": (lambda each: each.pop("StructureDefinition-threshold"), "threshold · only here"),
    "artifact new": (
        lambda each: each.update(new={"resourceType": "OperationDefinition", "id": "new", "url": "urn:new"}),
        "OperationDefinition new · only in the package",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_every_kind_of_change_is_found(against, case):
    """One change to the package is one difference, said as a sentence."""
    change, sentence = CASES[case]
    found = against(change)
    assert len(found) == 1
    assert sentence in found[0]


def test_an_edition_not_shipped_is_compared_with_the_newest(official, tmp_path):
    """A package of a version that nobody here knows goes with the newest edition, which says what changed."""
    future = deepcopy(official)
    for each in future.values():
        each["version"] = "2.0.0"
    element(future, CODE)["max"] = "*"
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "package.json").write_text('{"name": "guide", "version": "2.0.0"}')
    edition = load_edition("1.1.0")
    found = _differences(edition, future, tmp_path)
    assert edition_for(tmp_path).version == "1.1.0"
    assert title(tmp_path) == "guide 2.0.0"
    assert f"{PERFORMANCE} · {CODE} · max: 1 here, * in the package" in list(lines(found))
