"""An edition gives what it holds by canonical, version, id or type; and what packages add to it."""

from __future__ import annotations

import json
import tarfile

import pytest
from small_definitions import MINE, at, derived

from vbpr_conformance.errors import UsageError
from vbpr_conformance.fhir import xml_codec
from vbpr_conformance.ig.loader import editions, load_edition


def write(folder, name, content):
    file = folder / name
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


def test_editions_are_known_in_order():
    """Both editions are there, the newest last."""
    assert editions() == ["1.0.0", "1.1.0"]


def test_an_unknown_edition_names_the_known_ones():
    """The error is one sentence."""
    with pytest.raises(UsageError) as caught:
        load_edition("9.9")
    assert str(caught.value) == "There is no edition '9.9'; known are 1.0.0, 1.1.0."


def test_names_that_find_a_profile(edition):
    """Canonical, canonical with version, id of one's own or of another guide, and type name all find it."""
    own = edition.profiles[0]
    for name in (own.url, f"{own.url}|{own.version}", own.id):
        assert edition.profile(name) is own
    assert edition.profile("Organization").url == "http://hl7.org/fhir/StructureDefinition/Organization"
    parent = edition.profile(edition.profiles[-1].base)
    assert edition.profile(parent.id) is parent
    assert edition.find_profile("nothing") is None
    with pytest.raises(LookupError, match="no profile 'nothing' in edition"):
        edition.profile("nothing")


def test_a_type_is_never_a_profile_on_it(edition):
    """`type` gives types of FHIR alone."""
    assert edition.type("Quantity").derivation == "specialization"
    assert edition.type("SimpleQuantity") is None
    assert edition.type(edition.profiles[0].id) is None
    assert edition.type("Nothing") is None


def test_a_version_picks_that_version_and_else_the_one_given_last(edition, tmp_path):
    """Of several versions `url|version` finds its own; with none, or an unknown one, the last given stands."""
    files = [
        write(
            tmp_path,
            f"{version}.json",
            derived("mine", "MeasureReport", at("MeasureReport.group", max=most), version=version),
        )
        for version, most in (("1", "1"), ("2", "2"))
    ]
    made = edition.with_packages(files)
    url = f"{MINE}/StructureDefinition/mine"
    found = {
        name: made.profile(name).by_id["MeasureReport.group"].max for name in (f"{url}|1", f"{url}|2", url, f"{url}|7")
    }
    assert found == {f"{url}|1": 1, f"{url}|2": 2, url: 2, f"{url}|7": 2}


def test_packages_in_all_their_forms(edition, tmp_path):
    """A .tgz, its unpacked folder and a single file all add the same; the edition itself stays as it was."""
    mine = derived("mine", edition.profiles[0].url, at("Measure.title", min=1), type_="Measure")
    (tmp_path / "unpacked" / "package" / "example").mkdir(parents=True)
    file = write(tmp_path / "unpacked" / "package", "StructureDefinition-mine.json", mine)
    write(tmp_path / "unpacked" / "package", "package.json", {"name": "mine", "version": "1"})
    write(tmp_path / "unpacked" / "package" / "example", "broken.json", "{")
    with tarfile.open(tmp_path / "mine.tgz", "w:gz") as archive:
        archive.add(tmp_path / "unpacked" / "package", "package")
    for path in (tmp_path / "mine.tgz", tmp_path / "unpacked", file):
        made = edition.with_packages([path])
        assert made.profile("mine").by_id["Measure.title"].min == 1
        assert made.profiles == edition.profiles
        assert made.requirements == edition.requirements
    assert edition.find_profile("mine") is None


