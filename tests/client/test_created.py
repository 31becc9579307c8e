"""What a run creates on a target is known on disk at every moment, and can be deleted afterwards."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys

import httpx
import pytest

from vbpr_conformance.client.client_errors import NoAnswerError
from vbpr_conformance.client.created import CreatedResources
from vbpr_conformance.client.credentials import bearer
from vbpr_conformance.client.effects import effects, outcome
from vbpr_conformance.client.journal import journals
from vbpr_conformance.client.leftovers import clean_up, clean_up_tagged
from vbpr_conformance.errors import UsageError
from vbpr_conformance.rest.exchange import Exchange
from vbpr_conformance.rest.headers import Headers

BASE = "http://payer.example/fhir"
TAG = ("urn:run", "r1")
MEASURE = {
    "resourceType": "Measure",
    "identifier": [{"system": TAG[0], "value": TAG[1]}],
    "title": "payload of a patient",
}


def other(**more):
    return {"resourceType": "Measure", "title": "payload of the target", **more}


@pytest.fixture
def run(client_of, store):
    """A client whose run is noted."""
    return client_of(store, created=CreatedResources.of_run(BASE, "r1", TAG))


@pytest.fixture
def interrupted(client_of, store):
    """Start a run, let `act` work in it, and end it without its clean-up."""

    def start(act, run="r1", tag=TAG):
        client = client_of(store, created=CreatedResources.of_run(BASE, run, tag))
        act(client)
        client.close()

    return start


@pytest.fixture
def cleaner(client_of, store):
    return client_of(store)


def cleaned(client, run=None):
    deleted, remaining = clean_up(client, client.base_url, run)
    return deleted, [str(each) for each in remaining]


def left_on_disk():
    return {reference for _, state in journals(BASE, None) for reference in state.created}


def test_what_is_created_and_deleted_leaves_nothing(run, store, state_folder):
    """A run that deletes all it created leaves no file behind."""
    first = run.create(MEASURE).located
    run.update({**MEASURE, "id": "own"})
    assert left_on_disk() == {"Measure/1", "Measure/own"}
    run.update({**MEASURE, "id": "own"})
    run.delete(first.type, first.id)
    assert left_on_disk() == {"Measure/own"}
    run.delete("Measure", "own")
    run.close()
    assert store.held == {}
    assert not [each for each in state_folder.rglob("*") if each.is_file()]


def test_what_was_created_without_an_answer_is_deleted_at_the_end(run, store, monkeypatch):
    """An interrupt between request and answer leaves a resource that nobody knows: the run itself looks for it."""
    run.create(MEASURE)
    store.held["Measure/theirs"] = other(id="theirs")
    with monkeypatch.context() as patched:
        patched.setattr(run._sender, "send", interrupting(run._sender.send))
        with pytest.raises(KeyboardInterrupt):
            run.create(MEASURE)
    assert (len(store.held), run.created.references) == (3, ("Measure/1",))
    assert run.created.delete_all(run) == []
    assert set(store.held) == {"Measure/theirs"}
    assert (run.created.created, run.created.deleted) == (2, 2)


def interrupting(send):
    """Send, and be interrupted before the answer is looked at."""

    def sent(*args):
        send(*args)
        raise KeyboardInterrupt

    return sent


def test_what_is_no_longer_there_is_not_left(run, store):
    """A resource that somebody else deleted before us is gone: 404 and 410 are as good as 204."""
    run.create(MEASURE)
    run.create(MEASURE)
    del store.held["Measure/1"]
    assert run.created.delete(run, ["Measure/1"]) == []
    assert (run.created.references, run.created.deleted) == (("Measure/2",), 1)
    assert "Measure/1" in run.created
    assert "Measure/3" not in run.created


def test_what_was_deleted_and_stored_again_is_deleted_again(run, store):
    """An update that brings a resource back may be answered 200: it stands on the server all the same."""
    run.update({**MEASURE, "id": "own"})
    run.delete("Measure", "own")
    assert run.created.references == ()
    store.held["Measure/own"] = other()
    assert run.update({**MEASURE, "id": "own"}).status == 200
    assert run.created.references == ("Measure/own",)
    assert (run.created.delete_all(run), store.held) == ([], {})


def test_a_register_can_be_kept_in_memory(client_of, store, state_folder):
    """A client that is given no register keeps one of its own, and nothing on disk."""
    client = client_of(store)
    client.create(MEASURE)
    client.close()
    assert client.created.references == ("Measure/1",)
    assert not state_folder.exists()


def test_what_the_server_keeps_stays_in_the_register(run, store):
    """What could not be deleted when a case ended is tried again when the run ends, and told if it stays."""
    run.create(MEASURE)
    run.create(MEASURE)
    store.refuses_delete = lambda _: True
    assert [str(each) for each in run.created.delete(run, ["Measure/2"])] == [
        "Measure/2: the server answered 409 to its delete"
    ]
    store.refuses_delete = lambda reference: reference == "Measure/1"
    assert [each.reference for each in run.created.delete_all(run)] == ["Measure/1"]
    run.close()
    assert left_on_disk() == {"Measure/1"}


def test_where_the_server_is_gone_nothing_more_is_tried(run, store):
    """Three deletes in a row without an answer end the clean-up; all is left to a later one."""
    made = [f"Measure/{i}" for i in range(1, 6) if run.create(MEASURE)]
    store.broken = lambda request: request.method == "DELETE"
    store.requests.clear()
    assert [each.reference for each in run.created.delete_all(run)] == made[::-1]
    assert len(store.requests) == 3


def test_a_delete_that_hung_ends_the_clean_up_at_once(run, store, monkeypatch):
    """Others would hang as well: the user waits for one only."""
    made = [f"Measure/{i}" for i in range(1, 6) if run.create(MEASURE)]
    store.broken = lambda request: request.method == "DELETE"
    store.requests.clear()
    monkeypatch.setattr("vbpr_conformance.client.created._QUICK_S", -1)
    assert [each.reference for each in run.created.delete_all(run)] == made[::-1]
    assert len(store.requests) == 1


def test_a_server_that_keeps_what_it_says_it_deleted_is_not_believed(client_of, store):
    """What is still there is told, and stays noted for `cleanup`; also what the case itself had deleted since."""

    def keeps(request):
        return httpx.Response(204) if request.method == "DELETE" else store(request)

    client = client_of(keeps, created=CreatedResources.of_run(BASE, "r1", TAG))
    for _ in range(3):
        client.create(MEASURE)
    assert [str(each) for each in client.created.delete(client, ["Measure/3"])] == [
        "Measure/3: the server answered 204 to its delete and still gives it"
    ]
    client.delete("Measure", "2")
    assert {each.reference for each in client.created.delete_all(client)} == {"Measure/1", "Measure/2", "Measure/3"}
    assert (client.created.created, client.created.deleted) == (3, 0)
    client.close()
    assert left_on_disk() == {"Measure/1", "Measure/2", "Measure/3"}


def test_after_a_delete_that_hung_only_the_end_tries_again(run, store, monkeypatch):
    """Each case would else wait for one more; by the end of the run the server may have come to itself."""
    made = [f"Measure/{i}" for i in range(1, 4) if run.create(MEASURE)]
    store.broken = lambda request: request.method == "DELETE"
    monkeypatch.setattr("vbpr_conformance.client.created._QUICK_S", -1)
    assert len(run.created.delete(run, made)) == 3
    store.requests.clear()
    assert len(run.created.delete(run, made)) == 3
    assert store.requests == []
    store.broken = lambda _: False
    assert run.created.delete_all(run) == []


def test_a_connection_that_breaks_now_and_then_leaves_nothing(run, store):
    """What broke off is tried again once the rest is gone."""
    for _ in range(5):
        run.create(MEASURE)
    store.requests.clear()
    store.broken = lambda request: request.method == "DELETE" and len(store.requests) % 3 == 1
    assert run.created.delete_all(run) == []


def test_deleting_ends_when_its_time_is_over(run):
    """What cannot be deleted in the time given is left, and told."""
    run.create(MEASURE)
    assert [str(each) for each in run.created.delete_all(run, within=-1)] == [
        "Measure/1: no time was left to delete it"
    ]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_create_that_the_server_failed_at_is_looked_for(client_of, store, status):
    """What came of a create answered 5xx is not known: the run looks for it by its tag before it ends."""

    def fails(request):
        answer = store(request)
        return httpx.Response(status) if request.method == "POST" else answer

    client = client_of(fails, created=CreatedResources.of_run(BASE, "r1", TAG))
    client.create(MEASURE)
    assert (list(store.held), client.created.references) == (["Measure/1"], ())
    assert (client.created.delete_all(client), store.held) == ([], {})


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 412, 415, 422, 429])
def test_a_create_that_was_refused_left_nothing(client_of, status):
    """A refusal is a clear answer: nothing is "perhaps created", and no search looks for it."""
    requests = []

    def refuses(request):
        requests.append(request)
        return httpx.Response(status)

    client = client_of(refuses, created=CreatedResources.of_run(BASE, "r1", TAG))
    client.create(MEASURE)
    sent = len(requests)
    assert (client.created.delete_all(client), len(requests)) == ([], sent)


def test_what_is_left_is_deleted_afterwards(interrupted, cleaner, store):
    """Everything an interrupted run created goes, and only that; then there is nothing more to clean."""
    store.held["Measure/theirs"] = other(id="theirs")
    interrupted(lambda client: [client.create(MEASURE) for _ in range(3)])
    assert len(store.held) == 4
    assert cleaned(cleaner) == (3, [])
    assert list(store.held) == ["Measure/theirs"]
    assert cleaned(cleaner) == (0, [])


def test_one_run_can_be_named(interrupted, cleaner):
    """Of several runs only the named one is cleaned."""
    interrupted(lambda client: client.create(MEASURE), run="r1")
    interrupted(lambda client: [client.create(MEASURE), client.create(MEASURE)], run="r2")
    assert cleaned(cleaner, run="r3") == (0, [])
    interrupted(lambda client: client.create(MEASURE), run="r2-gw1")
    assert cleaned(cleaner, run="r2") == (3, [])
    assert cleaned(cleaner) == (1, [])


def test_a_run_that_goes_on_is_left_alone(run, cleaner, store):
    """What a running run created stays, and is told, unless the run is named."""
    run.create(MEASURE)
    assert cleaned(cleaner) == (0, ["what run r1 created: it still goes on"])
    assert len(store.held) == 1
    assert cleaned(cleaner, run="r1") == (1, [])


def test_the_newest_goes_first_and_refusals_are_tried_again(interrupted, cleaner, store):
    """Where a server refuses to delete what is referred to, it goes after that which refers to it."""
    interrupted(lambda client: [client.create(MEASURE) for _ in range(3)])
    store.refuses_delete = lambda reference: reference == "Measure/3" and "Measure/1" in store.held
    assert cleaned(cleaner) == (3, [])
    deletes = [path for method, path in store.requests if method == "DELETE"]
    assert [path.rpartition("/")[2] for path in deletes] == ["3", "2", "1", "3"]


def test_what_cannot_be_deleted_is_told_and_kept_in_mind(interrupted, cleaner, store):
    """A delete that is refused for good is told with the answer, and tried again by the next clean-up."""
    interrupted(lambda client: [client.create(MEASURE), client.create(MEASURE)])
    store.refuses_delete = lambda reference: reference == "Measure/1"
    assert cleaned(cleaner) == (1, ["Measure/1: the server answered 409 to its delete"])
    store.refuses_delete = lambda _: False
    assert cleaned(cleaner) == (1, [])


def lose(client, request="POST", **more):
    """Create what the server creates, and lose its answer."""
    with pytest.raises(NoAnswerError):
        client.create(MEASURE) if request == "POST" else client.update({**MEASURE, **more})


def test_what_was_created_without_an_answer_is_found_by_the_tag(interrupted, cleaner, store):
    """A create whose answer was lost is looked up by the run's tag; resources of others are never touched."""
    store.held["Measure/theirs"] = other(id="theirs")
    store.broken = lambda request: request.method == "POST"
    interrupted(lose)
    assert len(store.held) == 2
    assert cleaned(cleaner) == (1, [])
    assert list(store.held) == ["Measure/theirs"]


