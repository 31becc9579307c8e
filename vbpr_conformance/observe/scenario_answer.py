"""An answer on its way to a client, and what changes it: a manner, which R4 leaves to servers, or a fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from vbpr_conformance.observe.recording import RequestIssue
from vbpr_conformance.observe.request_rules import AskedRequest

Resource = dict[str, Any]
JSON = "application/fhir+json"
LATER_VERSION = "OfALaterVersion"
"""How the names of elements end that R4 does not have."""


@dataclass
class ScenarioAnswer:
    """An answer on its way: `resource` is what it brings, read; `body` is written from it unless given.

    `issues` are what is wrong with the request, found by who answered it. `cut` sends only the first half of the body,
    though the headers promise all of it.
    """

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    resource: Resource | None = None
    body: bytes | None = None
    made_by: str = "server"
    cut: bool = False
    issues: list[RequestIssue] = field(default_factory=list)


class MannerContext(Protocol):
    """What a manner knows of its scenario: its URLs, how often something came, and what it keeps for later."""

    base: str
    foreign_base: str
    memory: dict[str, Any]


Before = Callable[[MannerContext, AskedRequest], AskedRequest | ScenarioAnswer]
After = Callable[[MannerContext, AskedRequest, ScenarioAnswer], ScenarioAnswer]


@dataclass(frozen=True)
class Manner:
    """One manner or fault: `says` in a reader's words; `variation` is one of the reference server."""

    name: str
    says: str
    before: Before | None = None
    after: After | None = None
    variation: str = ""


def resources_in(resource: Resource) -> Iterator[Resource]:
    """The resources that an answer brings: itself, or the entries of a Bundle."""
    if resource.get("resourceType") != "Bundle":
        yield resource
        return
    for entry in resource.get("entry", ()):
        if isinstance(entry.get("resource"), dict):
            yield entry["resource"]


def is_searchset(answer: ScenarioAnswer) -> bool:
    """Whether an answer is a Bundle of search results."""
    return answer.resource is not None and answer.resource.get("type") == "searchset"


def links_of(answer: ScenarioAnswer) -> list[dict[str, str]]:
    """The links of the Bundle of an answer."""
    links: list[dict[str, str]] = (answer.resource or {}).get("link", [])
    return links


def with_next(answer: ScenarioAnswer, change: Callable[[str], str]) -> ScenarioAnswer:
    """Change the links to other pages."""
    for each in links_of(answer):
        if each["relation"] in {"next", "previous", "first"}:
            each["url"] = change(each["url"])
    return answer


def as_get(asked: AskedRequest) -> str:
    """The target of a search by GET that asks for the same as this search, which may be by POST."""
    if asked.method != "POST":
        return asked.target
    query = "&".join(each for each in (asked.query, asked.body.decode("latin-1")) if each)
    return f"{asked.path.removesuffix('/_search')}?{query}"


def refused(status: int, code: str, text: str, **headers: str) -> Callable[[MannerContext], ScenarioAnswer]:
    """Make answers with an OperationOutcome; `headers` with `_` for `-`."""

    def answer(_: MannerContext) -> ScenarioAnswer:
        issue = {"severity": "error", "code": code, "diagnostics": text}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return ScenarioAnswer(status, named, {"resourceType": "OperationOutcome", "issue": [issue]})

    return answer


def plain_answer(status: int, media: str, body: bytes) -> Callable[[MannerContext], ScenarioAnswer]:
    """Make answers with a body that is no resource."""
    return lambda _: ScenarioAnswer(status, {"Content-Type": media}, body=body)
