"""Whatever a client sends: the answer is an OperationOutcome, memory stays bounded, and the next request is served."""

from __future__ import annotations

import gzip
import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

MIB = 1024 * 1024
MOST_MEMORY = 700
"""In MiB, for the server with an edition loaded, while large and deep bodies are refused."""
FHIR_JSON = {"content-type": "application/fhir+json"}


@pytest.fixture(scope="module")
def process():
    """A server of its own, whose memory can be looked at."""
    command = [sys.executable, "-m", "vbpr_conformance.reference", "--edition", "1.1.0"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as started:
        started.url = started.stdout.readline().removeprefix("ready on ").strip()
        yield started
        started.terminate()


@pytest.fixture
def url(process):
    """The server's URL; behind each test it still answers."""
    yield process.url
    answer = httpx.get(f"{process.url}/MeasureReport?_summary=count", timeout=20)
    assert answer.json()["type"] == "searchset"


def connected(url):
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port), timeout=20)


def raw(url, request: bytes) -> bytes:
    """Send bytes and give what comes back until the other side ends."""
    with connected(url) as plug:
        plug.sendall(request)
        plug.shutdown(socket.SHUT_WR)
        found = b""
        while part := plug.recv(65536):
            found += part
        return found


def is_outcome(answer: httpx.Response) -> bool:
    return answer.json()["resourceType"] == "OperationOutcome" and bool(answer.json()["issue"])


def deep(depth: int) -> bytes:
    return b'{"resourceType":"Basic","extension":' + b'[{"extension":' * depth + b"1" + b"}]" * depth + b"}"


BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaaaaaaaaaaaa">'
    + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%s;" % (b"%d" % (n - 1) if n > 1 else b"") * 20) for n in range(1, 9))
    + b']><MeasureReport xmlns="http://hl7.org/fhir"><id value="&a8;"/></MeasureReport>'
)
FILE = (
    b'<!DOCTYPE b [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    b'<Organization xmlns="http://hl7.org/fhir"><name value="x&a;"/></Organization>'
)
BODIES = {
    "empty": (b"", {}),
    "garbage": (os.urandom(5000), {}),
    "invalid UTF-8": (b'{"resourceType":"\xff\xfe"}', {}),
    "a lone surrogate": (b'{"resourceType":"Organization","name":"\\ud800"}', {}),
    "no object": (b"[1,2]", {}),
    "null": (b"null", {}),
    "NaN": (b'{"resourceType":"MeasureReport","x":NaN}', {}),
    "a number of 100,000 digits": (b'{"resourceType":"MeasureReport","x":' + b"9" * 100_000 + b"}", {}),
    "an exponent beyond measure": (b'{"resourceType":"MeasureReport","x":1e999999999}', {}),
    "a key twice": (b'{"resourceType":"Organization","name":"a","name":"b"}', {}),
    "wrong types": (b'{"resourceType":"MeasureReport","meta":7,"identifier":{"a":[]},"group":[null,1]}', {}),
    "deep JSON": (deep(100_000), {}),
    "an XML bomb": (BOMB, {"content-type": "application/fhir+xml"}),
    "an external entity": (FILE, {"content-type": "application/fhir+xml"}),
    "deep XML": (b'<Basic xmlns="http://hl7.org/fhir">' + b"<extension>" * 50_000, {"content-type": "text/xml"}),
    "a gzip bomb": (gzip.compress(b" " * 50 * MIB), {"content-encoding": "gzip"}),
    "another media type": (b"hello", {"content-type": "text/plain"}),
    "50 MB of JSON": (b'{"resourceType":"Organization","name":"' + b"x" * 50 * MIB + b'"}', {}),
    "as many objects as fit": (b'{"resourceType":"Organization","contact":[' + b"{}," * (5 * MIB) + b"{}]}", {}),
}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("path", ["MeasureReport", ""])
def test_bodies_are_refused_with_an_outcome(url, process, body, path):
    """What is no resource, or none that can be taken, is answered 4xx with an OperationOutcome."""
    content, headers = BODIES[body]
    answer = httpx.post(f"{url}/{path}", content=content, headers=FHIR_JSON | headers, timeout=60)
    assert 400 <= answer.status_code < 500
    assert is_outcome(answer)
    assert b"root:" not in answer.content
    assert peak_memory(process) < MOST_MEMORY


