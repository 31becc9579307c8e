"""Requests end in an answer or a sentence, whatever the server does: bounds of time, size, redirects and patience."""

from __future__ import annotations

import gzip
import socket
import time

import httpx
import pytest

from vbpr_conformance.client.client import FhirClient
from vbpr_conformance.client.client_errors import NoAnswerError
from vbpr_conformance.client.connection import Connection
from vbpr_conformance.errors import TargetError, UsageError


def client_for(base, recorder=None, **settings):
    return FhirClient(base, recorder=recorder, connection=Connection(**{"connect": 1, "read": 2, **settings}))


def test_compressed_answers_are_read(serve):
    """A gzipped body is read as what it holds."""
    base = serve(lambda server: server.reply(200, gzip.compress(b'{"resourceType":"X"}'), Content_Encoding="gzip"))
    with client_for(base) as client:
        assert client.capabilities().resource == {"resourceType": "X"}


def test_a_body_that_is_not_encoded_as_it_says_is_an_answer(serve):
    """A wrong Content-Encoding is a finding about the server: an exchange with an error, not an exception."""
    base = serve(lambda server: server.reply(200, b"{}", Content_Encoding="gzip"))
    with client_for(base) as client:
        exchange = client.capabilities()
    assert (exchange.status, exchange.body, exchange.resource) == (200, b"", None)
    assert exchange.error == "the body is not encoded as Content-Encoding says: gzip"


def test_connections_are_kept_alive(serve):
    """Requests in a row share one connection."""
    ports = set()

    def answer(server):
        ports.add(server.client_address[1])
        server.content()
        server.reply(200, {})

    with client_for(serve(answer)) as client:
        for _ in range(5):
            client.create({"resourceType": "Measure"})
    assert len(ports) == 1


def test_an_answer_beyond_the_size_is_no_answer(serve):
    """An endless body ends at the limit with a sentence."""

    def answer(server):
        server.send_response(200)
        server.send_header("Transfer-Encoding", "chunked")
        server.end_headers()
        while True:
            server.wfile.write(b"10000\r\n" + b" " * 0x10000 + b"\r\n")

    with (
        client_for(serve(answer), max_bytes=2 * 1024 * 1024) as client,
        pytest.raises(NoAnswerError, match=r"answered with more than 2 MiB \(GET http://127.0.0.1:\d+/fhir/metadata\)"),
    ):
        client.capabilities()


def test_a_body_that_drips_ends_in_time(serve):
    """A server that sends a byte now and then does not hold the run: the limit is for the whole answer."""

    def answer(server):
        server.send_response(200)
        server.send_header("Content-Length", "100000")
        server.end_headers()
        while True:
            server.wfile.write(b" ")
            server.wfile.flush()
            drip(0.05)

    drip = socket_sleep
    with (
        client_for(serve(answer), read=0.3, connect=0.1) as client,
        pytest.raises(NoAnswerError, match=r"did not answer within"),
    ):
        client.capabilities()


def socket_sleep(seconds):
    """Sleep without `time.sleep`, which tests count instead of doing."""
    one, other = socket.socketpair()
    one.settimeout(seconds)
    with one, other, pytest.raises(TimeoutError):
        one.recv(1)


def test_silence_is_a_sentence(serve):
    """A server that takes the request and says nothing is told as that, and as possibly having acted."""
    base = serve(lambda _: socket_sleep(1.5))
    seen = []
    with (
        client_for(base, read=0.3, connect=0.5, recorder=seen.append) as client,
        pytest.raises(NoAnswerError, match=r"did not answer within 0\.3 s, or not to the end \(POST ") as caught,
    ):
        client.create({"resourceType": "Measure"})
    assert caught.value.sent
    assert seen == [caught.value.exchange]
    assert (seen[0].status, seen[0].error) == (0, str(caught.value))


