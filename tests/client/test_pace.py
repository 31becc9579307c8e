"""How often a server is asked: what it promises is waited for, and the rest of the run keeps its pace."""

from __future__ import annotations

import time

import httpx
import pytest

from vbpr_conformance.client.connection import Connection
from vbpr_conformance.client.pace import promised_wait
from vbpr_conformance.rest.headers import Headers


@pytest.fixture
def clock(monkeypatch):
    """Time passes only while somebody sleeps."""
    now = [1_000_000.0]
    monkeypatch.setattr("vbpr_conformance.client.pace.time.monotonic", lambda: now[0])
    monkeypatch.setattr("vbpr_conformance.client.pace.time.sleep", lambda s: now.__setitem__(0, now[0] + s))
    return now


class Quota:
    """Lets `most` requests in within a window of seconds, and tells its limits by the headers of `says`."""

    def __init__(self, clock, says, most=20, window=26):
        self.clock, self.says, self.most, self.window = clock, says, most, window
        self.began, self.count, self.refused = clock[0], 0, 0

    def __call__(self, _):
        if self.clock[0] - self.began >= self.window:
            self.began, self.count = self.clock[0], 0
        self.count += 1
        left = self.window - (self.clock[0] - self.began)
        if self.count > self.most:
            self.refused += 1
            return httpx.Response(429, headers=self.says(0, left))
        return httpx.Response(200, json={"resourceType": "Bundle"})


SPELLINGS = {
    "Retry-After": lambda _, left: {"Retry-After": str(round(left + 0.5))},
    "RateLimit": lambda r, left: {"RateLimit": f'"default";r={r};t={round(left + 0.5)}'},
    "RateLimit, older": lambda r, left: {"RateLimit": f"limit=20, remaining={r}, reset={round(left + 0.5)}"},
    "RateLimit-Reset": lambda _, left: {"RateLimit-Remaining": "0", "RateLimit-Reset": str(round(left + 0.5))},
    "with policy": lambda r, left: {
        "RateLimit": f'"default";r={r};t={round(left + 0.5)}',
        "RateLimit-Policy": '"default";q=20;w=26',
    },
}


@pytest.mark.parametrize("says", SPELLINGS.values(), ids=SPELLINGS)
def test_a_server_with_a_quota_is_testable_to_the_end(client_of, clock, says):
    """All requests are answered in the end, few are refused, and what was waited is said."""
    quota = Quota(clock, says)
    client = client_of(quota)
    assert {client.search("Measure").status for _ in range(200)} == {200}
    assert quota.refused <= 3
    assert "the server limits how often it is asked (429 after 21 requests): waited" in client.pace_note
    assert "requests a second" in client.pace_note


def test_a_quota_that_is_told_before_it_is_spent_refuses_nothing(client_of, clock):
    """`r=0` on an answer is enough to wait."""
    quota = Quota(clock, SPELLINGS["RateLimit"])

    def answer(request):
        response = quota(request)
        left = quota.most - quota.count
        response.headers["RateLimit"] = f'"default";r={max(left, 0)};t={quota.window}'
        return response

    client = client_of(answer)
    assert {client.search("Measure").status for _ in range(60)} == {200}
    assert quota.refused == 0
    assert "(its headers said after request 20 that none was left): waited" in client.pace_note


def test_a_server_that_always_says_that_none_is_left_does_not_stop_a_run(client_of, clock):
    """What is let in each time was left: after three waits in a row only a 429 is waited for."""
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "26"}
    client = client_of(lambda _: httpx.Response(200, headers=headers))
    began = clock[0]
    assert {client.capabilities().status for _ in range(50)} == {200}
    assert clock[0] - began == pytest.approx(3 * 26)
    assert "(its headers said after request 1 that none was left): waited 78 s" in client.pace_note


def test_a_server_that_refuses_for_ever_is_waited_for_once(client_of, impatient):
    """After one request's patience no other waits; one that is let in brings the patience back."""
    answers = iter([429] * 10 + [200] + [429] * 10)
    client = client_of(lambda _: httpx.Response(next(answers), headers={"Retry-After": "25"}))
    assert [client.capabilities().status for _ in range(4)] == [429] * 4
    assert sum(impatient) == pytest.approx(50, abs=1)  # the pace of the rest adds what the clock says
    assert client.requests == 6


def test_a_pace_that_the_user_sets_is_kept(client_of, clock):
    """Ten requests at two a second take five seconds, whatever the server says."""
    client = client_of(lambda _: httpx.Response(200), connection=Connection(requests_per_second=2))
    began = clock[0]
    for _ in range(11):
        client.capabilities()
    assert clock[0] - began == pytest.approx(5)
    assert client.pace_note == ""


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "0"}, 0.1),
        ({"Retry-After": "²"}, None),
        ({"Retry-After": "Fri, 99 Foo"}, None),
        ({"RateLimit": '"a";r=5;t=9, "b";r=0;t=26'}, 26),
        ({"RateLimit": "limit=1, remaining=0, reset=12"}, 12),
        ({"X-RateLimit-Reset": "5"}, 5),
        ({"RateLimit": "nonsense"}, None),
        ({}, None),
    ],
)
def test_what_a_server_promises_is_read(headers, seconds):
    """Every spelling of a wait; what cannot be read is none."""
    assert promised_wait(Headers(headers)) == seconds


def test_a_moment_in_seconds_since_1970_is_a_wait():
    """Some name the moment instead of the time that is left."""
    assert promised_wait(Headers({"X-RateLimit-Reset": str(int(time.time()) + 30)})) == pytest.approx(30, abs=2)


def test_what_is_refused_for_ever_is_waited_for_ever_shorter(client_of, clock):
    """One interaction that is always refused, beside others that are let in, takes no minute for each request."""

    def refuses_reads(request):
        if request.url.path.endswith("/1"):
            return httpx.Response(429, headers={"Retry-After": "0"})
        return httpx.Response(200, json={"resourceType": "Bundle"})

    client = client_of(refuses_reads)
    began = clock[0]
    for _ in range(20):
        assert client.read("Measure", "1").status == 429
        client.search("Measure")
    assert clock[0] - began < 90