def peak_memory(process) -> float:
    """The most that the process ever held, in MiB; 0 where the system does not tell."""
    status = Path(f"/proc/{process.pid}/status")
    if not status.exists():
        return 0
    line = next(each for each in status.read_text().splitlines() if each.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


PATHS = (
    "/../../etc/passwd",
    "/MeasureReport/..%2f..%2fetc%2fpasswd",
    "/MeasureReport/%2e%2e",
    "/%00",
    "/MeasureReport/a%0d%0aX-Evil:%201",
    "/MeasureReport?identifier=%ff%fe",
    "/MeasureReport?date=ge99999-99-99",
    "/MeasureReport?_count=999999999999999999999999",
    "/MeasureReport?_count=-1",
    "/MeasureReport?_page=%27;drop table version.1",
    "/MeasureReport?_sort=%27&identifier=%27%22;--",
    "/MeasureReport?" + "identifier=a,b&" * 3000,
    "/MeasureReport?identifier=" + "a," * 15_000,
    "/MeasureReport?reporter:Organization.partof.partof.partof.name=x",
    "/MeasureReport/" + "x" * 5000,
    "/" + "a/" * 5000,
)


@pytest.mark.parametrize("path", PATHS, ids=[each[:40] for each in PATHS])
def test_paths_and_queries(url, path):
    """No path leads out of the server, no query breaks it, and no header is born of either."""
    parts = urlsplit(url)
    target = (parts.path + path).replace(" ", "%20")
    answer = raw(url, f"GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode("latin-1"))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.split()[1] in {b"200", b"400", b"404"}
    assert b"x-evil" not in head.lower()
    assert json.loads(body)["resourceType"] in {"OperationOutcome", "Bundle"}


@pytest.mark.parametrize(
    "request_",
    [
        os.urandom(2000).replace(b"\n", b"") + b"\r\n\r\n",
        b"GET /fhir/metadata HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
        b"POST /fhir/MeasureReport HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
        b"POST /fhir/MeasureReport HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n",
        b"GET /fhir/metadata HTTP/1.1\r\nHost: a\r\n\x00: 1\r\n\r\n",
    ],
)
def test_what_is_no_http(url, request_):
    """What is no HTTP is answered 400 with an OperationOutcome."""
    head, _, body = raw(url, request_).partition(b"\r\n\r\n")
    assert b" 400 " in head.split(b"\r\n")[0]
    assert json.loads(body)["resourceType"] == "OperationOutcome"


def test_unknown_methods_and_hosts(url):
    """A method that is not known is 405; a host that is none does not get into links."""
    assert is_outcome(httpx.request("BREW", f"{url}/MeasureReport"))
    answer = httpx.get(f"{url}/MeasureReport", headers={"host": 'a"><script>', "x-forwarded-proto": "javascript"})
    assert "script" not in answer.text


def test_200_connections_that_say_nothing(url, process):
    """Idle, slow and cut connections hold up nobody."""
    started = b"POST /fhir/MeasureReport HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n{"
    plugs = [connected(url) for _ in range(200)]
    try:
        for number, plug in enumerate(plugs):
            plug.sendall((b"", b"GET /fhir/meta", started, started + b" " * 300_000)[number % 4])
        begun = time.monotonic()
        assert httpx.get(f"{url}/metadata", timeout=20).status_code == 200
        assert time.monotonic() - begun < 10
    finally:
        for plug in plugs:
            plug.close()
    assert peak_memory(process) < MOST_MEMORY


def test_many_large_bodies_at_once(url, process):
    """Large bodies of many clients are read a few at a time: all are answered, and memory stays bounded."""
    body = b'{"resourceType":"Organization","name":"' + b"x" * 3 * MIB + b'"'
    found = []

    def send():
        found.append(httpx.post(f"{url}/Organization", content=body, headers=FHIR_JSON, timeout=120).status_code)

    threads = [threading.Thread(target=send) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [400] * 40
    assert peak_memory(process) < MOST_MEMORY