def test_a_server_that_ignores_the_search_loses_nothing(interrupted, client_of, store):
    """Where a search gives more than was asked for, only what carries the tag is deleted."""
    store.held["Measure/theirs"] = other(id="theirs", identifier=[{"system": TAG[0], "value": "another run"}])
    store.broken = lambda request: request.method == "POST"
    interrupted(lose)

    def ignores_parameters(request):
        if request.method == "GET":
            entries = [{"resource": each} for each in store.held.values()]
            return httpx.Response(200, json={"resourceType": "Bundle", "entry": [*entries, {"x": 1}, 7]})
        return store(request)

    assert cleaned(client_of(ignores_parameters)) == (1, [])
    assert list(store.held) == ["Measure/theirs"]


def test_a_server_that_gives_all_it_holds_is_not_read_to_the_end(interrupted, client_of, store):
    """Page after page without anything of ours: at some point the user is told what may be left."""
    store.broken = lambda request: request.method == "POST"
    interrupted(lose)
    asked = []

    def endless(request):
        asked.append(request)
        link = {"relation": "next", "url": f"{BASE}/Measure?page={len(asked)}"}
        return httpx.Response(200, json={"resourceType": "Bundle", "link": [link], "entry": [{"resource": other()}]})

    deleted, [left] = cleaned(client_of(endless))
    assert (deleted, left.startswith("perhaps a Measure of unknown id")) == (0, True)
    assert len(asked) < 100


