"""Data to start with."""

from __future__ import annotations

import json
import tarfile

import pytest
from small_resources import bundle, organization, report

from vbpr_conformance.errors import UsageError
from vbpr_conformance.fhir import xml_codec
from vbpr_conformance.reference.data import load


def loaded(client, *places):
    said = []
    load(client.server, places, said.append)
    return said


def test_guide_package(client, packages):
    """All 33 examples of the guide's own package are taken, under their ids."""
    said = loaded(client, packages / "hl7.fhir.us.davinci-vbpr-1.1.0.tgz")
    assert "loaded 2 Measure, 28 MeasureReport, 3 Organization from" in said[-1]
    assert len(said) == 1
    assert client.get("MeasureReport/vbp-measurereport101").json["reporter"]["reference"] == "Organization/vbp-payer01"


def test_guide_package_of_the_other_edition(edition_1_0_0, packages):
    """The same holds for the other edition."""
    from straight_client import Client

    from vbpr_conformance.reference.app import make_app
    from vbpr_conformance.reference.store import Store

    client = Client(make_app(edition_1_0_0, Store()))
    said = loaded(client, packages / "hl7.fhir.us.davinci-vbpr-1.0.0.tgz")
    assert "loaded 2 Measure, 28 MeasureReport, 3 Organization from" in said[-1]


def test_unpacked_package(client, packages, tmp_path):
    """A package may be unpacked."""
    with tarfile.open(packages / "hl7.fhir.us.davinci-vbpr-1.1.0.tgz") as archive:
        archive.extractall(tmp_path, filter="data")
    assert "28 MeasureReport" in loaded(client, tmp_path)[-1]


def test_all_forms(client, edition, tmp_path):
    """JSON, XML, NDJSON and Bundles are read, in folders of any depth."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.json").write_text(json.dumps(organization(id="a")))
    (tmp_path / "b.xml").write_bytes(xml_codec.dumps(organization(id="b"), edition.structure))
    lines = [json.dumps(organization(id=f"c{number}")) for number in range(3)]
    (tmp_path / "deep" / "c.ndjson").write_text("\n".join(lines) + "\n\n")
    inside = bundle("collection", {"resource": organization(id="d")}, {"resource": report(id="e")})
    (tmp_path / "deep" / "d.json").write_text(json.dumps(inside))
    (tmp_path / "notes.txt").write_text("no resource")
    assert loaded(client, tmp_path)[-1].startswith("loaded 1 MeasureReport, 6 Organization from")
    assert client.search("", "Organization").json["total"] == 6


def test_what_is_not_taken_is_told(client, tmp_path):
    """What is invalid, without id or of a type that is not served is told with its reason; the rest is taken."""
    lines = [organization(id="a"), organization(), organization(id="b", name=7), {"resourceType": "Patient", "id": "p"}]
    (tmp_path / "x.ndjson").write_text("\n".join(json.dumps(each) for each in lines))
    said = loaded(client, tmp_path / "x.ndjson")
    assert [each.partition(": ")[2].partition(": ")[0] for each in said[:2]] == [
        str(tmp_path / "x.ndjson:2"),
        str(tmp_path / "x.ndjson:3"),
    ]
    assert "no valid id" in said[0]
    assert "Organization.name" in said[1]
    assert said[2].startswith("loaded 1 Organization from")
    assert said[2].endswith("; not served: 1 Patient")


def test_loading_twice_makes_no_versions(client, tmp_path):
    """What is there already stays as it is."""
    (tmp_path / "a.json").write_text(json.dumps(organization(id="a")))
    loaded(client, tmp_path, tmp_path)
    assert client.get("Organization/a").json["meta"]["versionId"] == "1"


@pytest.mark.parametrize("name", ["none.json", "broken.json", "broken.tgz", "broken.xml"])
def test_what_cannot_be_read(client, tmp_path, name):
    """A place that is not there or cannot be read is one sentence."""
    if name != "none.json":
        (tmp_path / name).write_text("<{")
    with pytest.raises(UsageError, match=f"cannot (read|load) .*{name}"):
        loaded(client, tmp_path / name)
