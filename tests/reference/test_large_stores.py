"""Many matches, many versions, many pages: nothing grows without bound, and every match is reached."""

from __future__ import annotations

import pytest
from small_resources import organization

from vbpr_conformance.reference import query, store
from vbpr_conformance.reference.store import Store


@pytest.fixture
def many(serve, monkeypatch):
    """A server that finds ten matches at first and holds 25."""
    monkeypatch.setattr(query, "MOST_KEPT", 10)
    monkeypatch.setattr("vbpr_conformance.reference.searching.MOST_KEPT", 10)
    client = serve(validate=False)
    for number in range(25):
        client.put(organization(id=f"o{number:02}", name="Same"))
    return client


def test_every_match_is_reached_by_pages(many):
    """Behind the first matches the server looks for all: no page repeats or loses one."""
    answer = many.search("name=same&_count=4", "Organization")
    seen = list(answer.ids)
    while "next" in answer.links:
        answer = many.get(answer.links["next"])
        seen += answer.ids
    assert seen == [f"o{number:02}" for number in range(25)]


def test_the_total_of_many_is_told_where_it_is_wanted(many):
    """Counting all is left out where it is much work, unless the client asks for it."""
    assert "total" not in many.search("name=same&_count=4", "Organization").json
    assert many.search("name=same&_count=4&_total=accurate", "Organization").json["total"] == 25
    assert many.search("name=same&_summary=count", "Organization").json["total"] == 25
    assert many.search("name=same&_id=o03", "Organization").json["total"] == 1


@pytest.mark.parametrize("few", [0, 1000])
def test_both_ways_to_search_find_the_same(serve, monkeypatch, few):
    """Whether a search starts at a rare value or goes through all resources, it finds the same."""
    monkeypatch.setattr(query, "_FEW", few)
    client = serve(validate=False)
    for number in range(8):
        identifier = [{"system": "urn:a", "value": str(number % 3)}]
        client.put(organization(id=f"o{number}", name=f"Clinic {number % 2}", identifier=identifier))
    assert client.search("name=clinic 1&identifier=urn:a|0", "Organization").ids == ["o3"]
    assert client.search("name=clinic&identifier:not=urn:a|0", "Organization").ids == ["o1", "o2", "o4", "o5", "o7"]
    assert client.search("identifier=urn:a|0,urn:a|1&name:missing=false", "Organization").ids == [
        *("o0", "o1", "o3", "o4", "o6", "o7"),
    ]


def test_old_versions_in_memory_are_dropped(serve, monkeypatch):
    """A store in memory keeps so many replaced versions, the newest; a file keeps all."""
    monkeypatch.setattr(store, "KEPT_PAST", 5)
    monkeypatch.setattr(store, "_SWEEP", 1)
    client = serve(validate=False)
    for number in range(12):
        client.put(organization(id="a", name=str(number)))
    client.put(organization(id="b"))
    client("DELETE", "Organization/b")
    assert client.get("Organization/a").json["name"] == "11"
    assert len(client.get("Organization/_history?_count=100").json["entry"]) == 6
    assert client.get("Organization/a/_history/1").status == 404


def test_old_versions_in_a_file_are_kept(serve, monkeypatch, tmp_path):
    """A file has room for the whole history."""
    monkeypatch.setattr(store, "KEPT_PAST", 5)
    monkeypatch.setattr(store, "_SWEEP", 1)
    client = serve(store=Store(tmp_path / "data.db"), validate=False)
    for number in range(12):
        client.put(organization(id="a", name=str(number)))
    assert client.get("Organization/a/_history/1").json["name"] == "0"
    client.server.store.close()


def test_results_for_later_pages_are_bounded(tmp_path, monkeypatch):
    """Only so many results, and so many large ones, are kept; the newest of all is."""
    monkeypatch.setattr(store, "KEPT_RESULTS", 20)
    kept = Store(tmp_path / "data.db")
    for number in range(30):
        kept.keep_result(f"small{number}", [number])
    for number in range(12):
        kept.keep_result(f"large{number}", "x" * 300_000)
    assert [kept.kept_result(f"large{number}") is None for number in (3, 11)] == [True, False]
    assert kept.kept_result("small5") is None
    assert kept.kept_result("small29") == [29]
    kept.close()
