"""The suite language: what a suite file may say, closed and small.

Step verbs are FHIR's own interactions (https://hl7.org/fhir/R4/http.html), expectations a fixed list of named matchers.
There are no loops, no expressions but FHIRPath, and no templating beyond `{{name.path}}`.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

_STATUS = re.compile(r"[1-5]([0-9]{2}|xx)")
_CASE_ID = re.compile(r"(\{\{[a-z.-]+\}\}|[A-Za-z0-9._-])+")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def _status(value: Any) -> list[str]:
    codes = [str(each) for each in _as_list(value)]
    for code in codes:
        if not _STATUS.fullmatch(code):
            raise ValueError(f"{code} is no HTTP status, expected one like 201 or 4xx, or a list of them")
    return codes


def _case_id(value: Any) -> str:
    if not isinstance(value, str) or not _CASE_ID.fullmatch(value):
        raise ValueError(f"{value!r} is no case id, expected letters, digits, '-', '.' and '_' (no brackets, no ::)")
    return value


def _names(value: Any) -> Any:
    for name in value if isinstance(value, dict) else ():
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name, expected letters, digits, '-' and '_', a letter first")
    return value


def _expressions(value: Any) -> Any:
    return value if isinstance(value, dict) else dict.fromkeys(_as_list(value), "")


_ONE_OR_MORE: dict[str, Any] = {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
_STATUS_SCHEMA: dict[str, Any] = {"type": ["integer", "string", "array"]}
Texts = Annotated[list[str], BeforeValidator(_as_list), WithJsonSchema(_ONE_OR_MORE)]
Status = Annotated[list[str], BeforeValidator(_status), WithJsonSchema(_STATUS_SCHEMA)]
CaseId = Annotated[str, BeforeValidator(_case_id), WithJsonSchema({"type": "string"})]
Names = BeforeValidator(_names)
Expressions = Annotated[
    dict[str, str],
    BeforeValidator(_expressions),
    WithJsonSchema({"oneOf": [*_ONE_OR_MORE["oneOf"], {"type": "object", "additionalProperties": {"type": "string"}}]}),
]
"""FHIRPath expressions, each with what it means to people: the end of "expected that it …", empty where it is plain."""


def _kebab(name: str) -> str:
    return name.rstrip("_").replace("_", "-")


class Strict(BaseModel):
    """Base of everything in a suite: nothing unknown, nothing coerced, nothing changed later."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=_kebab)


class Seed(Strict):
    """A resource to generate: conformant to `profile`, with the values of `set` and the elements of `require`.

    A path with a `?` at its end counts only where the profile has it: editions differ.
    """

    profile: str
    set: dict[str, Any] = {}
    require: Texts = []
    drop: Texts = []


class _Verb(Strict):
    """What every interaction may say besides its own: headers, and the format asked for and sent."""

    headers: dict[str, str] = {}
    format: Literal["json", "xml", "{{row.format}}"] | None = None


class Capabilities(_Verb):
    """`GET /metadata`."""


class Read(_Verb):
    """Read a resource by type and id."""

    type: str
    id: str


class Vread(_Verb):
    """Read one version of a resource."""

    type: str
    id: str
    version: str


class Body(_Verb):
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


class Patch(_Verb):
    """JSON Patch (RFC 6902)."""

    type: str
    id: str
    operations: list[dict[str, Any]]


class Delete(_Verb):
    """Delete a resource by type and id."""

    type: str
    id: str


class ConditionalCreate(Body):
    """Create unless something matches `where` (If-None-Exist)."""

    where: dict[str, str]


class ConditionalUpdate(Body):
    """Update what matches `where`."""

    where: dict[str, str]


class ConditionalDelete(_Verb):
    """Delete what matches `where`."""

    type: str
    where: dict[str, str]


class Search(_Verb):
    """Search; every other key is a search parameter.

    `scope: none` leaves out the identifier of this run; `first-pages` says how many pages are enough.
    """

    model_config = ConfigDict(extra="allow", strict=True, frozen=True, alias_generator=_kebab)
    __pydantic_extra__: dict[str, str]

    type: str
    via: Literal["GET", "POST"] = "GET"
    scope: Literal["run", "none"] = "run"
    first_pages: int | None = Field(default=None, ge=1)

    @property
    def parameters(self) -> dict[str, str]:
        """The search parameters with their values."""
        return dict(self.__pydantic_extra__)


class History(_Verb):
    """The versions of a resource, of a type, or of the whole system."""

    type: str | None = None
    id: str | None = None


class Entry(Strict):
    """One entry of a batch or transaction: exactly one interaction; `full-url` lets other entries refer to it."""

    create: Create | None = None
    update: Update | None = None
    delete: Delete | None = None
    read: Read | None = None
    full_url: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(each is not None for each in (self.create, self.update, self.delete, self.read)) != 1:
            raise ValueError("expected exactly one of create, update, delete, read")
        return self


class Entries(_Verb):
    """A Bundle of interactions."""

    entries: list[Entry] = Field(min_length=1)


