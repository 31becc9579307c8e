"""What a client asked and was answered: kept small, so that a long session stays in memory, and given back whole."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from vbpr_conformance.client.redact import Redactor
from vbpr_conformance.fhir.format_error import FormatError
from vbpr_conformance.fhir.json_codec import loads
from vbpr_conformance.fhir.type_structure import Structure
from vbpr_conformance.rest.exchange import Exchange
from vbpr_conformance.rest.headers import Headers

FOREIGN = "another host"
"""Who answered a request to the other origin."""
LOGIN = "the authorization server"
"""Who answered a request about access."""
REDACTOR = Redactor()
_SHARED_HEADERS = 4096
_READ_AT_ONCE = 1000
_PACKED_AT_ONCE = 64


class RequestIssue(NamedTuple):
    """What is wrong with a request: the rule, whether it is an error (or only a warning), and the sentence."""

    rule: str
    is_error: bool
    message: str


class DeliveredResource(NamedTuple):
    """A resource that an answer brought: as entry of a Bundle with its `mode`, contained, or by itself."""

    resource: dict[str, Any]
    mode: str

    @property
    def reference(self) -> str:
        """`Type/id`."""
        return f"{self.resource.get('resourceType', '')}/{self.resource.get('id', '')}"


class _ReadAnswer(NamedTuple):
    """What an answer brought: resources, and the links of its Bundle and of the Bundles in it."""

    delivered: tuple[DeliveredResource, ...]
    links: tuple[str, ...]


class BodyStore:
    """Bodies, each different one once; they are compressed beside the requests, which do not wait for it."""

    def __init__(self) -> None:
        self._fresh: dict[bytes, bytes] = {b"": b""}
        self._waiting: list[bytes] = []
        self._packed: dict[bytes, bytes] = {}
        self._packer = ThreadPoolExecutor(1, thread_name_prefix="bodies")

    def keep(self, body: bytes) -> bytes:
        """Keep a body and give the key to it."""
        if not body:
            return b""
        key = hashlib.blake2b(body, digest_size=12).digest()
        if key not in self._packed and key not in self._fresh:
            self._fresh[key] = body
            self._waiting.append(key)
            if len(self._waiting) >= _PACKED_AT_ONCE:
                self._packer.submit(self._pack, self._waiting)
                self._waiting = []
        return key

    def _pack(self, keys: list[bytes]) -> None:
        for key in keys:
            self._packed[key] = zlib.compress(self._fresh[key], 1)
            del self._fresh[key]

    def get(self, key: bytes) -> bytes:
        """Give a body back."""
        fresh = self._fresh.get(key)
        return fresh if fresh is not None else zlib.decompress(self._packed[key])


@dataclass(slots=True)
class RecordedRequest:
    """One request of a client to a scenario. `target` is path and query below the base, as sent.

    `made_by` says who answered: the server, or a manner or fault of the scenario by its name. `started` is in seconds
    since 1970, `elapsed` in seconds, `at` the session's own clock (it never goes back). `client` is the login that its
    token comes from, or else its address.
    """

    number: int
    started: float
    at: float
    client: str
    method: str
    target: str
    headers: Headers
    body_key: bytes
    status: int
    answer_headers: Headers
    answer_key: bytes
    elapsed: float
    interaction: str = ""
    type: str = ""
    id: str = ""
    made_by: str = "server"
    issues: list[RequestIssue] = field(default_factory=list)

    @property
    def succeeded(self) -> bool:
        """Whether it was answered with 2xx or 304."""
        return 200 <= self.status < 300 or self.status == 304  # noqa: PLR2004  # HTTP statuses

    def line(self) -> str:
        """The request in one line."""
        return f"{self.method} {self.target or '/'} → {self.status}"


class Recording:
    """All requests of one scenario, in order."""

    def __init__(self, base: str, structure: Structure, bodies: BodyStore) -> None:
        self.base = base
        self.requests: list[RecordedRequest] = []
        self._structure = structure
        self._bodies = bodies
        self._answers_read: dict[bytes, _ReadAnswer] = {}
        self._reached: dict[str, set[str]] = {}
        self._counted = 0

    def add(self, request: RecordedRequest) -> None:
        """Add a request."""
        self.requests.append(request)

    def keep(self, body: bytes) -> bytes:
        """Keep a body."""
        return self._bodies.keep(body)

    def body(self, request: RecordedRequest) -> bytes:
        """What was sent."""
        return self._bodies.get(request.body_key)

    def answer(self, request: RecordedRequest) -> bytes:
        """What was answered."""
        return self._bodies.get(request.answer_key)

    def delivered(self, request: RecordedRequest) -> tuple[DeliveredResource, ...]:
        """The resources that the answer brought to the client."""
        return self._read(request).delivered if 200 <= request.status < 300 else ()  # noqa: PLR2004  # HTTP statuses

    def links(self, request: RecordedRequest) -> tuple[str, ...]:
        """The links that the answer gave to the client, as they were written."""
        return self._read(request).links if request.succeeded else ()

    def reached(self) -> dict[str, set[str]]:
        """The versions of each resource that have reached the client so far, by its reference."""
        since, self._counted = self._counted, len(self.requests)
        for request in self.requests[since : self._counted]:
            for each in self.delivered(request):
                version = str(each.resource.get("meta", {}).get("versionId", ""))
                self._reached.setdefault(each.reference, set()).add(version)
        return self._reached

    def _read(self, request: RecordedRequest) -> _ReadAnswer:
        if request.answer_key not in self._answers_read:
            if len(self._answers_read) >= _READ_AT_ONCE:  # of a long session not everything is kept read
                self._answers_read.clear()
            parsed = self.parsed(request)
            self._answers_read[request.answer_key] = _ReadAnswer(tuple(_delivered(parsed)), tuple(_links(parsed)))
        return self._answers_read[request.answer_key]

    def parsed(self, request: RecordedRequest) -> Any:
        """The answer as JSON data; None for what is no resource."""
        body = self.answer(request)
        try:
            if request.answer_headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            if "xml" in request.answer_headers.get("content-type", ""):
                from vbpr_conformance.fhir.xml_codec import loads as from_xml  # noqa: PLC0415  JSON alone needs no lxml

                return from_xml(body, self._structure)
            return loads(body) if body.strip() else None
        except (FormatError, OSError, EOFError):
            return None

    def exchange(self, request: RecordedRequest) -> Exchange:
        """Give a request in the form that reports read, secrets masked."""
        return Exchange(
            interaction=request.interaction,
            method=request.method,
            url=f"{self.base}{request.target}",
            request_headers=request.headers,
            request_body=self.body(request),
            status=request.status,
            headers=request.answer_headers,
            body=self.answer(request),
            elapsed=request.elapsed,
            structure=self._structure,
            started=request.started,
        )


@lru_cache(maxsize=_SHARED_HEADERS)
def kept_headers(fields: tuple[tuple[str, str], ...]) -> Headers:
    """Headers as they are recorded: secrets masked; equal ones are one object."""
    return REDACTOR.headers(Headers(fields))


def kept_target(target: str) -> str:
    """Path and query as they are recorded: what a client puts into them to be let in is masked."""
    return REDACTOR.url(target)


def kept_body(body: bytes, headers: Mapping[str, str]) -> bytes:
    """What was sent as it is recorded: in a form, what its names tell to be secret is masked."""
    return REDACTOR.login_body(body) if "urlencoded" in headers.get("content-type", "") else body


def _delivered(resource: Any) -> Iterator[DeliveredResource]:
    """A resource, or those in a Bundle, Bundles in Bundles included."""
    if not isinstance(resource, dict):
        return
    if resource.get("resourceType") != "Bundle":
        yield DeliveredResource(resource, "")
        return
    for entry in resource.get("entry", ()):
        if not isinstance(entry, dict) or not isinstance(entry.get("resource"), dict):
            continue
        inner = entry["resource"]
        if inner.get("resourceType") == "Bundle":
            yield from _delivered(inner)
        else:
            mode = entry.get("search", {}).get("mode", "match") if resource.get("type") == "searchset" else ""
            yield DeliveredResource(inner, mode)


def _links(body: Any) -> Iterator[str]:
    """The links of a Bundle, and of those that answer the searches of a batch."""
    entries = body.get("entry") if isinstance(body, dict) else None
    inside = [each.get("resource") for each in entries if isinstance(each, dict)] if isinstance(entries, list) else []
    for bundle in (body, *inside):
        if isinstance(bundle, dict) and bundle.get("resourceType") == "Bundle":
            yield from (str(each.get("url", "")) for each in bundle.get("link", ()) if isinstance(each, dict))
