"""Packages as they are found: what is odd about them leaves something unchecked, and is said; the rest is judged."""

from __future__ import annotations

import json

import pytest

from vbpr_conformance.errors import UsageError
from vbpr_conformance.fhir import xml_codec
from vbpr_conformance.ig import loader
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.validate.batch import validate_paths

OWN = "https://payer.example.org/fhir/StructureDefinition/"
R4 = "http://hl7.org/fhir/StructureDefinition/"


def profile(name, *elements, base=R4 + "Organization"):
    """Give a profile on Organization."""
    return {
        "resourceType": "StructureDefinition",
        "id": name,
        "url": OWN + name,
        "name": name,
        "status": "active",
        "kind": "resource",
        "abstract": False,
        "type": "Organization",
        "baseDefinition": base,
        "derivation": "constraint",
        "differential": {"element": list(elements)},
    }


NAMED = profile("named", {"id": "Organization.name", "path": "Organization.name", "min": 1})


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    """Keep the cache of packages to the test."""
    monkeypatch.setenv("VBPR_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def judged(tmp_path):
    """Judge an Organization that claims a profile, by packages; give its issues by severity and the warnings."""

    def judge(claimed, *packages, **more):
        resource = {"resourceType": "Organization", "active": True, "meta": {"profile": [OWN + claimed]}, **more}
        file = tmp_path / "resource.json"
        file.write_text(json.dumps(resource))
        warnings = []
        (outcome,) = validate_paths([file], edition="1.1.0", packages=packages, warn=warnings.append)
        return {each.rule: each.message for each in outcome.issues if each.severity != "information"}, warnings

    return judge


def test_a_profile_derived_from_what_is_not_at_hand_is_not_checked(judged, tmp_path):
    """It is a warning at the resource that claims it; another profile of the same package is judged."""
    orphan = profile("orphan", base=OWN + "nowhere")
    for each in (orphan, NAMED):
        (tmp_path / f"{each['id']}.json").write_text(json.dumps(each))
    issues, _ = judged("orphan", tmp_path / "orphan.json", tmp_path / "named.json")
    assert issues["profile:Resource"] == (
        f"Not checked against {OWN}orphan: orphan.json: {OWN}orphan is derived from {OWN}nowhere, "
        "which is not known here."
    )
    assert "min:Organization.name" not in issues
    issues, _ = judged("named", tmp_path / "orphan.json", tmp_path / "named.json")
    assert "min:Organization.name" in issues


def test_a_definition_that_is_none_is_not_checked(judged, tmp_path):
    """A StructureDefinition or value set without the form of one is as good as not there."""
    broken = profile("broken") | {"differential": {"element": 1}}
    bound = {"strength": "required", "valueSet": "https://payer.example.org/fhir/ValueSet/broken"}
    values = {"resourceType": "ValueSet", "url": bound["valueSet"], "compose": []}
    using = profile("using", {"id": "Organization.type", "path": "Organization.type", "binding": bound})
    for name, each in {"broken": broken, "values": values, "using": using}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(each))
    files = [tmp_path / f"{name}.json" for name in ("broken", "values", "using")]
    issues, _ = judged("broken", *files)
    assert "it does not have the form of a StructureDefinition" in issues["profile:Resource"]
    issues, _ = judged("using", *files, type=[{"coding": [{"system": "urn:a:b", "code": "x"}]}])
    assert not [rule for rule in issues if rule.startswith("binding")]


def test_a_type_profile_that_is_not_at_hand_leaves_the_rest(judged, tmp_path):
    """The element is judged by its type, and what else the profile says stands."""
    own = profile(
        "own",
        {"id": "Organization.name", "path": "Organization.name", "min": 1},
        {
            "id": "Organization.address",
            "path": "Organization.address",
            "type": [{"code": "Address", "profile": [OWN + "nowhere"]}],
        },
        {"id": "Organization.address.city", "path": "Organization.address.city", "min": 1},
    )
    (tmp_path / "own.json").write_text(json.dumps(own))
    issues, _ = judged("own", tmp_path / "own.json", address=[{"country": "US"}])
    assert {"min:Organization.name", "min:Organization.address.city"} <= issues.keys()


def test_xml_with_elements_out_of_order_is_read_and_told_of(judged, tmp_path, edition):
    """The line is named, and the profile works."""
    text = xml_codec.dumps(NAMED, edition.structure).decode()
    name, kind = '<name value="named"/>', '<kind value="resource"/>'
    assert name in text
    assert kind in text
    swapped = text.replace(name, "@").replace(kind, name).replace("@", kind)
    (tmp_path / "named.xml").write_text(swapped)
    issues, warnings = judged("named", tmp_path / "named.xml")
    assert "min:Organization.name" in issues
    assert [each.partition(": line")[0] for each in warnings] == ["named.xml"] * len(warnings)
    assert "in FHIR's XML it comes before it; it is read all the same." in warnings[0]


def test_a_file_of_a_folder_that_cannot_be_read_is_left_out(judged, tmp_path):
    """The others of the folder count; a file that is named by itself must be readable."""
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "broken.json").write_text("{")
    (folder / "named.json").write_text(json.dumps(NAMED))
    issues, warnings = judged("named", folder)
    assert "min:Organization.name" in issues
    assert [(each[: len("package/broken.json")], each[-len("; it is left out.") :]) for each in warnings] == [
        ("package/broken.json", "; it is left out.")
    ]
    with pytest.raises(UsageError, match=r"it is no JSON"):
        judged("named", folder / "broken.json")


def test_packages_are_read_once_until_they_change(judged, tmp_path, monkeypatch):
    """What was read and made of a package is kept; a changed package is read anew, an unchanged one never."""
    file = tmp_path / "named.json"
    file.write_text(json.dumps(NAMED))
    (tmp_path / "odd.json").write_text("{}")
    assert "min:Organization.name" in judged("named", file)[0]
    reads = []
    read = Edition.with_packages
    monkeypatch.setattr(Edition, "with_packages", lambda *args: reads.append(args) or read(*args))
    assert "min:Organization.name" in judged("named", file)[0]
    assert not reads
    file.write_text(json.dumps(profile("named")))
    assert "min:Organization.name" not in judged("named", file)[0]
    assert len(reads) == 1


def test_warnings_are_told_again_when_packages_come_from_the_cache(judged, tmp_path):
    """A second run says what the first one said."""
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "broken.json").write_text("{")
    (folder / "named.json").write_text(json.dumps(NAMED))
    assert judged("named", folder) == judged("named", folder)


def test_only_so_many_combinations_of_packages_are_kept(judged, tmp_path):
    """The folder of the cache does not grow for ever."""
    for number in range(8):
        file = tmp_path / f"{number}.json"
        file.write_text(json.dumps(NAMED))
        judged("named", file)
    assert len(list(loader.cache_folder().glob("packages-*"))) == 5