def test_an_update_without_an_answer_is_looked_at(interrupted, cleaner, store):
    """A resource under an id of ours goes if it carries the tag, and stays if it does not."""
    store.held["Measure/theirs"] = other(id="theirs")
    store.broken = lambda request: request.method == "PUT"

    def act(client):
        lose(client, "PUT", id="ours")
        lose(client, "PUT", id="theirs")
        store.held["Measure/theirs"] = other(id="theirs")

    interrupted(act)
    assert cleaned(cleaner) == (1, [])
    assert list(store.held) == ["Measure/theirs"]


def test_what_cannot_be_looked_up_is_told(interrupted, client_of, store):
    """Without a tag, or where the server does not search, the user is told what may be left."""
    store.broken = lambda request: request.method == "POST"
    interrupted(lose, run="r1", tag=None)
    interrupted(lose, run="r2")
    deleted, left = cleaned(client_of(lambda _: httpx.Response(400)))
    assert deleted == 0
    assert [each.split(" (")[0] for each in left] == [
        f"perhaps a Measure of unknown id: its creation got no clear answer in run {run}" for run in ("r1", "r2")
    ]


def test_a_request_that_was_never_sent_left_nothing(client_of):
    """Where no connection came about there is nothing to look for."""

    def refuse(request):
        raise httpx.ConnectError("refused", request=request)

    client = client_of(refuse, created=CreatedResources.of_run(BASE, "r1", TAG))
    with pytest.raises(NoAnswerError):
        client.create(MEASURE)
    client.close()
    assert list(journals(BASE, None)) == []


