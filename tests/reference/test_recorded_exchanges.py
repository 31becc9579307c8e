"""The recorder before the reference server sees every exchange and changes none."""

from __future__ import annotations

import asyncio
import time

import pytest

from vbpr_conformance.reference.app import make_app
from vbpr_conformance.reference.store import Store


def asked(app, method, path, *, headers=(), parts=(b"",), client=("192.0.2.7", 4711)):  # noqa: PLR0913  # a request
    """Send one request to an ASGI application; parts of None mean that the client goes away."""
    sent = []
    path, _, query = path.partition("?")
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(b"host", b"payer.example"), *headers],
        "client": client,
        "scheme": "http",
    }
    messages = [
        {"type": "http.disconnect"}
        if part is None
        else {"type": "http.request", "body": part, "more_body": number < len(parts) - 1}
        for number, part in enumerate(parts)
    ]

    async def receive():
        return messages.pop(0)

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent


@pytest.fixture
def recorded():
    """What the recorder was told."""
    return []


@pytest.fixture
def app(edition, recorded):
    return make_app(edition, Store(), root="/a/b/fhir", on_exchange=lambda *each: recorded.append(each))


def test_an_exchange_is_recorded_whole(app, recorded):
    """URL, headers in their spelling, body, answer, interaction, address of the client and time are there."""
    before = time.time()
    body = b'{"resourceType":"Organization","name":"Clinic"}'
    sent = asked(
        app, "POST", "/a/b/fhir/Organization?_format=json", headers=[(b"Content-Type", b"text/json")], parts=[body]
    )
    ((exchange, client),) = recorded
    assert client == "192.0.2.7:4711"
    assert (exchange.interaction, exchange.method, exchange.status) == ("create", "POST", 201)
    assert exchange.url == "http://payer.example/a/b/fhir/Organization?_format=json"
    assert ("Content-Type", "text/json") in exchange.request_headers.fields
    assert exchange.request_resource["name"] == "Clinic"
    assert exchange.body == sent[1]["body"]
    assert exchange.resource["name"] == "Clinic"
    assert exchange.headers["location"].startswith("http://payer.example/a/b/fhir/Organization/")
    assert before <= exchange.started <= time.time()
    assert 0 < exchange.elapsed < 10


@pytest.mark.parametrize("path", ["/fhir/Organization", "/a/b/fhir/a/b/c/d", "/", "/a/b/fhirx"])
def test_what_matches_no_route_is_recorded(app, recorded, path):
    """A request that is not for this server, or for no place in it, has no interaction and is there."""
    sent = asked(app, "GET", path)
    assert sent[0]["status"] == 404
    assert [(each.interaction, each.status) for each, _ in recorded] == [("", 404)]


def test_a_client_that_goes_away_is_recorded(app, recorded):
    """A request that never became complete has no answer, and says so."""
    assert asked(app, "POST", "/a/b/fhir/Organization", parts=[b"{", None], client=None) == []
    ((exchange, client),) = recorded
    assert (exchange.status, client) == (0, "")
    assert "went away" in exchange.error


def test_a_recorder_that_breaks_down_breaks_nothing(edition):
    """The client gets its answer all the same."""

    def broken(*_):
        raise RuntimeError("full")

    sent = asked(make_app(edition, Store(), on_exchange=broken), "GET", "/fhir/metadata")
    assert sent[0]["status"] == 200
