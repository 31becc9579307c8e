"""Pages are followed to the end, and nowhere else."""

from __future__ import annotations

import httpx
import pytest

from vbpr_conformance.client.client_errors import PagingError
from vbpr_conformance.client.paging import PagingLimits

BASE = "http://payer.example/fhir"


def bundle(number, *next_links):
    links = [{"relation": "self", "url": f"{BASE}/self"}, *({"relation": "next", "url": each} for each in next_links)]
    return httpx.Response(200, json={"resourceType": "Bundle", "id": str(number), "link": links})


def pages_of(client_of, links, method="GET"):
    """The ids of the pages of a search whose pages link to each other by `links`, and the client."""
    pages = iter([bundle(number, *links.get(number, ())) for number in range(1, 40)])
    client = client_of(lambda _: next(pages))
    return client, client.pages(client.search("Measure", "a=b", method=method))


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("link", "url"),
    [
        (f"{BASE}?_getpages=2", f"{BASE}?_getpages=2"),
        ("Measure?page=2", f"{BASE}/Measure?page=2"),
        ("?page=2", f"{BASE}/Measure?page=2"),
        ("/fhir/Measure?page=2", f"{BASE}/Measure?page=2"),
        ("http://payer.example:80/fhir/x", "http://payer.example/fhir/x"),
    ],
)
def test_next_links_are_followed_absolute_and_relative(client_of, method, link, url):
    """A next link is read by a GET, whatever its form, also after a search by POST."""
    client, pages = pages_of(client_of, {1: [link]}, method)
    assert [page.resource["id"] for page in pages] == ["1", "2"]
    assert (client.seen[-1].method, client.seen[-1].url) == ("GET", url)


def test_many_pages_are_followed_to_the_end(client_of):
    """All pages come, each once."""
    _, pages = pages_of(client_of, {number: [f"?page={number + 1}"] for number in range(1, 30)})
    assert [page.resource["id"] for page in pages] == [str(number) for number in range(1, 31)]


@pytest.mark.parametrize(
    "link", ["http://evil.example/fhir", "https://payer.example/fhir", "//evil.example/x", "file:///etc/passwd"]
)
def test_links_to_another_server_are_a_finding(client_of, link):
    """A next link that leaves the server is not followed and told, with the page that holds it."""
    client, pages = pages_of(client_of, {1: [link]})
    first = next(pages)
    with pytest.raises(PagingError, match="next link of page 1 leads to another server and was not followed") as caught:
        next(pages)
    assert caught.value.exchange is first
    assert client.requests == 1


@pytest.mark.parametrize("links", [{1: ["?a=b"]}, {1: ["?page=2"], 2: ["?page=2"]}, {1: ["?page=2"], 2: ["?a=b"]}])
def test_links_in_a_circle_are_a_finding(client_of, links):
    """A next link to a page that was read ends the reading with a sentence."""
    _, pages = pages_of(client_of, links)
    with pytest.raises(PagingError, match="leads back to a page that was read"):
        list(pages)


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (PagingLimits(pages=5), "after 5 pages, the last 5 of them without anything new: the pages do not end"),
        (PagingLimits(repeated=3), "after 3 pages, the last 3 of them without anything new"),
        (PagingLimits(size=500), "still a next link after . pages and 0 MiB"),
    ],
)
def test_pages_without_end_are_a_finding(client_of, limits, said):
    """New next links for ever end at a bound: of pages, of pages that bring nothing new, of bytes."""
    client, _ = pages_of(client_of, {number: [f"?page={number + 1}"] for number in range(1, 30)})
    client._paging = limits
    with pytest.raises(PagingError, match=said):
        list(client.pages(client.search("Measure", "a=b")))


def test_a_server_that_never_ended_once_is_not_followed_far_again(client_of):
    """The next search of such a server costs a few requests, not a thousand."""
    client, _ = pages_of(client_of, {number: [f"?page={number + 1}"] for number in range(1, 39)})
    client._paging = PagingLimits(repeated=20)
    for most in (20, 5):
        before = client.requests
        with pytest.raises(PagingError, match=f"after {most} pages"):
            list(client.pages(client.search("Measure", "a=b")))
        assert client.requests - before == most


@pytest.mark.parametrize(
    "second",
    [
        httpx.Response(500),
        httpx.Response(404, json={"resourceType": "OperationOutcome"}),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json={"resourceType": "Measure"}),
    ],
)
def test_a_page_that_is_no_bundle_is_given_and_the_last(client_of, second):
    """What is not a page comes out as it is, so that it can be judged."""
    answers = [bundle(1, "?page=2"), second]
    client = client_of(lambda _: answers.pop(0))
    pages = list(client.pages(client.search("Measure")))
    assert [page.status for page in pages] == [200, second.status_code]


@pytest.mark.parametrize(
    ("links", "message"), [(["?a=1", "?a=2"], "has 2 next links"), ([""], "has no URL"), ([7], "has no URL")]
)
def test_wrong_links_are_a_finding(client_of, links, message):
    """Links that cannot be followed are told."""
    _, pages = pages_of(client_of, {1: links})
    with pytest.raises(PagingError, match=message):
        list(pages)


@pytest.mark.parametrize("link", [None, "x", {}, ["x"], [{"relation": "next"}]])
def test_links_of_a_wrong_shape_break_nothing(client_of, link):
    """Whatever stands where the links should be, reading ends with the page or a finding."""
    client = client_of(lambda _: httpx.Response(200, json={"resourceType": "Bundle", "link": link}))
    try:
        assert len(list(client.pages(client.search("Measure")))) == 1
    except PagingError as error:
        assert "has no URL" in str(error)  # noqa: PT017  either is right, by the shape


def test_the_format_that_was_asked_for_is_asked_for_again(client_of):
    """Later pages are asked for in the format of the first."""
    answers = [bundle(1, "?page=2"), bundle(2)]
    client = client_of(lambda _: answers.pop(0))
    list(client.pages(client.search("Measure", headers={"Accept": "application/fhir+xml"})))
    assert client.seen[1].request_headers["accept"] == "application/fhir+xml"