@pytest.mark.parametrize(
    ("call", "response", "expected"),
    [
        (lambda c: c.create(MEASURE), httpx.Response(422), set()),
        (lambda c: c.create(MEASURE), httpx.Response(200, json={**MEASURE, "id": "5"}), {"Measure/5"}),
        (lambda c: c.create(MEASURE), httpx.Response(201, headers={"Location": "Measure/6"}), {"Measure/6"}),
        (
            lambda c: c.request("POST", "Measure", body=b"{}"),
            httpx.Response(201, headers={"Location": "Measure/6"}),
            {"Measure/6"},
        ),
        (lambda c: c.conditional_create(MEASURE, "a=b"), httpx.Response(200, headers={"Location": "Measure/7"}), set()),
        (
            lambda c: c.conditional_create(MEASURE, "a=b"),
            httpx.Response(201, headers={"Location": "Measure/8"}),
            {"Measure/8"},
        ),
        (lambda c: c.conditional_update(MEASURE, "a=b"), httpx.Response(200, headers={"Location": "Measure/9"}), set()),
        (
            lambda c: c.conditional_update(MEASURE, "a=b"),
            httpx.Response(201, headers={"Location": "Measure/9"}),
            {"Measure/9"},
        ),
        (lambda c: c.update({**MEASURE, "id": "x"}), httpx.Response(200), set()),
        (lambda c: c.update({**MEASURE, "id": "x"}), httpx.Response(201), {"Measure/x"}),
        (lambda c: c.create(MEASURE), httpx.Response(201, headers={"Location": "Patient/6"}), set()),
        (lambda c: c.create(MEASURE), httpx.Response(300, headers={"Location": "Measure/6"}), set()),
        (lambda c: c.request("PUT", "Measure/x/y", body=MEASURE), httpx.Response(201), set()),
        (lambda c: c.search("Measure", "a=b", method="POST"), httpx.Response(200), set()),
        (lambda c: c.request("POST", "Measure/$op", body={}), httpx.Response(201), set()),
    ],
)
def test_only_what_was_created_is_noted(client_of, call, response, expected):
    """Each answer says for itself whether something new stands on the server."""
    client = client_of(lambda _: response, created=CreatedResources.of_run(BASE, "r1", TAG))
    call(client)
    assert left_on_disk() == expected


