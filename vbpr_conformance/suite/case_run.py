"""One example of one case while it runs: the evidence that its matchers read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vbpr_conformance.suite.created_resource import CreatedResource, another_id
from vbpr_conformance.suite.names import LazyMapping

if TYPE_CHECKING:
    from vbpr_conformance.ig.edition import Edition
    from vbpr_conformance.rest.exchange import Exchange
    from vbpr_conformance.suite.answer import Answer
    from vbpr_conformance.suite.expand import Case
    from vbpr_conformance.suite.queries import Query
    from vbpr_conformance.suite.system_under_test import SystemUnderTest
    from vbpr_conformance.validate.validator import Validator


@dataclass
class CaseRun:
    """The names of an example, and everything exchanged for it: the `Evidence` of a live run.

    `names` are those that every case of the run has, `shared` is what other cases use too.
    """

    case: Case
    edition: Edition
    system: SystemUnderTest
    names: Mapping[str, Any]
    make_validator: Callable[[], Validator]
    is_read_only: bool = False
    shared: Mapping[str, CreatedResource] = field(default_factory=dict)
    payloads: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    exchanges: list[Exchange] = field(default_factory=list)
    query: Query | None = None

    def __post_init__(self) -> None:
        self.resources: dict[str, CreatedResource] = dict(self.shared)

    @property
    def validator(self) -> Validator:
        """The validator of the edition, made when first asked for."""
        return self.make_validator()

    @property
    def source(self) -> str:
        """Where the case is written, as `file:line`."""
        return self.case.source

    @property
    def row(self) -> Mapping[str, Any]:
        """The row that the case was expanded from."""
        return self.case.row

    @property
    def bases(self) -> tuple[str, ...]:
        """The base URLs that the server is known by, its own first."""
        return self.system.bases

    @property
    def is_patched(self) -> bool:
        """Whether a step patches a resource."""
        return any(step.verb == "patch" for step in self.case.spec.steps)

    def own(self) -> list[CreatedResource]:
        """What this example created, apart from what it shares with others."""
        return [each for name, each in self.resources.items() if name not in self.shared]

    def scope(self) -> Mapping[str, Any]:
        """The names that `{{name.path}}` can use, each looked up when a suite asks for it."""
        return LazyMapping(self._named)

    def _named(self, name: str) -> Any:
        """What a name stands for: an answer hides a resource created under the same name, and so on; None for none."""
        if name == "query" and self.query is not None:
            return {"name": self.query.name, "value": self.query.value}
        if name in self.answers:
            return self.answers[name].scope()
        if name in self.resources:
            return {**self.resources[name].scope(), "anotherId": another_id(self.resources[name].id)}
        if name in self.payloads:
            return self.payloads[name]
        if name == "row":
            return self.case.row
        return self.names.get(name)
