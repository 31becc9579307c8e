"""What a matcher may ask: of a live run, or of a session that was recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from vbpr_conformance.ig.edition import Edition
    from vbpr_conformance.rest.exchange import Exchange
    from vbpr_conformance.suite.answer import Answer
    from vbpr_conformance.suite.created_resource import CreatedResource
    from vbpr_conformance.suite.queries import Query
    from vbpr_conformance.validate.validator import Validator


class Evidence(Protocol):
    """What was exchanged for one case, and what is known of the resources in it.

    `CaseRun` is the evidence of a running case; what recorded the session of a client gives another.
    """

    @property
    def edition(self) -> Edition:
        """The edition of the guide that the case belongs to."""

    @property
    def validator(self) -> Validator:
        """The validator of the edition."""

    @property
    def source(self) -> str:
        """Where the case is written, as `file:line`."""

    @property
    def row(self) -> Mapping[str, Any]:
        """The row that the case was expanded from, empty for a case that stands for itself."""

    @property
    def bases(self) -> tuple[str, ...]:
        """The base URLs that the server is known by, the one that it uses itself first."""

    @property
    def exchanges(self) -> Sequence[Exchange]:
        """Everything that was exchanged for the case, in its order."""

    @property
    def resources(self) -> Mapping[str, CreatedResource]:
        """The resources known by a name: created for the case, or for all cases of its suite."""

    @property
    def payloads(self) -> Mapping[str, dict[str, Any]]:
        """What was generated and is sent by steps, by its name."""

    @property
    def answers(self) -> Mapping[str, Answer]:
        """The answers to earlier steps, by the name that `as:` gave them."""

    @property
    def query(self) -> Query | None:
        """What was searched for, in a case of a search family."""

    @property
    def is_patched(self) -> bool:
        """Whether a step patches a resource: then a server may write its narrative anew."""

    @property
    def is_read_only(self) -> bool:
        """Whether nothing was created: then every resource that the server shows is judged by its own content."""

    def scope(self) -> Mapping[str, Any]:
        """The names that `{{name.path}}` can use."""
