"""Conditional create, update, patch and delete: no match, one match, several matches."""

from __future__ import annotations

import pytest
from small_resources import organization


def clinic(value: str, **members):
    return organization(identifier=[{"system": "urn:x", "value": value}], **members)


@pytest.fixture
def two(client):
    """A server with two organizations that share an identifier."""
    client.put(clinic("twice", id="a"))
    client.put(clinic("twice", id="b"))
    return client


def test_create(client):
    """If-None-Exist creates once; the second time the resource that is there is the answer."""
    first = client.create(clinic("1"), if_none_exist="identifier=urn:x|1")
    second = client.create(clinic("1"), if_none_exist="identifier=urn:x|1")
    assert (first.status, second.status) == (201, 200)
    assert first.json == second.json
    assert second.headers["ETag"] == 'W/"1"'
    assert client.search("identifier=urn:x|1", "Organization").json["total"] == 1


def test_create_with_several_matches(two):
    """Several matches refuse a conditional create."""
    assert two.create(clinic("twice"), if_none_exist="identifier=urn:x|twice").status == 412


def test_update(client):
    """A conditional update creates, then updates the one match."""
    path = "Organization?identifier=urn:x|1"
    created = client("PUT", path, clinic("1"))
    assert created.status == 201
    updated = client("PUT", path, clinic("1", name="New"))
    assert updated.status == 200
    assert updated.json["id"] == created.json["id"]
    assert client("PUT", path, clinic("1", id=created.json["id"])).status == 200
    assert client("PUT", path, clinic("1", id="another")).status == 400
    assert client("PUT", "Organization?identifier=urn:x|2", clinic("2", id="mine")).status == 201
    assert client("PUT", "Organization?identifier=urn:x|3", clinic("3", id="mine")).status == 409


def test_patch(client):
    """A conditional patch needs exactly one match."""
    patch = [{"op": "replace", "path": "/name", "value": "New"}]
    assert client("PATCH", "Organization?identifier=urn:x|1", patch).status == 404
    client.create(clinic("1"))
    assert client("PATCH", "Organization?identifier=urn:x|1", patch).json["name"] == "New"


def test_several_matches(two):
    """Update and patch refuse several matches; delete deletes them all."""
    path = "Organization?identifier=urn:x|twice"
    assert two("PUT", path, clinic("twice")).status == 412
    assert two("PATCH", path, []).status == 412
    assert two("DELETE", path).status == 204
    assert two.get("Organization/a").status == 410
    assert two.get("Organization/b").status == 410
    assert two("DELETE", path).status == 204


@pytest.mark.parametrize("condition", ["", "?", "?nonsense=1", "?name=", "?_format=json"])
def test_conditions_that_say_nothing(two, condition):
    """A condition that names no criteria, or one that is not known, never touches anything."""
    assert two("DELETE", f"Organization{condition}").status in {400, 412}
    assert two("PUT", f"Organization{condition}", organization()).status in {400, 412}
    assert two("PATCH", f"Organization{condition}", []).status in {400, 412}
    assert two.search("", "Organization").json["total"] == 2
