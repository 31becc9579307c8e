"""The language of scenarios: data that a client reads, manners of the server, a task, and what is judged.

It shares its words with the suites for servers: `profile`, `set`, `require`, `drop`, `requirements`, `{{name.path}}`.
"""

# ruff: noqa: RUF012  pydantic copies defaults
from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import model_validator

from vbpr_conformance.suite.language import Seed
from vbpr_conformance.suite.language_types import CaseId, Names, Strict, Texts


class ScenarioResource(Seed):
    """A resource that the server holds: generated, with every free value changed to one that occurs once.

    `refer` puts references (or canonicals) to others of the data at paths; `plain` keeps the generated values;
    `forms: true` makes one resource for every must-support form of the profile, named `NAME-FORM`; `count` makes
    several, `NAME-1` and on; `then` are later versions of it, each the values that change; `edit` are changes of the
    JSON after generation, which generated payloads cannot show (an unknown element, a modifier extension): a path of
    keys and indexes to a value. `deleted` is gone when the scenario begins; a `payload` is given to the client, and
    not held.
    """

    refer: dict[str, str] = {}
    plain: bool = False
    forms: bool = False
    count: int = 1
    then: list[dict[str, Any]] = []
    edit: dict[str, Any] = {}
    deleted: bool = False
    payload: bool = False


class ValuesCheck(Strict):
    """The client shows values of resources, each with the thing that it belongs to.

    `of` are names of the data, `record` the element (by its id) that repeats, `label` what names a record to a reader,
    `value` what must be shown with it. `ask: each` says that the task asks for each of these values: a record that is
    shown without its value is a failure. With `ask: whole` a value is missed only where nearly all others are shown.
    `with-unit` asks for the unit or currency beside a number.
    """

    of: Texts
    record: str | None = None
    label: Texts = []
    value: Texts
    ask: Literal["each", "whole"] = "each"
    with_unit: bool = False


class AskedCheck(Strict):
    """A request that the client sent and that was answered so that its effect could be seen.

    `search` is a parameter's code; it counts with a value that tells some of the scenario's resources from others.
    """

    interaction: str | None = None
    type: str | None = None
    search: str | None = None
    include: str | None = None
    conditional: Literal["create", "update", "delete"] | None = None
    format: Literal["json", "xml"] | None = None
    patch: str | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set - {"type"}:
            raise ValueError("expected one of interaction, search, include, conditional, format, patch")
        return self


class ClientCase(Strict):
    """One thing that is judged, with exactly one check.

    `delivered`: these resources reached the client. `versions`: so did every version of them. `shown`: the client names
    each of them. `shown-versions`: it shows every version of them. `hidden`: it shows none of them as what was asked
    for. `withheld`: values that nothing may show. `values`: it shows values. `absent`: it shows no value for those of
    these that have none. `form-of`: every must-support form of a profile is shown, a case for each. `requests`: no
    request broke one of these rules. `asked`: a request was seen. `left`: what the server holds when the client has
    written: `there` (what it was given to send), `gone`, `unchanged`, or the elements that have another value now.
    `admits`: it lets its user know that it did not get what it asked for. `unmixed`: it shows nothing that belongs to
    another scenario, whose server is another one.

    `unseen` is the verdict where a check saw nothing to judge; `at-most` the worst verdict (choking on a faulty answer
    is no failure). What only SMART can show (`needs: smart`) does not apply without it.
    """

    id: CaseId
    title: str
    requirements: Texts = []
    description: str = ""
    link: str = ""
    does_not_check: str = ""
    expectation: Literal["SHALL", "SHOULD", "MAY"] | None = None
    unseen: Literal["skip", "warn"] = "skip"
    at_most: Literal["fail", "warn"] = "fail"
    needs: Literal["smart"] | None = None
    hint: str = ""
    delivered: Texts = []
    versions: Texts = []
    shown: Texts = []
    shown_versions: Texts = []
    hidden: Texts = []
    withheld: list[str] = []
    values: ValuesCheck | None = None
    absent: ValuesCheck | Literal["{{row.absent}}"] | None = None
    form_of: str | None = None
    requests: Texts = []
    asked: AskedCheck | Literal["{{row.asked}}"] | None = None
    left: dict[str, Literal["there", "gone", "unchanged"] | dict[str, Any]] | Literal["{{row.left}}"] = {}
    admits: bool = False
    unmixed: bool = False

    CHECKS: ClassVar[tuple[str, ...]] = (
        "delivered",
        "versions",
        "shown",
        "shown_versions",
        "hidden",
        "withheld",
        "values",
        "absent",
        "form_of",
        "requests",
        "asked",
        "left",
        "admits",
        "unmixed",
    )

    @model_validator(mode="after")
    def _one_check(self) -> Self:
        given = [name for name in self.CHECKS if getattr(self, name)]
        if len(given) != 1:
            names = ", ".join(name.replace("_", "-") for name in self.CHECKS)
            raise ValueError(f"a case has exactly one check, found {len(given)}; expected one of {names}")
        return self

    @property
    def check(self) -> str:
        """The name of the check."""
        return next(name for name in self.CHECKS if getattr(self, name))


class ScenarioSpec(Strict):
    """A scenario: one thing that the client is to do, on data and manners of its own.

    `manners` are what any conformant server may do, `faults` what none may; a failure so names its cause. `do` is the
    kind of task for programs, `task` the same for people, `give` the ids, codes and dates that it names. `control` is
    the scenario without what makes this one special: a client that ends well there and badly here chokes on it.
    """

    id: CaseId
    title: str
    description: str = ""
    link: str = ""
    data: Texts
    manners: Texts = []
    faults: Texts = []
    do: str
    task: str
    give: dict[str, Any] = {}
    control: str = ""
    without: Texts = []
    rows: list[dict[str, Any]] = []
    cases: list[ClientCase] = []


class ScenarioFile(Strict):
    """A file of scenarios. `data` are sets of resources by name, `always` the cases that every scenario here has."""

    suite: str
    actor: Literal["client"]
    description: str = ""
    data: dict[str, Annotated[dict[str, ScenarioResource], Names]] = {}
    always: list[ClientCase] = []
    scenarios: list[ScenarioSpec] = []


def json_schema_of_scenarios() -> dict[str, Any]:
    """Give the JSON Schema (2020-12) of a file of scenarios, made from the model."""
    made = ScenarioFile.model_json_schema(by_alias=True)
    title = "Scenarios of vbpr-conformance"
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made, "title": title}
