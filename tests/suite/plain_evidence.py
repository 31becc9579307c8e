"""Evidence and answers made by hand: what a matcher reads, without a server."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.rest.exchange import Exchange
from vbpr_conformance.rest.headers import Headers
from vbpr_conformance.suite.answer import Answer
from vbpr_conformance.suite.created_resource import CreatedResource
from vbpr_conformance.suite.queries import Query
from vbpr_conformance.validate.validator import Validator

BASE = "https://payer.example/fhir"


@dataclass
class PlainEvidence:
    """`Evidence` of plain values."""

    edition: Edition
    validator: Validator
    resources: dict[str, CreatedResource] = field(default_factory=dict)
    payloads: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    row: dict[str, Any] = field(default_factory=dict)
    bases: tuple[str, ...] = (BASE,)
    exchanges: list[Exchange] = field(default_factory=list)
    query: Query | None = None
    is_patched: bool = False
    is_read_only: bool = False
    source: str = "suite.yaml:1"

    def scope(self) -> dict[str, Any]:
        """The names of the resources alone."""
        return {name: each.scope() for name, each in self.resources.items()}


def exchange(  # noqa: PLR0913  the parts of an exchange
    body: Any = None,
    status: int = 200,
    *,
    url: str = f"{BASE}/MeasureReport/1",
    method: str = "GET",
    headers: dict[str, str] | None = None,
    sent: dict[str, str] | None = None,
    interaction: str = "read",
) -> Exchange:
    """An exchange whose answer has this body, written as JSON unless it is bytes; `sent` are headers of its request."""
    content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    answered = Headers({"Content-Type": "application/fhir+json", **(headers or {})})
    return Exchange(interaction, method, url, Headers(sent or {}), b"", status, answered, content, 0.0)


def answered(body: Any = None, status: int = 200, *, verb: str = "read", **more: Any) -> Answer:
    """The answer to a step, not a search."""
    return Answer(verb, exchange(body, status, **more))


def report(identity: str | None = None, **members: Any) -> dict[str, Any]:
    """A small MeasureReport."""
    made = {"resourceType": "MeasureReport", "status": "complete", **members}
    return made if identity is None else {**made, "id": identity}


def bundle(*matches: Any, include: tuple[Any, ...] = (), **members: Any) -> dict[str, Any]:
    """A searchset."""
    entries = [{"resource": each, "search": {"mode": "match"}} for each in matches]
    entries += [{"resource": each, "search": {"mode": "include"}} for each in include]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries, **members}


def searched(*pages: Any, url: str = f"{BASE}/MeasureReport?status=complete", status: int = 200) -> Answer:
    """The answer to a search in these pages."""
    made = [exchange(each, status, url=url, interaction="search") for each in pages]
    answer = Answer("search", made[0])
    for each in made:
        answer.add_page(each)
    return answer


def known(*names: str, **sent: dict[str, Any]) -> dict[str, CreatedResource]:
    """Resources by name, each a report whose id is its name unless stated otherwise."""
    made = {name: CreatedResource(name, name, report()) for name in names}
    return made | {name: CreatedResource(name, name, resource) for name, resource in sent.items()}
