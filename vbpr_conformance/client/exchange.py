"""One request and its answer, as they are recorded: complete, and without secrets."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from httpx import Headers

from vbpr_conformance.client.redact import MASK
from vbpr_conformance.fhir.format_error import FormatError
from vbpr_conformance.fhir.json_codec import loads
from vbpr_conformance.fhir.type_structure import Structure

_OWN_HEADERS = {b"host", b"user-agent", b"accept-encoding", b"connection", b"content-length"}
"""What every HTTP client says by itself: left out of a command to be copied."""
_LARGEST_INLINE = 2000
_ETAG = re.compile(r'(?:W/)?"([^"]*)"')
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


class Located(NamedTuple):
    """What `[base]/type/id/_history/version` names; None for what is not told."""

    type: str | None = None
    id: str | None = None
    version: str | None = None

    @property
    def reference(self) -> str | None:
        """The relative reference, `type/id`."""
        return f"{self.type}/{self.id}" if self.type and self.id else None


@dataclass(frozen=True)
class Exchange:
    """A request and its answer. Without an answer, `status` is 0 and `error` says why.

    `error` is also set where an answer was not followed or not readable as HTTP says; `elapsed` is in seconds.
    Secrets are masked in everything held here.
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

    @property
    def resource(self) -> dict[str, Any] | None:
        """The resource in the answer, or None: then `parse_error` says why where there is a body."""
        return self._parsed[0]

    @property
    def parse_error(self) -> str | None:
        """Why the body is no resource; None where it is one, or where there is no body."""
        return self._parsed[1]

    @cached_property
    def _parsed(self) -> tuple[dict[str, Any] | None, str | None]:
        if not self.body.strip():
            return None, None
        try:
            if "xml" in self.headers.get("content-type", "") or self.body.lstrip()[:5] == b"<?xml":
                return self._from_xml()
            value = loads(self.body)
        except FormatError as error:
            return None, str(error)
        if not isinstance(value, dict):
            return None, f"a resource is a JSON object, found {type(value).__name__}"
        return value, None

    def _from_xml(self) -> tuple[dict[str, Any] | None, str | None]:
        if self.structure is None:
            return None, "the answer is XML, and no structure of the types was given to read it"
        from vbpr_conformance.fhir.xml_codec import loads as from_xml  # noqa: PLC0415  JSON alone needs no lxml

        return from_xml(self.body, self.structure), None

    @cached_property
    def located(self) -> Located:
        """Type, id and version as Location or Content-Location tell, else as the resource in the answer does."""
        for name in ("Location", "Content-Location"):
            found = located(self.headers.get(name, ""))
            if found.id:
                return found._replace(version=found.version or self.etag)
        body = self.resource or {}
        kind, identity, version = body.get("resourceType"), body.get("id"), body.get("meta", {})
        if not isinstance(identity, str) or kind == "OperationOutcome":
            return Located(version=self.etag)
        version = version.get("versionId") if isinstance(version, dict) else None
        return Located(kind, identity, version or self.etag)

    @property
    def etag(self) -> str | None:
        """The version that the ETag tells, `3` of `W/"3"`."""
        match = _ETAG.fullmatch(self.headers.get("ETag", "").strip())
        return match.group(1) if match else None

    def curl(self, body_file: str = "request.json") -> str:
        """Give one line for a shell that repeats the request; secrets are variables to be set, as `$VBPR_TOKEN`.

        A large body is not part of the line: it is read from `body_file`.
        """
        words = ["curl", "-s"]
        if self.method != ("POST" if self.request_body else "GET"):
            words += ["-X", self.method]
        for name, value in self.request_headers.raw:
            if name.lower() not in _OWN_HEADERS:
                words += _header_words(name.decode("latin-1"), value.decode("latin-1"))
        if self.request_body:
            words += ["--data-binary", self._body_word(body_file)]
        return " ".join([*words, shlex.quote(self.url)])

    def _body_word(self, body_file: str) -> str:
        if len(self.request_body) > _LARGEST_INLINE:
            return shlex.quote(f"@{body_file}")
        return shlex.quote(self.request_body.decode("utf-8", "replace"))


def located(url: str) -> Located:
    """Read type, id and version off a URL, absolute or relative; nothing where it names no resource."""
    parts = [part for part in url.partition("?")[0].partition("#")[0].rstrip("/").split("/") if part]
    version = None
    if "_history" in parts:
        at = parts.index("_history")
        version = parts[at + 1] if len(parts) > at + 1 else None
        parts = parts[:at]
    if len(parts) < 2 or not parts[-2].isalpha() or not parts[-2][0].isupper() or not _ID.fullmatch(parts[-1]):  # noqa: PLR2004  type and id
        return Located()
    return Located(parts[-2], parts[-1], version)


def _header_words(name: str, value: str) -> list[str]:
    if MASK not in value:
        return ["-H", shlex.quote(f"{name}: {value}")]
    if value == f"Basic {MASK}":
        return ["-u", '"$VBPR_BASIC"']
    if value == f"Bearer {MASK}":
        return ["-H", f'"{name}: Bearer $VBPR_TOKEN"']
    return ["-H", f'"{name}: $VBPR_{re.sub("[^A-Z0-9]", "_", name.upper())}"']