def test_conformance_resources_in_xml_are_added(edition, tmp_path):
    """A profile, a code system and a value set in XML do what they do in JSON."""
    parent = edition.profiles[0]
    profile = derived(
        "mine", parent.url, {"id": f"{parent.type}.url", "path": f"{parent.type}.url", "min": 1}, type_=parent.type
    )
    codes = {"resourceType": "CodeSystem", "url": f"{MINE}/codes", "content": "complete", "concept": [{"code": "a"}]}
    values = {
        "resourceType": "ValueSet",
        "url": f"{MINE}/values",
        "compose": {"include": [{"system": f"{MINE}/codes"}]},
    }
    library = {"resourceType": "Library", "url": f"{MINE}/Library/x", "version": "3", "type": {"text": "x"}}
    resources = [each | {"status": "active"} for each in (profile, codes, values, library)]
    for index, each in enumerate(resources):
        (tmp_path / f"{index}.xml").write_bytes(xml_codec.dumps(each, edition.structure))
    made = edition.with_packages(sorted(tmp_path.iterdir()))
    assert made.profile("mine").by_id[f"{parent.type}.url"].min == 1
    assert dict(made.value_set(f"{MINE}/values").codes) == {(f"{MINE}/codes", "a"): ""}
    assert made.find(f"{MINE}/Library/x|3", "Library") == resources[-1]
    assert made.find(f"{MINE}/Library/x", "Measure") is None
    assert edition.find(f"{MINE}/Library/x") is None


@pytest.mark.parametrize(
    ("name", "content", "trouble"),
    [
        (
            "a.json",
            "{",
            ": it is no JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1).",
        ),
        ("a.json", "{}", ": it is no FHIR resource: it has no resourceType."),
        ("a.xml", "<a/>", ": line 1, column 1: <a> has no namespace, expected 'http://hl7.org/fhir'."),
        (
            "a.xml",
            "<Patient xmlns='http://hl7.org/fhir'/>",
            (
                ": line 1, column 1: <Patient> is no resource type that is known here; "
                "hl7.fhir.r4.core, given before it, knows every type of R4."
            ),
        ),
        (
            "a.tgz",
            "no archive",
            ": it is no FHIR package; expected a .tgz, its folder, or a resource.",
        ),
    ],
)
def test_what_cannot_be_read_is_said_in_one_sentence(edition, tmp_path, name, content, trouble):
    """The file is named, and what was expected."""
    with pytest.raises(UsageError) as caught:
        edition.with_packages([write(tmp_path, name, content)])
    assert str(caught.value).removeprefix(f"{tmp_path}/") == f"{name}{trouble}"


@pytest.mark.parametrize(
    ("resource", "ask"),
    [
        ({"resourceType": "ValueSet", "compose": []}, "value_set"),
        ({"resourceType": "ValueSet", "compose": {"include": [{"system": "urn:x", "concept": [{}]}]}}, "value_set"),
        ({"resourceType": "CodeSystem", "concept": [7]}, "code_system"),
        ({"resourceType": "StructureDefinition", "type": "Group", "snapshot": {"element": [{"path": 1}]}}, "profile"),
        ({"resourceType": "StructureDefinition", "type": "Group", "differential": {"element": 1}}, "profile"),
    ],
)
def test_a_malformed_resource_is_named_when_it_is_asked_for(edition, tmp_path, resource, ask):
    """A resource made otherwise than R4 says is one sentence, never a traceback, and only when it is needed."""
    made = edition.with_packages([write(tmp_path, "x.json", resource | {"url": f"{MINE}/x"})])
    with pytest.raises(UsageError) as caught:
        getattr(made, ask)(f"{MINE}/x")
    assert str(caught.value).startswith(f"x.json: {MINE}/x: ")


def test_nothing_at_the_path_is_said_in_one_sentence(edition, tmp_path):
    """A missing file and an empty folder each have their sentence."""
    for path, trouble in (
        (tmp_path / "no.tgz", "it cannot be read: No such file or directory."),
        (tmp_path, "no FHIR resource is in it; expected a FHIR package or a conformance resource."),
    ):
        with pytest.raises(UsageError) as caught:
            edition.with_packages([path])
        assert str(caught.value) == f"{path}: {trouble}"


def test_types_of_the_official_core_package_are_added(edition, packages):
    """With the core package every resource type of R4 is known, and the guide's profiles still stand."""
    made = edition.with_packages([packages / "hl7.fhir.r4.core-4.0.1.tgz"])
    assert edition.type("Claim") is None
    assert made.type("Claim").kind == "resource"
    assert made.structure.is_resource("Claim")
    for each in edition.profiles:
        again = made.profile(each.url)
        assert list(again.by_id) == list(each.by_id)