class Expect(Strict):
    """The matchers, all of which must hold."""

    status: Status | None = None
    header: dict[str, str] = {}
    valid: Literal[True] | None = None
    conforms_to: str | None = None
    fhirpath: Expressions = {}
    same_as: str | None = None
    contains: Texts = []
    excludes: Texts = []
    includes: Texts = []
    every: str | None = None
    every_valid: Literal[True] | None = None
    shows_somewhere: str | None = None
    count: int | None = None
    exactly: Literal["what-matches"] | None = None
    same_ids_as: str | None = None
    pages: int | None = Field(default=None, ge=1)
    operation_outcome: Literal[True] | None = None
    shows: str | None = None
    declares: str | None = None

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("expected at least one matcher")
        return self


class Step(Strict):
    """One interaction and what is expected of its answer: `expect` is a SHALL, `should` a SHOULD."""

    VERBS: ClassVar[tuple[str, ...]] = (
        "capabilities",
        "read",
        "vread",
        "create",
        "update",
        "patch",
        "delete",
        "search",
        "history",
        "batch",
        "transaction",
        "conditional_create",
        "conditional_update",
        "conditional_delete",
    )
    READING: ClassVar[frozenset[str]] = frozenset({"capabilities", "read", "vread", "search", "history"})

    capabilities: Capabilities | None = None
    read: Read | None = None
    vread: Vread | None = None
    create: Create | None = None
    update: Update | None = None
    patch: Patch | None = None
    delete: Delete | None = None
    search: Search | None = None
    history: History | None = None
    batch: Entries | None = None
    transaction: Entries | None = None
    conditional_create: ConditionalCreate | None = None
    conditional_update: ConditionalUpdate | None = None
    conditional_delete: ConditionalDelete | None = None
    as_: str | None = None
    expect: Expect | None = None
    should: Expect | None = None

    @model_validator(mode="after")
    def _one_verb(self) -> Self:
        given = [verb for verb in self.VERBS if getattr(self, verb) is not None]
        if len(given) != 1:
            said = " and ".join(_kebab(verb) for verb in given) or "none"
            raise ValueError(f"a step has exactly one verb, found {said}; expected one of {self.verbs_text()}")
        return self

    @classmethod
    def verbs_text(cls) -> str:
        """The verbs as a suite writes them, for messages."""
        return ", ".join(_kebab(verb) for verb in cls.VERBS)

    @cached_property
    def verb(self) -> str:
        """The name of the verb of this step."""
        return next(verb for verb in self.VERBS if getattr(self, verb) is not None)

    @cached_property
    def asked(self) -> dict[str, Any]:
        """What the verb is asked for, as plain data whose places are not filled in yet."""
        found: dict[str, Any] = getattr(self, self.verb).model_dump(by_alias=False)
        return found

    @property
    def writes(self) -> bool:
        """Whether the step changes what the server holds."""
        return self.verb not in self.READING


class SearchRows(Strict):
    """A row for every form in which a search parameter may be asked for: comparators, code forms, reference forms.

    `forms: simplest` takes one form of each parameter.
    """

    type: str
    param: Texts = ["all"]
    forms: Literal["all", "simplest"] = "all"


class MustSupportRows(Strict):
    """A row for every must-support element of a profile in every legal form, or in one: `forms: simplest`."""

    profile: str
    forms: Literal["all", "simplest"] = "all"


class RequirementRows(Strict):
    """A row for every SHALL and SHOULD of the actor whose `about` has one of these keys, with its expectation.

    `resource` keeps to those about a type, `none` to those about none.
    """

    about: Texts
    resource: str | None = None


class Family(Strict):
    """What a case is expanded over."""

    search: SearchRows | None = None
    must_support: MustSupportRows | None = None
    requirements: RequirementRows | None = None
    rows: list[dict[str, str]] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(each is not None for each in (self.search, self.must_support, self.requirements, self.rows)) != 1:
            raise ValueError("expected exactly one of search, must-support, requirements, rows")
        return self


class CaseSpec(Strict):
    """A case as written: what it tests, what is made before, and the steps.

    A requirement with a `?` at its end is one that not every edition has. `seed` is created before the steps and
    deleted after, `payload` only generated. `mode` says whether it runs on resources of its own, in a read-only run on
    what the server holds, or both ways. The packaged suites tell each case's rule in `description`, its specification
    in `link`, and its limits in `does-not-check`.
    """

    id: CaseId
    title: str
    requirements: Texts = []
    description: str = ""
    link: str = ""
    does_not_check: str = ""
    expectation: Literal["SHALL", "SHOULD", "MAY"] | None = None
    for_: Family | None = None
    when_claimed: dict[str, str] | None = None
    mode: Literal["any", "own", "read-only"] = "any"
    seed: Annotated[dict[str, Seed], Names] = {}
    payload: Annotated[dict[str, Seed], Names] = {}
    examples: int | None = Field(default=None, ge=1)
    steps: list[Step] = Field(min_length=1)

    @property
    def writes(self) -> bool:
        """Whether the case changes what the server holds."""
        return bool(self.seed) or any(step.writes for step in self.steps)


class SuiteSpec(Strict):
    """A suite file: the actor that it tests, its cases, and the resources that are made once for all of them."""

    suite: str
    actor: Literal["server", "client"]
    description: str = ""
    population: Annotated[dict[str, Seed], Names] = {}
    cases: list[CaseSpec] = Field(min_length=1)