def test_a_server_that_is_not_there_is_a_sentence(impatient):
    """A refused connection is tried again a little later, then told in a sentence; nothing was sent."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{free.getsockname()[1]}/fhir"
    with (
        client_for(base) as client,
        pytest.raises(
            TargetError, match=r"http://127\.0\.0\.1:\d+ could not be reached: connection refused$"
        ) as caught,
    ):
        client.create({"resourceType": "Measure"})
    assert not caught.value.sent
    assert len(impatient) == 2


def test_a_name_that_nobody_has_is_a_sentence():
    """An unknown host is told as not reached."""
    with (
        client_for("http://no-such-host.invalid/fhir") as client,
        pytest.raises(TargetError, match="could not be reached"),
    ):
        client.capabilities()


def flaky(failures, error):
    left = [error] * failures

    def answer(request):
        if left:
            raise left.pop()("broken", request=request)
        return httpx.Response(200)

    return answer


def test_refused_connections_are_tried_again(client_of, impatient):
    """A server that just starts is reached on a later attempt, for every method: nothing had been sent."""
    assert client_of(flaky(2, httpx.ConnectError)).create({"resourceType": "Measure"}).status == 200
    assert len(impatient) == 2


def test_broken_connections_are_tried_again_only_for_reading(client_of):
    """A connection that broke under a GET is used anew; a POST is not repeated, since it may have been done."""
    assert client_of(flaky(1, httpx.RemoteProtocolError)).capabilities().status == 200
    with pytest.raises(NoAnswerError, match="broke off: broken"):
        client_of(flaky(1, httpx.RemoteProtocolError)).create({"resourceType": "Measure"})
    with pytest.raises(NoAnswerError, match="broke off"):
        client_of(flaky(9, httpx.ReadError)).capabilities()


def test_errors_of_the_server_are_answers_and_not_repeated(client_of, impatient):
    """A 500 is a finding, however often it would go away."""
    client = client_of(lambda _: httpx.Response(500))
    assert client.capabilities().status == 500
    assert (client.requests, impatient) == (1, [])


def test_an_answer_that_is_no_http_is_a_sentence(serve):
    """Something that answers but speaks no HTTP is told."""

    def answer(server):
        server.wfile.write(b"220 smtp.example ESMTP\r\n\r\n")
        server.close_connection = True

    base = serve(answer)
    with client_for(base) as client, pytest.raises(NoAnswerError, match="broke off"):
        client.capabilities()


def test_redirects_on_the_same_server_are_followed_for_reading(client_of):
    """A GET follows redirects on its server, and every hop is recorded."""

    def answer(request):
        if request.url.path.endswith("/metadata"):
            return httpx.Response(301, headers={"Location": "metadata/"})
        return httpx.Response(200, json={"resourceType": "X"})

    client = client_of(answer, headers={"X-Key": "secret-of-mine"})
    assert client.capabilities().resource == {"resourceType": "X"}
    assert [each.status for each in client.seen] == [301, 200]
    assert "x-key" in client.seen[1].request_headers


@pytest.mark.parametrize("target", ["https://payer.example/x", "http://evil.example/x", "http://payer.example:81/x"])
def test_redirects_to_another_server_are_not_followed(client_of, target):
    """Another host, port or scheme gets no request: the redirect is the answer, and says so."""
    client = client_of(lambda _: httpx.Response(302, headers={"Location": target}))
    exchange = client.capabilities()
    assert (exchange.status, client.requests) == (302, 1)
    assert exchange.error == f"redirects to another server, which was not followed: {target}"


def test_writing_requests_are_not_redirected(client_of):
    """A POST that is redirected is not sent again."""
    client = client_of(lambda _: httpx.Response(307, headers={"Location": "/fhir/other"}))
    assert (client.create({"resourceType": "Measure"}).status, client.requests) == (307, 1)


def test_endless_redirects_end(client_of):
    """A server that redirects forever is left at one of its redirects."""
    client = client_of(lambda _: httpx.Response(302, headers={"Location": "/fhir/metadata"}))
    assert client.capabilities().status == 302
    assert client.requests == 6


def test_a_server_that_asks_to_wait_is_asked_again(client_of, impatient):
    """429 with Retry-After is waited for and asked again, seconds and dates alike, also for writing."""
    soon = httpx.Response(
        429, headers={"Retry-After": time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 9))}
    )
    answers = [httpx.Response(201), soon, httpx.Response(429, headers={"Retry-After": "3"})]
    client = client_of(lambda _: answers.pop())
    assert client.create({"resourceType": "Measure"}).status == 201
    assert [each.status for each in client.seen] == [429, 429, 201]
    assert impatient[0] == 3
    assert 5 < impatient[1] <= 9


def test_a_server_that_does_not_say_how_long_is_asked_again_at_growing_pauses(client_of, impatient):
    """429 without Retry-After is tried five times more."""
    client = client_of(lambda _: httpx.Response(429))
    assert client.create({"resourceType": "Measure"}).status == 429
    assert impatient == [1, 2, 4, 8, 16]


@pytest.mark.parametrize(("method", "requests"), [("GET", 2), ("POST", 1)])
def test_an_unavailable_server_that_says_when_is_read_again(client_of, impatient, method, requests):
    """503 with Retry-After is waited for, but what may have been written is not written again."""
    answers = [httpx.Response(200), httpx.Response(503, headers={"Retry-After": "3"})]
    client = client_of(lambda _: answers.pop())
    client.request(method, "Measure", body={"resourceType": "Measure"} if method == "POST" else None)
    assert client.requests == requests
    assert impatient == [3] * (requests - 1)


def test_an_unavailable_server_that_does_not_say_when_has_answered(client_of, impatient):
    """503 alone is the answer."""
    client = client_of(lambda _: httpx.Response(503))
    assert client.capabilities().status == 503
    assert impatient == []


@pytest.mark.parametrize("value", ["3600", "soon"])
def test_patience_has_an_end(client_of, impatient, value):
    """A wait too long, or none that can be read, leaves the 429 as the answer."""
    client = client_of(lambda _: httpx.Response(429, headers={"Retry-After": value}))
    assert client.capabilities().status == 429
    assert (client.requests, impatient) == (1, [])


def test_waits_are_bounded_in_all(client_of, impatient):
    """However often a server asks to wait, the sum is bounded."""
    client = client_of(lambda _: httpx.Response(429, headers={"Retry-After": "25"}))
    assert client.capabilities().status == 429
    assert sum(impatient) == 50


def test_untrusted_certificates_are_a_sentence(impatient):
    """A certificate that is not trusted ends the attempt at once and says what to do."""

    def fail(request):
        raise httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed", request=request)

    client = FhirClient("https://payer.example/fhir", transport=httpx.MockTransport(fail))
    with pytest.raises(NoAnswerError, match=r"the certificate of https://payer\.example:443 is not trusted"):
        client.capabilities()
    assert impatient == []


def test_a_file_of_certificates_must_be_one(tmp_path):
    """A CA file that is none is a mistake of the user."""
    file = tmp_path / "ca.pem"
    file.write_text("no certificate")
    for each in (file, tmp_path / "missing.pem"):
        with pytest.raises(UsageError, match=r"cannot be read as a file of certificates"):
            FhirClient("https://payer.example/fhir", connection=Connection(ca=str(each)))
