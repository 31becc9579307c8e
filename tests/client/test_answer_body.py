"""Answers are unpacked within bounds, and no drip, interim answer or bomb holds a request."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from functools import partial

import httpx
import pytest

from vbpr_conformance.client.client import FhirClient
from vbpr_conformance.client.client_errors import NoAnswerError
from vbpr_conformance.client.connection import Connection

TEXT = b'{"resourceType": "X"}'
packed = partial(gzip.compress, mtime=0)  # the same bytes each time: they are part of a test's name
_RAW = zlib.compressobj(wbits=-15)
RAW = _RAW.compress(TEXT) + _RAW.flush()


def client_for(base, **settings):
    return FhirClient(base, connection=Connection(**{"connect": 0.3, "read": 0.7, "retries": 0, **settings}))


def test_a_body_that_is_packed_again_and_again_is_not_unpacked(serve):
    """Each layer takes memory and frames of the stack: of five thousand the first is too many."""
    layers = ", ".join(["gzip"] * 5000)
    with client_for(serve(lambda server: server.reply(200, packed(TEXT), Content_Encoding=layers))) as client:
        assert client.capabilities().error == "the body is encoded 5000 times"


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", packed(TEXT)),
        ("gzip", packed(TEXT[:5]) + packed(TEXT[5:])),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", RAW),
        ("gzip, gzip", packed(packed(TEXT))),
        ("identity", TEXT),
    ],
)
def test_what_is_packed_is_unpacked(serve, encoding, body):
    """Members of gzip one after the other, deflate with and without a header, packed twice."""
    with client_for(serve(lambda server: server.reply(200, body, Content_Encoding=encoding))) as client:
        exchange = client.capabilities()
    assert (exchange.body, exchange.error) == (TEXT, None)


@pytest.mark.parametrize(
    ("encoding", "body", "error"),
    [
        ("br", b"x", "the body is encoded as br, which was not asked for"),
        ("gzip", b"no gzip", "the body is not encoded as Content-Encoding says: gzip"),
        ("gzip", packed(TEXT)[:-9], "the body is not encoded as Content-Encoding says: gzip, it ends too early"),
    ],
)
def test_what_is_not_packed_as_it_says_is_an_answer(serve, encoding, body, error):
    """A finding about the server, not an exception."""
    with client_for(serve(lambda server: server.reply(200, body, Content_Encoding=encoding))) as client:
        exchange = client.capabilities()
    assert (exchange.status, exchange.body, exchange.error) == (200, b"", error)


def test_a_bomb_is_not_unpacked(serve):
    """A megabyte that unpacks to a gigabyte ends at the limit, and takes no memory."""
    packer = zlib.compressobj(wbits=31)
    bomb = b"".join(packer.compress(bytes(1024 * 1024)) for _ in range(1000)) + packer.flush()
    base = serve(lambda server: server.reply(200, bomb, Content_Encoding="gzip"))
    with client_for(base, read=20, max_bytes=8 * 1024 * 1024) as client:
        tracemalloc.start()
        with pytest.raises(NoAnswerError, match="answered with more than 8 MiB"):
            client.capabilities()
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert most < 40 * 1024 * 1024


def endless(piece):
    def answer(server):
        while True:
            server.wfile.write(piece)
            server.wfile.flush()

    return answer


@pytest.mark.parametrize(
    "piece",
    [b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"],
)
def test_interim_answers_without_end_end(serve, piece):
    """The limit is for the whole exchange: each interim answer would begin the usual timeout anew."""
    with client_for(serve(endless(piece))) as client, pytest.raises(NoAnswerError, match="did not answer within"):
        client.capabilities()


def test_nothing_is_sent_when_the_time_of_the_run_is_over(client_of):
    """A limit for the run ends it, and says how to give more."""
    client = client_of(lambda _: httpx.Response(200))
    client.limit(-1)
    with pytest.raises(NoAnswerError, match=r"the time for the whole run is over \(--run-timeout S") as caught:
        client.capabilities()
    assert (caught.value.sent, client.requests) == (False, 0)
    client.limit(None)
    assert client.capabilities().status == 200


@pytest.mark.parametrize("location", ["http://[::1", "//", "http://a:99999/", "\\\\x", "http://payer.example:x/"])
def test_a_redirect_to_nowhere_is_an_answer(client_of, location):
    """What is no URL is not followed."""
    client = client_of(lambda _: httpx.Response(302, headers={"Location": location}))
    assert client.capabilities().status == 302


def test_an_etag_goes_back_as_it_came(client_of):
    """Letters that are no ASCII travel both ways."""
    seen = []

    def answer(request):
        seen.append(request.headers.raw)
        return httpx.Response(200, headers=[(b"ETag", 'W/"é"'.encode("latin-1"))])

    client = client_of(answer)
    version = client.read("Measure", "m").etag
    client.read("Measure", "m", headers={"If-None-Match": f'W/"{version}"', "X-Other": "日本"})
    assert (b"If-None-Match", 'W/"é"'.encode("latin-1")) in seen[1]
