"""One request and its answer, as they are recorded: plain data, complete, and without secrets.

The client makes them of what it sent, a server of what it received; matchers, recorders and reports read both alike.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from vbpr_conformance.errors import UsageError
from vbpr_conformance.fhir.format_error import FormatError
from vbpr_conformance.fhir.json_codec import loads
from vbpr_conformance.fhir.type_structure import Structure
from vbpr_conformance.rest.headers import Headers
from vbpr_conformance.rest.located import Located, located
from vbpr_conformance.rest.r4b_model import r4b_model

MASK = "***"
"""What stands where a secret stood."""
_LARGE = 1 << 20
_BEGINNING = 20_000
_MOST_VALUES = 600_000
_Parsed = tuple[dict[str, Any] | None, str | None]
_ETAG = re.compile(r'(?:W/)?"([^"]*)"')


@dataclass(frozen=True)
class Exchange:
    """A request and its answer. Without an answer, `status` is 0 and `error` says why.

    `error` is also set where an answer was not followed or not readable as HTTP says; `elapsed` is in seconds,
    `started` in seconds since 1970 (0 where nobody looked at the clock). Secrets are masked in everything held here.
    `structure` is that of the types, without which XML is not read; `curl_options` are words that curl needs besides
    the headers, as for the certificate of a client.
    """

    interaction: str
    method: str
    url: str
    request_headers: Headers
    request_body: bytes
    status: int
    headers: Headers
    body: bytes
    elapsed: float
    error: str | None = None
    structure: Structure | None = field(default=None, repr=False, compare=False)
    started: float = 0.0
    curl_options: tuple[str, ...] = ()

    @property
    def resource(self) -> dict[str, Any] | None:
        """The resource in the answer, or None: then `parse_error` says why where there is a body."""
        return self._parsed[0]

    @cached_property
    def model(self) -> Any:
        """The resource as an object of `fhir.resources.R4B` (mind its differences: `rest/r4b_model.py`).

        For reading in tests of your own; raises UsageError where there is no resource or R4B does not take it.
        """
        if self.resource is None:
            raise UsageError(f"{self.method} {self.url} answered {self.status} without a resource")
        return r4b_model(self.resource)

    @property
    def parse_error(self) -> str | None:
        """Why the body is no resource; None where it is one, or where there is no body."""
        return self._parsed[1]

    @property
    def request_resource(self) -> dict[str, Any] | None:
        """The resource that was sent, or None where there is none or it cannot be read."""
        return self._parsed_request[0]

    @property
    def _parsed(self) -> _Parsed:
        return self._kept if len(self.body) < _LARGE else _of_large(self)

    @cached_property
    def _kept(self) -> _Parsed:
        return _read(self.body, self.headers, self.structure)

    @cached_property
    def _parsed_request(self) -> tuple[dict[str, Any] | None, str | None]:
        return _read(self.request_body, self.request_headers, self.structure)

    @cached_property
    def located(self) -> Located:
        """Type, id and version as Location or Content-Location tell, else as the resource in the answer does."""
        for name in ("Location", "Content-Location"):
            found = located(self.headers.get(name, ""))
            if found.id:
                return found._replace(version=found.version or self.etag)
        body = self.resource or {}
        kind, identity, version = body.get("resourceType"), body.get("id"), body.get("meta", {})
        if not isinstance(kind, str) or not isinstance(identity, str) or kind == "OperationOutcome":
            return Located(version=self.etag)
        version = version.get("versionId") if isinstance(version, dict) else None
        return Located(kind, identity, version or self.etag)

    def lightened(self) -> Exchange:
        """Give it to be kept for long: of a body of more than 1 MiB the beginning."""
        return self if len(self.body) < _LARGE else replace(self, body=self.body[:_BEGINNING])

    @property
    def etag(self) -> str | None:
        """The version that the ETag tells, `3` of `W/"3"`."""
        match = _ETAG.fullmatch(self.headers.get("ETag", "").strip())
        return match.group(1) if match else None


_latest: deque[tuple[Exchange, _Parsed]] = deque(maxlen=1)
"""What was read of the latest large body: to keep all of a case would take gigabytes."""


def _of_large(exchange: Exchange) -> _Parsed:
    for each, parsed in _latest:
        if each is exchange:
            return parsed
    parsed = _read(exchange.body, exchange.headers, exchange.structure)
    _latest.append((exchange, parsed))
    return parsed


def _read(body: bytes, headers: Headers, structure: Structure | None) -> _Parsed:
    """Give the resource in a body, or why there is none; (None, None) where there is no body."""
    if not body or body.isspace():
        return None, None
    if len(body) > _LARGE and sum(map(body.count, (b",", b"{", b"[", b"<"))) > _MOST_VALUES:
        return None, f"it holds more than {_MOST_VALUES:,} values"
    try:
        if "xml" in headers.get("content-type", "") or body.lstrip()[:5] == b"<?xml":
            return _from_xml(body, structure)
        value = loads(body)
    except FormatError as error:
        return None, str(error)
    if not isinstance(value, dict):
        return None, f"a resource is a JSON object, found {type(value).__name__}"
    return value, None


def _from_xml(body: bytes, structure: Structure | None) -> tuple[dict[str, Any] | None, str | None]:
    if structure is None:
        return None, "the answer is XML, and no structure of the types was given to read it"
    from vbpr_conformance.fhir.xml_codec import loads as from_xml  # noqa: PLC0415  JSON alone needs no lxml

    return from_xml(body, structure), None
