"""Create, read, vread, update, patch, delete and history, as https://hl7.org/fhir/R4/http.html has them."""

from __future__ import annotations

import pytest
from small_resources import organization, report


def test_create_gives_id_version_and_place(client):
    """Create answers 201 with Location, ETag and the resource under its new id."""
    answer = client.create(organization(id="ignored"))
    assert answer.status == 201
    stored = answer.json
    assert stored["id"] != "ignored"
    assert stored["meta"]["versionId"] == "1"
    assert answer.headers["ETag"] == 'W/"1"'
    assert answer.headers["Location"] == f"http://testserver/fhir/Organization/{stored['id']}/_history/1"
    assert client.get(answer.place).json == stored


def test_payload_comes_back_as_written(client):
    """Zeros, exponents, order, unknown extensions and primitive extensions survive a write."""
    group = '{"measureScore":{"value":10.50,"unit":"%"},"population":[{"count":3}]},{"measureScore":{"value":1.0e2}}'
    extension = '{"url":"http://example.org/x","valueDecimal":0.10}'
    payload = (
        '{"resourceType":"MeasureReport","extension":[' + extension + '],"status":"complete","type":"summary",'
        '"measure":"http://example.org/Measure/m","_date":{"extension":[' + extension + "]},"
        '"period":{"start":"2024-01"},"group":[' + group + "]}"
    )
    answer = client("POST", "MeasureReport", payload, content_type="application/fhir+json")
    assert answer.status == 201, answer.body
    read = client.get(answer.place).body.decode()
    rest = payload.removeprefix('{"resourceType":"MeasureReport",')
    assert read.endswith(rest)


@pytest.mark.parametrize(("preference", "kind"), [("minimal", None), ("OperationOutcome", "OperationOutcome")])
def test_prefer_return(client, preference, kind):
    """`Prefer: return` decides what a write answers with."""
    answer = client.create(organization(), prefer=f"return={preference}")
    assert answer.status == 201
    assert (answer.json["resourceType"] if answer.body else None) == kind


def test_read_of_what_is_not_there(client):
    """Read answers 404 for what never was, 410 for what was deleted, each with an OperationOutcome."""
    place = client.create(organization()).place
    assert client("DELETE", place).status == 204
    for path, status in (("Organization/none", 404), (place, 410), (f"{place}/_history/7", 404)):
        answer = client.get(path)
        assert answer.status == status
        assert answer.json["resourceType"] == "OperationOutcome"
    assert client("DELETE", place).status == 204
    assert client.get(f"{place}/_history/1").status == 200
    assert client.get(f"{place}/_history/2").status == 410


def test_conditional_read(client):
    """A read of a version that the client has is answered 304 without content."""
    place = client.create(organization()).place
    answer = client.get(place, if_none_match='W/"1"')
    assert (answer.status, answer.body) == (304, b"")
    assert client.get(place, if_none_match='W/"2"').status == 200
    modified = client.get(place).headers["Last-Modified"]
    assert client.get(place, if_modified_since=modified).status == 304
    assert client.get(place, if_modified_since="Mon, 01 Jan 2024 00:00:00 GMT").status == 200


def test_update_and_versions(client):
    """Each update makes a version; all of them can be read, and a deleted resource can come back."""
    assert client.put(organization(id="o", name="A")).status == 201
    assert client.put(organization(id="o", name="B")).status == 200
    assert client.get("Organization/o").json["name"] == "B"
    assert client.get("Organization/o/_history/1").json["name"] == "A"
    client("DELETE", "Organization/o")
    assert client.put(organization(id="o", name="C")).status == 201
    history = client.get("Organization/o/_history").json
    assert [each["request"]["method"] for each in history["entry"]] == ["PUT", "DELETE", "PUT", "PUT"]
    assert [each["response"]["etag"] for each in history["entry"]] == ['W/"4"', 'W/"3"', 'W/"2"', 'W/"1"']
    assert "resource" not in history["entry"][1]
    assert history["total"] == 4


