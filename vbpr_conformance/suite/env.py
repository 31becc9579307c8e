"""What the steps and matchers of one running case share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vbpr_conformance.suite.expand import Case

if TYPE_CHECKING:
    from vbpr_conformance.client.exchange import Exchange
    from vbpr_conformance.suite.context import Context
    from vbpr_conformance.suite.queries import Query


@dataclass
class Live:
    """A resource that this run created: what was sent, and under which type and id the server holds it."""

    name: str
    id: str
    sent: dict[str, Any]
    created: Exchange | None = None

    @property
    def type(self) -> str:
        """The type of the resource."""
        return str(self.sent["resourceType"])

    @property
    def reference(self) -> str:
        """How other resources refer to it."""
        return f"{self.type}/{self.id}"

    def scope(self) -> dict[str, Any]:
        """What `{{name.…}}` gives in a suite: what was sent, under the id that the server gave."""
        return {**self.sent, "id": self.id}


@dataclass
class Answer:
    """The answer to a step: the exchange, for a search all pages of it, and what was asked for."""

    verb: str
    exchange: Exchange
    pages: list[Exchange] = field(default_factory=list)
    sent: dict[str, Any] | None = None
    matches: list[dict[str, Any]] = field(default_factory=list)
    included: list[dict[str, Any]] = field(default_factory=list)

    @property
    def resource(self) -> dict[str, Any] | None:
        """The resource in the answer, None where there is none."""
        found = self.exchange.resource
        return found if isinstance(found, dict) else None

    @property
    def match_references(self) -> set[str]:
        """The matches as `Type/id`."""
        return {f"{each.get('resourceType')}/{each.get('id')}" for each in self.matches}


@dataclass
class Env:
    """One example of one case: its names, and everything exchanged for it."""

    context: Context
    case: Case
    lives: dict[str, Live] = field(default_factory=dict)
    payloads: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    exchanges: list[Exchange] = field(default_factory=list)
    query: Query | None = None

    def scope(self) -> Mapping[str, Any]:
        """The names that `{{name.path}}` can use."""
        scope: dict[str, Any] = {
            "row": self.case.row,
            "run": {"id": self.context.run_id, "system": self.context.tag.system, "tag": self.context.tag.value},
            "targets": self.context.targets.scope(),
            "server": {"base": self.context.client.base_url},
            **{name: payload for name, payload in self.payloads.items()},
            **{name: live.scope() for name, live in self.lives.items()},
            **{name: _answer_scope(answer) for name, answer in self.answers.items()},
        }
        if self.query is not None:
            scope["query"] = {"name": self.query.name, "value": self.query.value}
        return scope


def _answer_scope(answer: Answer) -> dict[str, Any]:
    """What an answer gives: its resource, and the id and version that its headers tell."""
    scope = dict(answer.resource or {})
    kind, identity, version = located(answer.exchange)
    meta = dict(scope.get("meta", {}))
    if version and "versionId" not in meta:
        meta["versionId"] = version
    if identity and scope.get("resourceType", kind) != kind:
        scope = {}
    if identity:
        scope["id"] = identity
    return {**scope, "meta": meta, "etag": answer.exchange.headers.get("ETag", f'W/"{meta.get("versionId", "")}"')}


def located(exchange: Exchange) -> tuple[str, str, str]:
    """Read type, id and version off the Location of an answer; empty texts for what it does not say."""
    location = exchange.headers.get("Location") or exchange.headers.get("Content-Location") or ""
    parts = location.partition("?")[0].rstrip("/").split("/")
    version = ""
    if "_history" in parts:
        at = parts.index("_history")
        version = parts[at + 1] if at + 1 < len(parts) else ""
        parts = parts[:at]
    return (parts[-2], parts[-1], version) if len(parts) > 1 else ("", "", version)
