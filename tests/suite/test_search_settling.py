"""How long a search lags is learnt once; no run waits for ever."""

from __future__ import annotations

import json

import httpx
import pytest
from plain_evidence import BASE, bundle, report

from vbpr_conformance.client.client import FhirClient
from vbpr_conformance.suite import search_settling
from vbpr_conformance.suite.answer import Answer
from vbpr_conformance.suite.created_resource import CreatedResource
from vbpr_conformance.suite.findings import Finding, NotTestedError
from vbpr_conformance.suite.search_settling import SearchSettling
from vbpr_conformance.suite.seed_payloads import Tag
from vbpr_conformance.suite.system_under_test import SystemUnderTest

TAG = Tag("run-1")
OURS = CreatedResource("a", "a", report(identifier=[TAG.identifier]))


class LaggingIndex:
    """Finds what was created from the so-manieth search on; `None` for never."""

    def __init__(self, finds_from: int | None) -> None:
        self.finds_from = finds_from
        self.searches: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/MeasureReport/a"):
            return httpx.Response(200, json={**report("a"), "identifier": [TAG.identifier]})
        self.searches.append(str(request.url))
        finds = self.finds_from is not None and len(self.searches) >= self.finds_from
        return httpx.Response(200, json=bundle(*([report("a")] if finds else [])))


@pytest.fixture
def settling(monkeypatch):
    """Make the settling of a run against an index, and the seconds that were slept."""
    clock = [0.0]
    monkeypatch.setattr(search_settling.time, "monotonic", lambda: clock[0])

    def make(index) -> tuple[SearchSettling, list[float]]:
        slept: list[float] = []

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            clock[0] += seconds

        system = SystemUnderTest(FhirClient(BASE, transport=httpx.MockTransport(index)))
        return SearchSettling(system, TAG, sleep), slept

    return make


def test_a_search_that_finds_at_once_is_not_waited_for(settling):
    """And it is kept to this run's resources from then on."""
    made, slept = settling(LaggingIndex(1))
    assert made.scope_of("MeasureReport") == []
    made.find_out([OURS])
    assert (slept, made.lag) == ([], 0.0)
    assert made.scope_of("MeasureReport") == [("identifier", "urn:vbpr-conformance:run|run-1")]


def test_a_lag_is_learnt_once_and_waited_for_after_each_write(settling):
    """Twice as long as it was seen to last; without a write in between nothing is waited for."""
    index = LaggingIndex(4)
    made, slept = settling(index)
    made.find_out([OURS])
    assert made.lag == pytest.approx(sum(slept))
    del slept[:]
    made.settle([OURS])
    assert slept == []
    made._system.writes += 1
    made.settle([OURS])
    assert slept == [pytest.approx(2 * made.lag)]
    assert len(index.searches) == 4


def test_an_index_that_never_finds_is_given_up(settling):
    """It is learnt with the first resources, said, and not waited for again."""
    made, slept = settling(LaggingIndex(None))
    made.find_out([OURS])
    assert sum(slept) >= search_settling.PATIENCE_S
    assert made.scope_of("MeasureReport") == []
    assert len(made.limits) == 1
    del slept[:]
    made.find_out([OURS])
    assert slept == []
    assert len(made.limits) == 1


def test_waiting_does_not_add_up_without_end(settling):
    """After a minute in all nothing more is waited for, and the run says so."""
    made, slept = settling(LaggingIndex(11))
    made.find_out([OURS])
    del slept[:]
    for _ in range(100):
        made._system.writes += 1
        made.settle([])
    assert sum(slept) <= search_settling.MOST_WAITING_S + search_settling.PATIENCE_S
    assert len(made.limits) == 1
    assert "lags" in made.limits[0]


@pytest.mark.parametrize("status", [400, 404, 500])
def test_an_index_that_refuses_is_not_waited_for(settling, status):
    """What is wrong with the search is told by the cases about it."""
    made, slept = settling(lambda _: httpx.Response(status))
    made.find_out([OURS])
    assert (slept, made.scope_of("MeasureReport")) == ([], [])


def pages_of(*pages: list[str]):
    """A server whose search has these pages, and which creates and deletes whatever it is told to."""

    def handle(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            identity = json.loads(request.content)["date"]
            return httpx.Response(201, headers={"Location": f"{BASE}/MeasureReport/{identity}"})
        if request.method == "DELETE":
            return httpx.Response(204)
        number = int(request.url.params.get("page", "0"))
        link = [{"relation": "next", "url": f"{BASE}/MeasureReport?page={number + 1}"}]
        return httpx.Response(
            200, json=bundle(*map(report, pages[number]), link=link if number + 1 < len(pages) else [])
        )

    return handle


def test_what_goes_on_finding_what_was_deleted_is_not_read_to_its_end():
    """Its pages grow with the run: it is said once, and what needs them is not tested."""
    ids = [f"d{number}" for number in range(40)]
    client = FhirClient(BASE, transport=httpx.MockTransport(pages_of(*[ids[at : at + 10] for at in range(0, 40, 10)])))
    system = SystemUnderTest(client)
    for identity in ids:
        client.create(report(date=identity))
    system.read_pages(Answer("search", client.search("MeasureReport")))
    for identity in ids:
        client.delete("MeasureReport", identity)
    for _ in range(2):
        with pytest.raises(NotTestedError, match="goes on finding what was deleted"):
            system.read_pages(Answer("search", client.search("MeasureReport")))
    assert len(system.limits) == 1


def test_a_page_that_is_no_bundle_is_a_finding():
    """With its number and what was answered."""
    answers = iter([bundle(link=[{"relation": "next", "url": f"{BASE}/MeasureReport?page=2"}]), None])

    def handle(_):
        body = next(answers)
        return httpx.Response(200, json=body) if body else httpx.Response(500, text="broken\x1b[31m")

    system = SystemUnderTest(FhirClient(BASE, transport=httpx.MockTransport(handle)))
    with pytest.raises(Finding, match=r"page 2 of the search answered 500") as found:
        system.read_pages(Answer("search", system.client.search("MeasureReport")))
    assert "\x1b" not in found.value.sentence


def test_a_server_is_known_by_the_base_that_it_uses_itself():
    """Behind a proxy it may be another than the client's."""

    def handle(_):
        return httpx.Response(201, headers={"Location": "https://inner.example/r4/MeasureReport/1/_history/1"})

    system = SystemUnderTest(FhirClient(BASE, transport=httpx.MockTransport(handle)))
    assert system.bases == (BASE,)
    system.wrote(system.client.create(report()))
    assert system.bases == ("https://inner.example/r4", BASE)


@pytest.mark.parametrize("read", [httpx.Response(410), httpx.Response(200, json=report("a"))])
def test_what_a_case_deleted_or_changed_is_not_waited_for(settling, read):
    """Nothing is learnt of the search from it: the next resource tells."""

    class Index(LaggingIndex):
        def __call__(self, request: httpx.Request) -> httpx.Response:
            return read if request.url.path.endswith("/MeasureReport/a") else super().__call__(request)

    index = Index(None)
    made, slept = settling(index)
    made.find_out([OURS])
    assert (slept, made.limits, made.scope_of("MeasureReport")) == ([], [], [])
    index.finds_from = 1
    other = CreatedResource("b", "b", report(identifier=[TAG.identifier]))
    index.__class__.__call__ = lambda *_: httpx.Response(200, json=bundle(report("b")))
    made.find_out([other])
    assert made.scope_of("MeasureReport") != []