def entry(method, url, resource=None):
    return {"request": {"method": method, "url": url}, **({"resource": resource} if resource else {})}


ENTRIES = [
    entry("POST", "Measure", MEASURE),
    entry("PUT", "Measure/b", {**MEASURE, "id": "b"}),
    entry("PUT", "Measure/c", {**MEASURE, "id": "c"}),
    entry("DELETE", "Measure/old"),
    entry("GET", "Measure/x"),
]


def answered_transaction(bundle):
    body = json.dumps(bundle).encode()
    return Exchange("transaction", "POST", BASE, Headers({}), b"", 200, Headers({}), body, 0.1)


def answered(*responses):
    return httpx.Response(200, json={"resourceType": "Bundle", "entry": [{"response": each} for each in responses]})


def test_bundles_are_noted_entry_by_entry(client_of):
    """What the entries of a transaction created and deleted is read off its answer."""
    responses = [
        httpx.Response(201, headers={"Location": "Measure/old"}),
        answered(
            {"status": "201 Created", "location": "Measure/a/_history/1"},
            {"status": "201", "location": f"{BASE}/Measure/b/_history/1"},
            {"status": "200 OK", "location": "Measure/c/_history/4"},
            {"status": "204"},
            {"status": "200"},
        ),
    ]
    client = client_of(lambda _: responses.pop(0), created=CreatedResources.of_run(BASE, "r1", TAG))
    client.create(MEASURE)
    assert left_on_disk() == {"Measure/old"}
    client.transaction(ENTRIES)
    assert left_on_disk() == {"Measure/a", "Measure/b"}
    assert all(not state.unknown for _, state in journals(BASE, None))


def test_only_a_delete_takes_a_resource_off_the_register(client_of):
    """An update that a bundle holds leaves it, whatever stands before or after."""
    responses = [
        httpx.Response(201, headers={"Location": "Measure/a"}),
        answered({"status": "404"}, {"status": "200"}, {"status": "x"}, {"status": "201", "location": "Measure/b"}),
    ]
    client = client_of(lambda _: responses.pop(0), created=CreatedResources.of_run(BASE, "r1", TAG))
    client.create(MEASURE)
    client.batch(
        [
            entry("GET", "Measure/none"),
            entry("PUT", "Measure/a", {**MEASURE, "id": "a"}),
            entry("PUT", "Measure/c", {**MEASURE, "id": "c"}),
            entry("POST", "Measure", MEASURE),
        ]
    )
    assert left_on_disk() == {"Measure/a", "Measure/b"}


