"""Servers to talk to: a function behind a mock transport, or the same behind a real port."""

from __future__ import annotations

import contextlib
import json

import httpx
import pytest
from served import served

from vbpr_conformance.client.client import FhirClient

BASE = "http://payer.example/fhir"


@pytest.fixture(autouse=True)
def state_folder(tmp_path, monkeypatch):
    """Journals of tests go to a folder of their own, and no proxy stands between."""
    monkeypatch.setenv("VBPR_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Pauses are counted, not slept."""
    slept = []
    monkeypatch.setattr("vbpr_conformance.client.sending.time.sleep", slept.append)
    return slept


@pytest.fixture
def client_of():
    """Make a client of a function from request to response; its exchanges are in `client.seen`."""
    with contextlib.ExitStack() as stack:

        def make(handler, base=BASE, **settings):
            seen = []
            client = FhirClient(base, transport=httpx.MockTransport(handler), recorder=seen.append, **settings)
            client.seen = seen
            return stack.enter_context(client)

        yield make


@pytest.fixture
def serve():
    """Serve a function from handler to nothing on a real port; gives the base URL."""
    with served() as make:
        yield make


class Store:
    """A FHIR server of a few lines for `client_of`: create, update, read, delete, search by identifier."""

    def __init__(self):
        self.held = {}
        self.requests = []
        self.refuses_delete = lambda _reference: False
        self.broken = lambda _request: False

    def __call__(self, request):
        self.requests.append((request.method, request.url.raw_path.decode()))
        steps = request.url.path.removeprefix("/fhir").strip("/").split("/")
        answer = self._answer(request, steps)
        if self.broken(request):
            raise httpx.ReadError("connection reset", request=request)
        return answer

    def _answer(self, request, steps):
        if request.method == "POST" and steps != [""]:
            return self.created(steps[0], str(len(self.held) + 1), json.loads(request.content))
        reference = "/".join(steps)
        if request.method == "PUT":
            known = reference in self.held
            response = self.created(*steps, json.loads(request.content))
            return httpx.Response(200) if known else response
        if request.method == "DELETE":
            if self.refuses_delete(reference):
                return httpx.Response(409)
            return httpx.Response(204 if self.held.pop(reference, None) else 404)
        if len(steps) == 2:
            return httpx.Response(200, json=self.held[reference]) if reference in self.held else httpx.Response(404)
        wanted = request.url.params.get("identifier")
        entries = [{"resource": each} for key, each in self.held.items() if key.startswith(steps[0] + "/")]
        found = [
            each
            for each in entries
            if any(
                wanted in {f"{one['system']}|{one['value']}", f"{one['system']}|"}
                for one in each["resource"].get("identifier", [])
            )
        ]
        return httpx.Response(200, json={"resourceType": "Bundle", "entry": found})

    def created(self, kind, identity, resource):
        self.held[f"{kind}/{identity}"] = {**resource, "id": identity}
        return httpx.Response(201, headers={"Location": f"{BASE}/{kind}/{identity}/_history/1"})


@pytest.fixture
def store():
    return Store()
