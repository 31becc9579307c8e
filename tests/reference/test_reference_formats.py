"""JSON and XML, asked for and given; and what is answered when something is wrong."""

from __future__ import annotations

import pytest
from small_resources import organization

from vbpr_conformance.fhir import xml_codec


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", "json"),
        ("*/*", "json"),
        ("application/fhir+json", "json"),
        ("application/json", "json"),
        ("application/fhir+xml", "xml"),
        ("text/xml", "xml"),
        ("application/fhir+json;q=0.5, application/fhir+xml", "xml"),
        ("text/html, application/fhir+xml;q=0.8, */*;q=0.1", "xml"),
        ("application/fhir+xml;q=0, application/fhir+json", "json"),
        ("application/fhir+json; fhirVersion=4.0", "json"),
    ],
)
def test_accept(client, accept, kind):
    """The Accept header decides about the format."""
    answer = client.get("metadata", **({"accept": accept} if accept else {}))
    assert answer.status == 200
    assert answer.headers["Content-Type"] == f"application/fhir+{kind}; charset=utf-8"
    assert answer.body[:1] == (b"<" if kind == "xml" else b"{")


@pytest.mark.parametrize("form", ["xml", "application/fhir+xml", "application%2Ffhir%2Bxml", "text/xml"])
def test_format_parameter(client, form):
    """_format stands above the Accept header, with its plus sign escaped or not."""
    answer = client.get(f"metadata?_format={form}", accept="application/fhir+json")
    assert answer.headers["Content-Type"].startswith("application/fhir+xml")


@pytest.mark.parametrize("headers", [{"accept": "text/html"}, {"accept": "image/png, text/turtle"}])
def test_not_acceptable(client, headers):
    """What cannot be served is answered 406."""
    answer = client.get("metadata", **headers)
    assert answer.status == 406
    assert answer.json["resourceType"] == "OperationOutcome"
    assert client.get("metadata?_format=turtle").status == 406


def test_xml_round_trip(client, edition):
    """What is written in XML is read in XML and in JSON alike."""
    resource = organization(
        alias=["A", "Ä"],
        _name={"extension": [{"url": "http://example.org/x", "valueCode": "y"}]},
        identifier=[{"system": "urn:x", "value": "1"}],
    )
    sent = xml_codec.dumps(resource, edition.structure)
    answer = client("POST", "Organization", sent, content_type="application/fhir+xml", accept="application/fhir+xml")
    assert answer.status == 201, answer.body
    stored = xml_codec.loads(answer.body, edition.structure)
    assert {name: value for name, value in stored.items() if name not in {"id", "meta"}} == resource
    assert client.get(answer.place).json == stored
    found = client.get("Organization?_format=xml")
    assert xml_codec.loads(found.body, edition.structure)["entry"][0]["resource"] == stored


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ("", "application/fhir+json", 400),
        ("{", "application/fhir+json", 400),
        ('{"resourceType":"Organization","name":"a","name":"b"}', "application/fhir+json", 400),
        ("[]", "application/fhir+json", 400),
        ("{}", "application/fhir+json", 400),
        ("<Organization", "application/fhir+xml", 400),
        ("<html xmlns='http://www.w3.org/1999/xhtml'/>", "application/fhir+xml", 400),
        ('{"resourceType":"Organization"}', "text/turtle", 415),
        ('{"resourceType":"MeasureReport"}', "application/fhir+json", 400),
        ('{"resourceType":"Organization"}', "application/fhir+json", 422),
        ('{"resourceType":"Organization","name":7}', "application/fhir+json", 422),
    ],
)
def test_bodies_that_are_none(client, body, kind, status):
    """A body that cannot be read is answered 400, one of another media type 415, an invalid resource 422."""
    answer = client("POST", "Organization", body, content_type=kind)
    assert answer.status == status, answer.body
    assert answer.json["resourceType"] == "OperationOutcome"
    assert answer.headers["Content-Type"].startswith("application/fhir+json")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "Nonsense/1", 404),
        ("GET", "Nonsense", 404),
        ("GET", "Organization/$everything", 404),
        ("GET", "a/b/c/d/e", 404),
        ("POST", "metadata", 405),
        ("DELETE", "", 405),
        ("BREW", "Organization", 405),
        ("PUT", "Organization/_history", 405),
        ("GET", "Organization/_search", 405),
        ("POST", "MeasureReport/_search", 415),
    ],
)
def test_places_that_are_none(client, method, path, status):
    """Wrong places and methods are answered with an OperationOutcome."""
    answer = client(method, path, content_type="application/fhir+json")
    assert answer.status == status
    assert answer.json["resourceType"] == "OperationOutcome"
    if status == 405:
        assert answer.headers["Allow"]


def test_a_break_down_is_told_as_fhir(client, monkeypatch, caplog):
    """Whatever breaks inside is answered 500 with an OperationOutcome that tells nothing of the inside."""
    monkeypatch.setattr(client.server.store, "current", lambda *_: 1 / 0)
    answer = client.get("Organization/o")
    assert answer.status == 500
    assert answer.json["issue"][0]["code"] == "exception"
    assert b"division" not in answer.body
    assert "ZeroDivisionError" in caplog.text


def test_outside_the_base(client):
    """Outside of /fhir the answer says where the server is."""
    status, _, body = client.app.handle("GET", "/", {"host": "testserver"})
    assert status == 404
    assert b"http://testserver/fhir" in body


def test_capabilities(client, edition):
    """The CapabilityStatement is valid and names what the guide asks for."""
    from vbpr_conformance.validate.validator import validator_for

    statement = client.get("metadata").json
    assert [each for each in validator_for(edition).issues(statement) if each.is_error] == []
    assert statement["fhirVersion"] == "4.0.1"
    named = {each["type"]: each for each in statement["rest"][0]["resource"]}
    for profile in edition.profiles:
        assert profile.url in named[profile.type]["supportedProfile"]
        declared = {each["name"] for each in named[profile.type]["searchParam"]}
        wanted = {each.code for each in edition.search_parameters(profile.type) if each.type != "composite"}
        assert wanted - {each for each in wanted if each.startswith("_")} <= declared
