"""The suite language: what a suite file may say, closed and small.

Step verbs are FHIR's own interactions (https://hl7.org/fhir/R4/http.html), expectations a fixed list of named matchers.
There are no loops, no expressions but FHIRPath, and no templating beyond `{{name.path}}`.
"""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from vbpr_conformance.suite.language_types import CaseId, Expressions, Names, Status, Strict, Texts, kebab
from vbpr_conformance.suite.verbs import (
    Capabilities,
    Claimed,
    ConditionalCreate,
    ConditionalDelete,
    ConditionalPatch,
    ConditionalUpdate,
    Create,
    Delete,
    Entries,
    History,
    Operation,
    Page,
    Patch,
    Read,
    Search,
    Update,
    Vread,
)


class Seed(Strict):
    """A resource to generate: conformant to `profile`, with the values of `set` and the elements of `require`.

    A path with a `?` at its end counts only where the profile has it: editions differ.
    """

    profile: str
    set: dict[str, Any] = {}
    require: Texts = []
    drop: Texts = []


class Expect(Strict):
    """The matchers, all of which must hold; `because` says in a few words why the status must be one of those."""

    because: str | None = None
    status: Status | None = None
    header: dict[str, str] = {}
    valid: Literal[True] | None = None
    conforms_to: str | None = None
    fhirpath: Expressions = {}
    same_as: str | None = None
    contains: Texts = []
    excludes: Texts = []
    includes: Texts = []
    every: Expressions = {}
    every_valid: Literal[True] | None = None
    shows_somewhere: str | None = None
    count: int | None = None
    exactly: Literal["what-matches"] | None = None
    same_ids_as: str | None = None
    pages: int | None = Field(default=None, ge=1)
    operation_outcome: Literal[True] | None = None
    bundle: Literal[True] | None = None
    self_link: Texts = []
    unused: Texts = []
    told: Literal[True] | None = None
    search_answered: Literal[True] | None = None
    when_used: str | None = None
    in_order: list[str] = []
    one_of: list[str] = []
    most_per_page: int | None = Field(default=None, ge=0)
    pages_include: Texts = []
    returns: str | None = None
    if_returned: Expressions = {}
    versions_agree: Literal[True] | None = None
    version_of: str | None = None
    without_header: Texts = []
    refused_as: str | None = None
    challenge: Literal[True] | None = None
    denied: Literal[True] | None = None
    shut: Literal[True] | None = None
    hides: str | None = None
    shows_none_of: str | None = None
    no_open_credentials: Literal[True] | None = None
    shows: str | None = None
    declares: str | None = None
    claims_hold: Literal[True] | None = None

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("expected at least one matcher")
        return self


class Step(Strict):
    """One interaction and what is expected of its answer: `expect` is a SHALL, `should` a SHOULD.

    `may-refuse` says that a server is free not to do this: where it refuses, the case ends untested.
    """

    VERBS: ClassVar[tuple[str, ...]] = (
        "capabilities",
        "read",
        "vread",
        "create",
        "update",
        "patch",
        "delete",
        "search",
        "page",
        "history",
        "batch",
        "transaction",
        "conditional_create",
        "conditional_update",
        "conditional_patch",
        "conditional_delete",
        "operation",
        "claimed",
    )
    READING: ClassVar[frozenset[str]] = frozenset(
        {"capabilities", "read", "vread", "search", "page", "history", "claimed"}
    )

    capabilities: Capabilities | None = None
    read: Read | None = None
    vread: Vread | None = None
    create: Create | None = None
    update: Update | None = None
    patch: Patch | None = None
    delete: Delete | None = None
    search: Search | None = None
    page: Page | None = None
    history: History | None = None
    batch: Entries | None = None
    transaction: Entries | None = None
    conditional_create: ConditionalCreate | None = None
    conditional_update: ConditionalUpdate | None = None
    conditional_patch: ConditionalPatch | None = None
    conditional_delete: ConditionalDelete | None = None
    operation: Operation | None = None
    claimed: Claimed | None = None
    may_refuse: Literal[True] | None = None
    as_: str | None = None
    expect: Expect | None = None
    should: Expect | None = None

    @model_validator(mode="after")
    def _one_verb(self) -> Self:
        given = [verb for verb in self.VERBS if getattr(self, verb) is not None]
        if len(given) != 1:
            text = " and ".join(kebab(verb) for verb in given) or "none"
            raise ValueError(f"a step has exactly one verb, found {text}; expected one of {self.verbs_text()}")
        return self

    @classmethod
    def verbs_text(cls) -> str:
        """The verbs as a suite writes them, for messages."""
        return ", ".join(kebab(verb) for verb in cls.VERBS)

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
    what the server holds, or both ways. What `when-claimed` names is tested where the server claims it, with
    `also-unclaimed` elsewhere too, where it can only be found to work. The packaged suites tell each case's rule in
    `description`, its specification in `link`, and its limits in `does-not-check`.
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
    also_unclaimed: Literal[True] | None = None
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