@pytest.mark.parametrize("status", [200, 202, 204, 404, 410])
def test_after_any_of_these_answers_a_resource_is_gone(client_of, status):
    """R4 lets a delete be answered with an outcome, with nothing, or later; what is gone is deleted too."""
    created = CreatedResources.in_memory(BASE)
    headers = {"Location": f"{BASE}/Measure/m1/_history/1"}
    client = client_of(
        lambda request: (
            httpx.Response(status) if request.method == "DELETE" else httpx.Response(201, json={}, headers=headers)
        ),
        created=created,
    )
    client.create(MEASURE)
    assert created.delete_all(client) == []
    assert created.deleted == 1


@pytest.mark.parametrize(
    ("status", "unknown"), [("200 OK", 1), ("201 Created", 1), ("500", 1), ("204", 0), ("400", 0), ("soon", 0)]
)
def test_what_an_entry_without_a_location_may_have_created_is_looked_for(status, unknown):
    """Only where its status says, or may mean, that something was created."""
    body = {"entry": [entry("POST", "Measure")]}
    answer = {"resourceType": "Bundle", "entry": [{"response": {"status": status}}]}
    found = outcome(effects(BASE, "POST", BASE, body, {}), answered_transaction(answer))
    assert (len(found.created), len(found.unknown)) == (0, unknown)


@pytest.mark.parametrize(
    ("request_of_entry", "status", "location", "created"),
    [
        ({}, "201", "Patient/theirs/_history/1", []),
        ({}, "201", "Measure/ours", ["Measure/ours"]),
        ({"ifNoneExist": "url=urn:x"}, "200", "Measure/theirs", []),
        ({"ifNoneExist": "url=urn:x"}, "201", "Measure/ours", ["Measure/ours"]),
        ({"method": "PUT", "url": "Measure?url=urn:x"}, "200", "Measure/theirs", []),
        ({"method": "PUT", "url": "Measure/ours"}, "201", "Measure/theirs", ["Measure/ours"]),
    ],
)
def test_what_somebody_else_created_is_never_taken_for_ours(request_of_entry, status, location, created):
    """A location of another type, and what a conditional entry found, are not deleted at the end."""
    body = {"entry": [{"request": {"method": "POST", "url": "Measure", **request_of_entry}, "resource": MEASURE}]}
    answer = {"resourceType": "Bundle", "entry": [{"response": {"status": status, "location": location}}]}
    found = outcome(effects(BASE, "POST", BASE, body, {}), answered_transaction(answer))
    assert list(found.created) == created


def test_a_bundle_of_several_deletes_notes_each():
    """Not only its first or last entry."""
    urls = ["Measure/m1", "Measure/m2", "Group/g1"]
    answer = {"resourceType": "Bundle", "entry": [{"response": {"status": each}} for each in ("200", "404", "409")]}
    body = {"entry": [entry("DELETE", each) for each in urls]}
    found = outcome(effects(BASE, "POST", BASE, body, {}), answered_transaction(answer))
    assert found.deleted == ["Measure/m1", "Measure/m2"]


def test_a_transaction_that_failed_may_have_left_something(client_of, store):
    """A server may refuse a transaction and keep a part: what it may have kept is looked up by the tag."""
    store.held["Measure/half"] = {**MEASURE, "id": "half"}
    store.held["Measure/theirs"] = other(id="theirs")
    client = client_of(lambda _: httpx.Response(400), created=CreatedResources.of_run(BASE, "r1", TAG))
    client.transaction(ENTRIES)
    client.close()
    assert cleaned(client_of(store)) == (1, [])
    assert list(store.held) == ["Measure/theirs"]


