"""What the steps and matchers of one running case share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vbpr_conformance.rest.exchange import Exchange
from vbpr_conformance.rest.located import Located, located
from vbpr_conformance.suite.expand import Case

if TYPE_CHECKING:
    from vbpr_conformance.suite.context import Context
    from vbpr_conformance.suite.queries import Query


@dataclass
class CreatedResource:
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
        """The resource in the answer, None where there is none; of a history all pages as one Bundle."""
        first = self.exchange.resource
        if self.verb != "history" or first is None or len(self.pages) < 2:  # noqa: PLR2004
            return first
        return {**first, "entry": [entry for page in self.pages for entry in (page.resource or {}).get("entry", [])]}

    @property
    def match_references(self) -> set[str]:
        """The matches as `Type/id`."""
        return {f"{each.get('resourceType')}/{each.get('id')}" for each in self.matches}


@dataclass
class Env:
    """One example of one case: its names, and everything exchanged for it."""

    context: Context
    case: Case
    lives: dict[str, CreatedResource] = field(default_factory=dict)
    payloads: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    exchanges: list[Exchange] = field(default_factory=list)
    query: Query | None = None
    shared: frozenset[str] = frozenset()
    number: int = 0

    def own(self) -> list[CreatedResource]:
        """What this example created, apart from what it shares with others."""
        return [live for name, live in self.lives.items() if name not in self.shared]

    def scope(self) -> Mapping[str, Any]:
        """The names that `{{name.path}}` can use."""
        return _Scope(self)

    def named(self, name: str) -> Any:
        """What a name stands for: an answer hides a resource created under the same name, and so on; None for none."""
        if name == "query" and self.query is not None:
            return {"name": self.query.name, "value": self.query.value}
        if name in self.answers:
            return _answer_scope(self.answers[name])
        if name in self.lives:
            return self.lives[name].scope()
        if name in self.payloads:
            return self.payloads[name]
        if name == "row":
            return self.case.row
        return self.context.names(f"{self.case.id}-{self.number}").get(name)


class _Scope(Mapping[str, Any]):
    """The names of an example, each looked up when a suite asks for it: answers need not be read before."""

    def __init__(self, env: Env) -> None:
        self._env = env

    def __getitem__(self, name: str) -> Any:
        found = self._env.named(name)
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def _answer_scope(answer: Answer) -> dict[str, Any]:
    """What an answer gives: its resource, and the id and version that its headers tell."""
    exchange = answer.exchange
    resource = answer.resource or {}
    scope = {} if resource.get("resourceType") == "OperationOutcome" else dict(resource)
    place = exchange.located
    meta = dict(scope.get("meta", {}))
    if place.version:
        meta["versionId"] = place.version
    if place.id:
        scope["id"] = place.id
    if resource.get("resourceType") == "Bundle":
        scope["created"] = [{"type": each.type, "id": each.id} for each in created_by(exchange)]
    version = meta.get("versionId")
    etag = exchange.headers.get("ETag") or (f'W/"{version}"' if version else None)
    return {**scope, "meta": meta, "etag": etag}


def created_by(exchange: Exchange) -> list[Located]:
    """Read off the answer to a batch or transaction what each entry created; nothing where it created none."""
    bundle = exchange.resource or {}
    responses = [each.get("response", {}) if isinstance(each, dict) else {} for each in bundle.get("entry", [])]
    made = [str(each.get("status", "")).startswith("201") for each in responses]
    places = [located(str(each.get("location") or "")) for each in responses]
    return [place if created else Located() for place, created in zip(places, made, strict=True)]