def test_if_match(client):
    """A write with If-Match over another version than the current one is refused with 412."""
    client.put(organization(id="o"))
    assert client.put(organization(id="o"), if_match='W/"1"').status == 200
    assert client.put(organization(id="o"), if_match='W/"1"').status == 412
    assert client("PATCH", "Organization/o", [], if_match='W/"1"').status == 412
    assert client("DELETE", "Organization/o", if_match='W/"1"').status == 412
    assert client.put(organization(id="new"), if_match='W/"1"').status == 412
    assert client.get("Organization/o").headers["ETag"] == 'W/"2"'


@pytest.mark.parametrize(
    ("resource", "status"),
    [
        (organization(id="other"), 400),
        (organization(), 400),
        (report(id="o"), 400),
        (organization(id="o", name=""), 422),
        (organization(id="o", nonsense=1), 422),
    ],
)
def test_update_that_cannot_be(client, resource, status):
    """An update whose body does not fit the URL is refused with 400, an invalid one with 422."""
    answer = client("PUT", "Organization/o", resource)
    assert answer.status == status
    assert answer.json["issue"][0]["severity"] == "error"
    assert client.get("Organization/o").status == 404


def test_ids_that_are_none(client):
    """An update at an id that FHIR does not allow is refused."""
    assert client("PUT", "Organization/a_b", organization(id="a_b")).status == 400
    assert client("PUT", f"Organization/{'a' * 65}", organization(id="a" * 65)).status == 400


def test_declared_profile_is_honoured(client, edition):
    """A resource that claims a profile is held to it."""
    profile = next(each.url for each in edition.profiles if each.type == "MeasureReport")
    answer = client.create(report(meta={"profile": [profile]}))
    assert answer.status == 422
    assert any(each["severity"] == "error" for each in answer.json["issue"])


def test_patch(client):
    """A JSON Patch changes the current version and makes a new one."""
    client.put(organization(id="o", name="A"))
    answer = client("PATCH", "Organization/o", [{"op": "replace", "path": "/name", "value": "B"}])
    assert answer.status == 200
    assert answer.json["name"] == "B"
    assert answer.headers["ETag"] == 'W/"2"'


@pytest.mark.parametrize(
    ("patch", "status"),
    [
        ([{"op": "test", "path": "/name", "value": "X"}], 422),
        ([{"op": "remove", "path": "/alias"}], 422),
        ([{"op": "replace", "path": "/id", "value": "x"}], 422),
        ([{"op": "remove", "path": "/name"}, {"op": "add", "path": "/nonsense", "value": 1}], 422),
        ([{"op": "jump", "path": "/name"}], 400),
        ({"op": "remove", "path": "/name"}, 400),
        ("nonsense", 400),
        ([{"op": "add"}], 400),
    ],
)
def test_patch_that_cannot_be(client, patch, status):
    """A patch that is none is refused with 400, one that does not apply or breaks a rule with 422."""
    client.put(organization(id="o", name="A"))
    answer = client("PATCH", "Organization/o", patch, content_type="application/json-patch+json")
    assert answer.status == status, answer.body
    assert client.get("Organization/o").json["meta"]["versionId"] == "1"


def test_patch_of_other_kinds(client):
    """A patch in another language than JSON Patch is refused with 415."""
    client.put(organization(id="o"))
    assert client("PATCH", "Organization/o", {"a": 1}, content_type="application/fhir+json").status == 415


def test_history_of_type_and_system(client):
    """Histories of a type and of the server hold all versions, newest first, in pages."""
    for number in range(5):
        client.create(organization(name=str(number)))
    client.create(report())
    assert client.get("Organization/_history").json["total"] == 5
    answer = client.get("_history?_count=4")
    assert answer.json["total"] == 6
    assert answer.json["entry"][0]["resource"]["resourceType"] == "MeasureReport"
    assert [each["resource"]["name"] for each in client.get(answer.links["next"]).json["entry"]] == ["1", "0"]
    assert client.get("Organization/never/_history").status == 404
    assert client.get("_history?_since=2100-01-01T00:00:00Z").json["total"] == 0
    assert client.get("_history?_since=yesterday").status == 400