def test_an_interruption_in_the_middle_of_a_line_loses_only_that(interrupted, cleaner):
    """A file that ends in the middle of a line is read up to there."""
    interrupted(lambda client: client.create(MEASURE))
    (path, _), *_ = journals(BASE, None)
    path.write_bytes(path.read_bytes() + b'[1]\n{"n": 9}\n{"n": 9, "int')
    assert cleaned(cleaner) == (1, [])
    assert not path.exists()


def test_no_payload_and_no_secret_is_noted(interrupted):
    """The file holds ids and types, nothing of what was sent."""
    interrupted(lambda client: client.create(MEASURE, headers={"X-Api-Key": "very secret"}))
    (path, state), *_ = journals(BASE, None)
    text = path.read_text()
    assert "payload" not in text
    assert "secret" not in text
    assert path.stat().st_mode & 0o077 == 0
    assert [sorted(json.loads(line)) for line in text.splitlines()] == [
        ["format", "run", "tag", "url"],
        ["intends", "n"],
        ["created", "n", "unknown"],
    ]
    assert (state.run, state.url, state.tag) == ("r1", BASE, TAG)


def test_targets_have_their_own_files(client_of, store):
    """What was created on one server is never deleted on another."""
    client = client_of(store, created=CreatedResources.of_run("http://me:secret@payer.example/fhir", "r1"))
    client.create(MEASURE)
    client.close()
    assert "secret" not in next(journals(BASE, None))[0].read_text()
    assert cleaned(client_of(store, base="http://payer.example/other")) == (0, [])
    assert cleaned(client_of(store, base="http://me:secret@payer.example/fhir/")) == (1, [])


def test_a_folder_that_cannot_be_written_is_said(client_of, store, tmp_path, monkeypatch):
    """Where nothing can be noted, nothing is created, and the user is told what to set."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("VBPR_STATE_DIR", str(tmp_path / "file"))
    client = client_of(store, created=CreatedResources.of_run(BASE, "r1", TAG))
    with pytest.raises(UsageError, match="set VBPR_STATE_DIR"):
        client.create(MEASURE)
    assert store.held == {}


@pytest.mark.parametrize("home", ["a file", "none"])
def test_without_a_home_the_journal_is_beside_the_temporary_files(client_of, store, tmp_path, monkeypatch, home):
    """A container that runs under a number without a home notes what it creates, and finds it again."""
    for name in ("VBPR_STATE_DIR", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HOME", str(tmp_path / "file"))
    if home == "none":
        monkeypatch.setattr("vbpr_conformance.client.journal.Path.home", no_home)
    monkeypatch.setattr("vbpr_conformance.client.journal.tempfile.tempdir", str(tmp_path))
    client = client_of(store, created=CreatedResources.of_run(BASE, "r1", TAG))
    client.create(MEASURE)
    client.close()
    assert next(journals(BASE, None))[0].is_relative_to(tmp_path)
    assert cleaned(client_of(store)) == (1, [])


def no_home():
    raise RuntimeError("Could not determine home directory.")


def full(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_said_before_anything_is_sent(client_of, store, monkeypatch):
    """It is the user's to mend, and no trouble of the server."""
    client = client_of(store, created=CreatedResources.of_run(BASE, "r1", TAG))
    monkeypatch.setattr("vbpr_conformance.client.journal.os.write", full)
    with pytest.raises(UsageError, match="No space left on device; set VBPR_STATE_DIR"):
        client.create(MEASURE)
    assert store.held == {}


def test_a_disk_that_is_full_by_now_keeps_nothing_from_being_deleted(run, store, monkeypatch):
    """What was created is known without it."""
    run.create(MEASURE)
    monkeypatch.setattr("vbpr_conformance.client.journal.os.write", full)
    assert run.created.delete_all(run) == []
    assert store.held == {}


