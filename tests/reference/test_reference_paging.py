"""Pages of results: complete, stable, and for as long as anyone may follow them."""

from __future__ import annotations

import pytest
from small_resources import report

from vbpr_conformance.reference.store import Store


def pages(client, answer):
    """Follow next links to the end."""
    yield answer
    while "next" in answer.links:
        answer = client.get(answer.links["next"])
        assert answer.status == 200
        yield answer


@pytest.mark.parametrize("count", [1, 2, 3, 7, 100])
def test_pages_hold_everything_once(client, count):
    """The pages together hold each match once, whatever their size."""
    ids = [client.create(report()).json["id"] for _ in range(7)]
    found = [each.ids for each in pages(client, client.search(f"_count={count}"))]
    assert [each for page in found for each in page] == ids
    assert all(len(page) <= count for page in found)


def test_pages_stay_while_others_write(client):
    """What is created or changed meanwhile does not shift pages; what is deleted is not shown."""
    ids = [client.create(report()).json["id"] for _ in range(6)]
    first = client.search("_count=2")
    client.create(report())
    client.put(report(id=ids[2], status="pending"))
    client("DELETE", f"MeasureReport/{ids[4]}")
    rest = [each.ids for each in list(pages(client, first))[1:]]
    assert rest == [ids[2:4], ids[5:]]


def test_previous_and_first(client):
    """Pages lead back as well."""
    for _ in range(5):
        client.create(report())
    first, second, third = pages(client, client.search("_count=2"))
    assert client.get(third.links["previous"]).ids == second.ids
    assert client.get(third.links["first"]).ids == first.ids
    assert third.json["total"] == 5


def test_post_search_is_paged_by_links(client):
    """The later pages of a search by POST are got by GET."""
    for _ in range(3):
        client.create(report())
    form = "application/x-www-form-urlencoded"
    answer = client("POST", "MeasureReport/_search", "_count=2", content_type=form)
    assert len([each for page in pages(client, answer) for each in page.ids]) == 3


def test_pages_survive_a_restart(serve, tmp_path):
    """A link to a later page works after the server was started again over the same file."""
    store = Store(tmp_path / "data.db")
    client = serve(store=store)
    for _ in range(3):
        client.create(report())
    link = client.search("_count=2").links["next"]
    store.close()
    again = serve(store=Store(tmp_path / "data.db"))
    assert len(again.get(link).ids) == 1


def test_unknown_page(client):
    """A link that leads nowhere is answered 410."""
    assert client.get("?_page=nonsense.0").status == 410
    assert client.get("?_page=nonsense").status == 410
