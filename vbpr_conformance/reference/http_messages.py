"""A request and its response as the server sees them, away from sockets and from ASGI."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

from vbpr_conformance.fhir import json_codec
from vbpr_conformance.reference.access.grant import Grant
from vbpr_conformance.reference.problems import ProblemError

_MOST_PARAMETERS = 1000
Pairs = list[tuple[str, str]]
"""Search parameters as sent: names and values, in order, repeated names kept apart."""


@dataclass(slots=True)
class Request:
    """One interaction: from a socket, or from an entry of a batch or transaction.

    `steps` is the path below the base, decoded. `base` is the server's URL as the client wrote it. An entry of a
    Bundle carries its `resource` as read already; a request from a socket carries `body`. `interaction` is filled in
    by the router with FHIR's own name for it (https://hl7.org/fhir/R4/valueset-restful-interaction.html).
    `grant` is what its sender may do, None where no credentials are asked for or nobody has looked at them yet.
    `given_id` is the id that a transaction has decided on for what will be created, `coming` all that it creates.
    """

    method: str
    steps: tuple[str, ...]
    query: Pairs
    headers: dict[str, str]
    base: str
    body: bytes = b""
    resource: Any = None
    interaction: str = ""
    in_bundle: bool = False
    given_id: str = ""
    coming: frozenset[str] = frozenset()
    grant: Grant | None = None

    @property
    def type(self) -> str:
        """The resource type in the path, or nothing."""
        return self.steps[0] if self.steps else ""

    @property
    def id(self) -> str:
        """The id in the path, or nothing."""
        return self.steps[1] if len(self.steps) > 1 else ""

    def header(self, name: str) -> str:
        """Give the value of a header by its name in lower case, or nothing."""
        return self.headers.get(name, "")

    def preference(self, name: str) -> str:
        """Give one of the preferences, such as `return` in `Prefer: return=minimal`."""
        for part in self.header("prefer").replace(";", ",").split(","):
            key, _, value = part.partition("=")
            if key.strip().lower() == name:
                return value.strip().strip('"')
        return ""


@dataclass(slots=True)
class Response:
    """What is answered: `resource`, or `text`, the same as JSON text that need not be read again."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    resource: dict[str, Any] | None = None
    text: str | None = None

    @property
    def has_content(self) -> bool:
        """Whether there is a resource to send."""
        return self.resource is not None or self.text is not None

    def json(self) -> str:
        """Give the resource as JSON text."""
        if self.text is None:
            self.text = json_codec.dumps(self.resource)
        return self.text

    def parsed(self) -> dict[str, Any]:
        """Give the resource as an object."""
        if self.resource is None:
            self.resource = json_codec.loads(self.text or "")
        assert self.resource is not None  # noqa: S101  # JSON text that we wrote is an object
        return self.resource

    def replace(self, resource: dict[str, Any]) -> None:
        """Put another resource in its place."""
        self.resource = resource
        self.text = None


def pairs(query: str) -> Pairs:
    """Read a query string or a form: blank values kept, `+` and percent escapes decoded.

    Raises `ProblemError` 400 for more than 1,000 parameters.
    """
    try:
        return parse_qsl(query, keep_blank_values=True, errors="replace", max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        raise ProblemError(400, f"more than {_MOST_PARAMETERS} search parameters are not read") from None


def steps(path: str) -> tuple[str, ...]:
    """Split a path into its steps, decoded; empty ones left out."""
    return tuple(unquote(each) for each in path.split("/") if each)