KILLED = """
import os, sys
import httpx
from vbpr_conformance.client.client import FhirClient
from vbpr_conformance.client.created import CreatedResources

base = "http://payer.example/fhir"
answer = lambda request: httpx.Response(201, headers={"Location": f"{base}/Measure/{client.requests}"})
client = FhirClient(base, created=CreatedResources.of_run(base, "killed"), transport=httpx.MockTransport(answer))
while True:
    client.create({"resourceType": "Measure"})
    print(client.requests, flush=True)
"""


def test_a_killed_run_has_noted_all_it_created(client_of):
    """Nothing that was created before a kill is missing afterwards, and the file is free again."""
    process = subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, text=True)
    with process:
        last = [int(process.stdout.readline()) for _ in range(20)][-1]
        process.kill()
        last = max([last, *(int(line) for line in process.stdout if line.strip())])
    deleted = []

    def answer(request):
        if request.method != "DELETE":
            return httpx.Response(410)
        deleted.append(int(request.url.path.rpartition("/")[2]))
        return httpx.Response(204)

    count, left = cleaned(client_of(answer))
    assert set(range(last)) <= set(deleted)
    assert count == len(deleted)
    assert all("perhaps a Measure of unknown id" in each for each in left)


def by_tag(client, run=None):
    deleted, remaining = clean_up_tagged(client, client.base_url, TAG[0], {"Measure": True}, run)
    return deleted, [str(each) for each in remaining]


def test_another_machine_finds_what_is_left_by_the_tag(interrupted, cleaner, store, state_folder, monkeypatch):
    """Without a journal the tag tells what is ours; what others made stays, also where it has such an identifier."""
    store.held["Measure/theirs"] = other(id="theirs", identifier=[{"system": "urn:theirs", "value": "r1"}])
    interrupted(lambda client: [client.create(MEASURE) for _ in range(3)])
    monkeypatch.setenv("VBPR_STATE_DIR", str(state_folder / "of-another-machine"))
    assert cleaned(cleaner) == (0, [])
    assert by_tag(cleaner, "r2") == (0, [])
    assert by_tag(cleaner) == (3, [])
    assert list(store.held) == ["Measure/theirs"]


@pytest.mark.parametrize(("run", "deleted"), [("r1", 2), ("r2", 1), (None, 3)])
def test_one_run_can_be_named_by_its_tag(cleaner, store, run, deleted):
    """The workers of a parallel run belong to it."""
    for number, value in enumerate(["r1", "r1-gw0", "r2"]):
        store.held[f"Measure/{number}"] = {
            **MEASURE,
            "id": str(number),
            "identifier": [{"system": TAG[0], "value": value}],
        }
    assert by_tag(cleaner, run) == (deleted, [])
    assert len(store.held) == 3 - deleted


def test_a_run_of_this_machine_that_goes_on_is_left_alone_by_its_tag(run, cleaner, store):
    """Its journal says that it still goes on."""
    run.create(MEASURE)
    assert by_tag(cleaner) == (0, ["what run r1 created: it still goes on"])
    assert len(store.held) == 1


def test_where_the_tag_is_not_searched_it_is_told(client_of, store):
    """A server that does not search by identifier does not let us know what is left."""
    store.held["Measure/1"] = {**MEASURE, "id": "1"}
    client = client_of(lambda request: httpx.Response(400) if request.method == "GET" else store(request))
    assert by_tag(client) == (0, ["perhaps a Measure: the server does not search it by identifier"])


def test_what_is_left_can_be_deleted_by_hand(client_of, store):
    """The command says all that is needed, secrets as variables."""
    client = client_of(store, credentials=bearer("a-token-of-nobody"), headers={"X-Api-Key": "a-key-of-nobody"})
    line = client.curl_of_delete("Measure/1")
    assert line.startswith("curl -s -X DELETE ")
    assert line.endswith("http://payer.example/fhir/Measure/1")
    assert '-H "authorization: Bearer $VBPR_TOKEN"' in line.replace("Authorization", "authorization")
    assert "$VBPR_X_API_KEY" in line
    assert "of-nobody" not in line
