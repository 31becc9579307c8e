"""What a run creates on servers that do not do as they are told: deleted in any order, or named."""

from __future__ import annotations

import json

import httpx
import pytest

from vbpr_conformance.client.client import FhirClient
from vbpr_conformance.client.created import CreatedResources
from vbpr_conformance.client.leftovers import clean_up_tagged
from vbpr_conformance.client.tagged import tags
from vbpr_conformance.reference import served
from vbpr_conformance.reference.store import Store
from vbpr_conformance.selftest.in_process import results_of
from vbpr_conformance.selftest.trial import Setting, setting_of
from vbpr_conformance.suite.case import run_case
from vbpr_conformance.suite.context import Context, Settings
from vbpr_conformance.suite.coverage import all_cases
from vbpr_conformance.suite.seed_payloads import TAG_SYSTEM
from vbpr_conformance.suite.verdicts import Verdict

BASE = "https://payer.example/fhir"


class StrictServer:
    """Deletes nothing that another resource refers to; takes only so many resources."""

    def __init__(self, *, takes: int = 100, never: frozenset[str] = frozenset()) -> None:
        self.held: dict[str, str] = {}
        self.takes, self.never = takes, never

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/fhir/")
        if request.method == "POST":
            if len(self.held) >= self.takes:
                return httpx.Response(422)
            place = f"{path}/{len(self.held) + 1}"
            self.held[place] = request.content.decode()
            return httpx.Response(201, headers={"Location": f"{BASE}/{place}"})
        if request.method == "DELETE":
            used = any(f'"{path}"' in body for other, body in self.held.items() if other != path)
            if used or path in self.never:
                return httpx.Response(409)
            self.held.pop(path, None)
            return httpx.Response(204)
        return httpx.Response(200, json={"resourceType": "Bundle", "type": "searchset"})


@pytest.fixture
def context_of(edition):
    """Make the context of a run against such a server."""

    def make(server: StrictServer) -> Context:
        client = FhirClient(BASE, structure=edition.structure, transport=httpx.MockTransport(server))
        return Context(edition, client, "test", Settings(examples=1, seed=1))

    return make


def organization(part_of: str | None = None) -> dict:
    return {"resourceType": "Organization", **({"partOf": {"reference": part_of}} if part_of else {})}


def test_what_is_referred_to_is_deleted_after_what_refers_to_it(context_of):
    """A server that keeps what others refer to is emptied all the same, whatever was created first."""
    server = StrictServer()
    context = context_of(server)
    lives = [
        context.resources.create("one", organization("Organization/2")),
        context.resources.create("two", organization()),
    ]
    context.resources.remove(lives)
    assert (server.held, context.resources.deleted, context.tally().left) == ({}, 2, [])


def test_what_a_later_example_still_needs_is_deleted_at_the_end(context_of):
    """What could not be deleted after its case is tried again when the run ends."""
    server = StrictServer()
    context = context_of(server)
    context.resources.create_for_all("for all", organization("Organization/2"))
    context.resources.remove([context.resources.create("own", organization())])
    assert context.tally().left == ["Organization/1", "Organization/2"]
    context.resources.close()
    assert (server.held, context.tally().left) == ({}, [])


def test_what_stays_is_named(context_of):
    """What a server does not delete is counted as left, not as deleted."""
    server = StrictServer(never=frozenset({"Organization/1"}))
    resources = context_of(server).resources
    resources.remove([resources.create("one", organization()), resources.create("two", organization())])
    resources.close()
    assert (list(server.held), resources.deleted, resources.left) == (["Organization/1"], 1, ["Organization/1"])


def test_no_case_runs_on_half_of_a_population(context_of, cases):
    """Where a server does not take all resources that a suite shares, one case says so, and none is judged."""
    server = StrictServer(takes=8)
    context = context_of(server)
    names = ("search-status/code", "search-paging", "search-together", "include-evaluated-resource")
    found = [run_case(cases[name], context) for name in names]
    assert [each.verdict for each in found] == [Verdict.FAIL, Verdict.SKIP, Verdict.SKIP, Verdict.SKIP]
    assert "answered 422 to a conformant" in found[0].message
    assert all("not verifiable: POST" in each.message for each in found[1:])
    context.resources.close()
    assert json.dumps(server.held) == "{}"


class TaggedServer:
    """Holds an organization of a run, of which its statement says nothing; other types it does not know."""

    held = frozenset({"MeasureReport/1", "Organization/2"})

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/fhir/")
        if request.method == "DELETE":
            self.held -= {path}
            return httpx.Response(204)
        found = [each for each in self.held if each.startswith(f"{path}/")]
        if not found:
            return httpx.Response(404)
        kind, identity = found[0].split("/")
        tag = {"system": TAG_SYSTEM, "value": "a-run"}
        resource = {"resourceType": kind, "id": identity, "identifier": [tag]}
        return httpx.Response(200, json={"resourceType": "Bundle", "entry": [{"resource": resource}]})


def test_by_tag_types_are_asked_for_that_the_target_does_not_name():
    """A server may take what its statement does not say; where it does not know a type, nothing can be left of it."""
    server = TaggedServer()
    client = FhirClient(BASE, transport=httpx.MockTransport(server))
    found = clean_up_tagged(client, BASE, TAG_SYSTEM, {"MeasureReport": True, "Organization": False, "List": False})
    assert (found.deleted, found.remaining, server.held) == (2, [], frozenset())
    unsearchable = clean_up_tagged(client, BASE, TAG_SYSTEM, {"List": True})
    said = "perhaps a List: the server does not search it by identifier"
    assert [str(each) for each in unsearchable.remaining] == [said]


@pytest.mark.hostile
def test_all_that_the_suites_create_carries_the_tag(edition, monkeypatch):
    """So that `cleanup --by-tag` finds it where no journal is; it asks for these types."""
    monkeypatch.setattr(CreatedResources, "delete", lambda *_args, **_more: [])
    store = Store()
    results_of(edition, [each for each in all_cases(edition)[0] if setting_of(each) is Setting.OPEN], store=store)
    held = [json.loads(row.text) for row in store.living()]
    assert {each["resourceType"] for each in held} <= set(served.types(edition))
    assert len(held) > 100
    assert [each["id"] for each in held if not [*tags(each, TAG_SYSTEM)]] == []
