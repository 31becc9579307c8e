"""The verbs of steps, each one FHIR interaction (https://hl7.org/fhir/R4/http.html), and the entries of Bundles."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from vbpr_conformance.suite.language_types import Strict, kebab


class Verb(Strict):
    """What every interaction may say besides its own: headers, and the format asked for and sent."""

    headers: dict[str, str] = {}
    format: Literal["json", "xml", "{{row.format}}"] | None = None


class Capabilities(Verb):
    """`GET /metadata`; `by` asks by another way than that of the base URL, without anything secret."""

    by: Literal["plain-http", "old-tls"] | None = None


class Read(Verb):
    """Read a resource by type and id; `via: HEAD` asks for the head of the answer alone."""

    type: str
    id: str
    via: Literal["GET", "HEAD"] = "GET"
    parameters: dict[str, str] = {}


class Vread(Verb):
    """Read one version of a resource."""

    type: str
    id: str
    version: str


class Body(Verb):
    """Something that is sent: a payload or seed by name, with values changed by `set`, or `raw` text."""

    body: str | None = None
    raw: str | None = None
    set: dict[str, Any] = {}

    @model_validator(mode="after")
    def _one_body(self) -> Self:
        if (self.body is None) == (self.raw is None):
            raise ValueError("expected either body (the name of a payload) or raw (text)")
        return self


class Create(Body):
    """Create; `type` is that of the body unless stated."""

    type: str | None = None


class Update(Body):
    """Update; `type` and `id` are those of the body unless stated."""

    type: str | None = None
    id: str | None = None


class Patch(Verb):
    """JSON Patch (RFC 6902), or a patch of another kind as `raw` text, with its media type among the headers."""

    type: str
    id: str
    operations: list[dict[str, Any]] = []
    raw: str | None = None


class Delete(Verb):
    """Delete a resource by type and id."""

    type: str
    id: str


class ConditionalCreate(Body):
    """Create unless something matches `where` (If-None-Exist)."""

    where: dict[str, str]


class ConditionalUpdate(Body):
    """Update what matches `where`."""

    where: dict[str, str]


class ConditionalDelete(Verb):
    """Delete what matches `where`."""

    type: str
    where: dict[str, str]


class ConditionalPatch(Verb):
    """JSON Patch of what matches `where`."""

    type: str
    where: dict[str, str]
    operations: list[dict[str, Any]]


class Search(Verb):
    """Search a type, or all of them; every other key is a search parameter, given again for each text of a list.

    `scope: none` leaves out the identifier of this run; `first-pages` says how many pages are enough; `in-url` are
    parameters of a search by POST that stand in its URL.
    """

    model_config = ConfigDict(extra="allow", strict=True, frozen=True, alias_generator=kebab)
    __pydantic_extra__: dict[str, str | list[str]]

    type: str | None = None
    via: Literal["GET", "POST"] = "GET"
    scope: Literal["run", "none"] = "run"
    first_pages: int | None = Field(default=None, ge=1)
    in_url: dict[str, str] = {}

    @property
    def parameters(self) -> dict[str, str | list[str]]:
        """The search parameters with their values."""
        return dict(self.__pydantic_extra__)


class Page(Verb):
    """What a link of a Bundle leads to, as `{{found.next}}` of a search; without one the case does not apply."""

    url: str


class History(Verb):
    """The versions of a resource, of a type, or of the whole system."""

    type: str | None = None
    id: str | None = None
    parameters: dict[str, str] = {}


class Claimed(Verb):
    """Try what the server's own CapabilityStatement claims: a request that reads for each claim, `most` at most.

    `type` keeps to the claims about a resource type; `held` names a resource of the case whose references have to
    come along with it where the server claims that.
    """

    of: Literal["interactions", "parameters", "includes", "revincludes"]
    type: str | None = None
    held: str | None = None
    most: int = Field(default=32, ge=1)


class Operation(Body):
    """Call an operation (`$name`) of a type, or of one resource, with a resource as its input.

    https://hl7.org/fhir/R4/operations.html
    """

    name: str
    type: str
    id: str | None = None


class Entry(Strict):
    """One entry of a batch or transaction: exactly one interaction; `full-url` lets other entries refer to it.

    `if-match` is the version that an update or delete is about.
    """

    VERBS: ClassVar[tuple[str, ...]] = (
        "create",
        "update",
        "delete",
        "read",
        "search",
        "conditional_create",
        "conditional_update",
        "conditional_delete",
    )

    create: Create | None = None
    update: Update | None = None
    delete: Delete | None = None
    read: Read | None = None
    search: Search | None = None
    conditional_create: ConditionalCreate | None = None
    conditional_update: ConditionalUpdate | None = None
    conditional_delete: ConditionalDelete | None = None
    full_url: str | None = None
    if_match: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(getattr(self, verb) is not None for verb in self.VERBS) != 1:
            raise ValueError(f"expected exactly one of {', '.join(map(kebab, self.VERBS))}")
        return self

    @property
    def body(self) -> Body | None:
        """What the entry sends, if it sends a resource."""
        return self.create or self.update or self.conditional_create or self.conditional_update


class Entries(Verb):
    """A Bundle of interactions."""

    entries: list[Entry]
