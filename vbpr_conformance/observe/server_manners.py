"""What a server of a scenario does besides answering: manners, which R4 leaves to it, and faults, which none may show.

Each changes one thing. Those that the reference server has itself (its permitted variations) are used by name.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from email.utils import formatdate
from typing import Any, Protocol
from urllib.parse import urlsplit

from vbpr_conformance.errors import UsageError
from vbpr_conformance.fhir.json_codec import WrittenDecimal
from vbpr_conformance.observe.recording import RequestIssue
from vbpr_conformance.observe.request_rules import AskedRequest, decoded
from vbpr_conformance.reference.permitted_variations import PERMITTED_VARIATIONS

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
    is_fault: bool = False


def find_manner(name: str) -> Manner:
    """Find a manner or fault by its name, or a permitted variation of the reference server."""
    if name in MANNERS:
        return MANNERS[name]
    if name in PERMITTED_VARIATIONS:
        return Manner(name, PERMITTED_VARIATIONS[name].description, variation=name)
    raise UsageError(f"there is no manner {name}: {', '.join([*MANNERS, *PERMITTED_VARIATIONS])} are known")


def resources_in(resource: Resource) -> Iterator[Resource]:
    """The resources that an answer brings: itself, or the entries of a Bundle."""
    if resource.get("resourceType") != "Bundle":
        yield resource
        return
    for entry in resource.get("entry", ()):
        if isinstance(entry.get("resource"), dict):
            yield entry["resource"]


def _is_searchset(answer: ScenarioAnswer) -> bool:
    return answer.resource is not None and answer.resource.get("type") == "searchset"


def _links(answer: ScenarioAnswer) -> list[dict[str, str]]:
    links: list[dict[str, str]] = (answer.resource or {}).get("link", [])
    return links


def _with_next(answer: ScenarioAnswer, change: Callable[[str], str]) -> ScenarioAnswer:
    for each in _links(answer):
        if each["relation"] in {"next", "previous", "first"}:
            each["url"] = change(each["url"])
    return answer


def _pages_of(size: int) -> Before:
    """https://hl7.org/fhir/R4/search.html#count: a server may return fewer than asked for."""

    def before(_: MannerContext, asked: AskedRequest) -> AskedRequest:
        if asked.method != "GET" or len(asked.steps) != 1 or asked.steps[0] in {"metadata", "_history"}:
            return asked
        kept = [each for each in asked.query.split("&") if each and not each.startswith("_count=")]
        return replace(asked, target=f"{asked.path}?{'&'.join([*kept, f'_count={size}'])}")

    return before


def _without_parameters(*names: str) -> Before:
    """https://hl7.org/fhir/R4/search.html#errors: a server may ignore what it does not support."""

    def kept(query: str) -> str:
        return "&".join(each for each in query.split("&") if each.partition("=")[0] not in names)

    def before(_: MannerContext, asked: AskedRequest) -> AskedRequest:
        if asked.steps[-1:] == ("_search",):
            asked = replace(asked, body=kept(asked.body.decode("latin-1")).encode("latin-1"))
        return replace(asked, target=f"{asked.path}?{kept(asked.query)}") if asked.query else asked

    return before


def _parameters_refused(*names: str) -> Before:
    """The other way that R4 leaves: an error that names the parameter."""

    def before(_: MannerContext, asked: AskedRequest) -> AskedRequest | ScenarioAnswer:
        form = decoded(asked.body.decode("latin-1")) if asked.steps[-1:] == ("_search",) else []
        found = next((name for name, _ in (*asked.parameters, *form) if name in names), "")
        return _refused(400, "not-supported", f"{found} is not supported here")(_) if found else asked

    return before


def _delete_accepted(_: MannerContext, asked: AskedRequest, answer: ScenarioAnswer) -> ScenarioAnswer:
    """https://hl7.org/fhir/R4/http.html#delete: 202 where the server does not commit itself to the outcome."""
    if asked.method != "DELETE" or answer.status not in {200, 204}:
        return answer
    return ScenarioAnswer(202, {**answer.headers, "Retry-After": "1"}, body=b"")


def _keep(context: MannerContext, url: str) -> str:
    token = secrets.token_urlsafe(9)
    context.memory[token] = url
    return token


def _as_get(asked: AskedRequest) -> str:
    """The target of a search by GET that asks for the same as this search, which may be by POST."""
    if asked.method != "POST":
        return asked.target
    query = "&".join(each for each in (asked.query, asked.body.decode("latin-1")) if each)
    return f"{asked.path.removesuffix('/_search')}?{query}"


def _opaque(context: MannerContext, _: AskedRequest, answer: ScenarioAnswer) -> ScenarioAnswer:
    """https://hl7.org/fhir/R4/http.html#paging: links are opaque to the client."""
    return _with_next(answer, lambda url: f"{context.base}/_page/{_keep(context, url)}")


def _opaque_opened(context: MannerContext, asked: AskedRequest) -> AskedRequest:
    if len(asked.steps) == 2 and asked.steps[0] == "_page" and asked.steps[1] in context.memory:  # noqa: PLR2004
        return replace(asked, target=context.memory[asked.steps[1]].removeprefix(context.base))
    return asked


def _relative(context: MannerContext, _: AskedRequest, answer: ScenarioAnswer) -> ScenarioAnswer:
    path = urlsplit(context.base).path
    return _with_next(answer, lambda url: path + url.removeprefix(context.base))


def _empty_first(context: MannerContext, asked: AskedRequest, answer: ScenarioAnswer) -> ScenarioAnswer:
    """A page may be empty though others follow: only the next link tells the end."""
    if context.memory.pop("opened", False):
        return answer
    if (
        not _is_searchset(answer)
        or "_page" in asked.query
        or answer.resource is None
        or not answer.resource.get("entry")
    ):
        return answer
    token = _keep(context, _as_get(asked))
    link = {"relation": "next", "url": f"{context.base}?_page=held.{token}"}
    links = [each for each in _links(answer) if each["relation"] == "self"]
    answer.resource = {name: each for name, each in answer.resource.items() if name != "entry"} | {
        "link": [*links, link]
    }
    return answer


def _empty_first_opened(context: MannerContext, asked: AskedRequest) -> AskedRequest:
    token = asked.query.partition("_page=held.")[2]
    if token in context.memory:
        context.memory["opened"] = True
        return replace(asked, target=context.memory[token])
    return asked


def _foreign_extensions(_: MannerContext, __: AskedRequest, answer: ScenarioAnswer) -> ScenarioAnswer:
    """https://hl7.org/fhir/R4/extensibility.html: no reader may refuse extensions that it does not know."""
    for each in resources_in(answer.resource or {}):
        if each.get("resourceType") == "OperationOutcome":
            continue
        extension = {"url": "http://example.org/fhir/StructureDefinition/own", "valueString": "of no meaning elsewhere"}
        each["extension"] = [extension, *each.get("extension", [])]
        for group in each.get("group", []):
            nested = {"url": "http://example.org/fhir/StructureDefinition/nested", "extension": [extension]}
            group["extension"] = [nested, *group.get("extension", [])]
    return answer


def _foreign_codings(_: MannerContext, __: AskedRequest, answer: ScenarioAnswer) -> ScenarioAnswer:
    """https://hl7.org/fhir/R4/datatypes.html#CodeableConcept: translations come in any order."""

    def add(value: Any) -> None:
        if isinstance(value, dict):
            codings = value.get("coding")
            if isinstance(codings, list) and all("system" in each for each in codings):
                value["coding"] = [{"system": "http://example.org/CodeSystem/own", "code": "own-code"}, *codings]
            for each in value.values():
                add(each)
        elif isinstance(value, list):
            for each in value:
                add(each)

    for each in resources_in(answer.resource or {}):
        add({name: value for name, value in each.items() if name != "extension"})
    return answer


def _later_elements(_: MannerContext, __: AskedRequest, answer: ScenarioAnswer) -> ScenarioAnswer:
    """https://hl7.org/fhir/R4/versions.html: elements of later versions are to be ignored."""
    for each in resources_in(answer.resource or {}):
        each[f"element{LATER_VERSION}"] = {"value": "of a later version"}
        for group in each.get("group", []):
            group[f"link{LATER_VERSION}"] = "of a later version"
    return answer


def _exponents(_: MannerContext, __: AskedRequest, answer: ScenarioAnswer) -> ScenarioAnswer:
    """https://hl7.org/fhir/R4/datatypes.html#decimal: an exponent may be used."""

    def write(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: write(each) for name, each in value.items()}
        if isinstance(value, list):
            return [write(each) for each in value]
        return WrittenDecimal(f"{value:E}") if isinstance(value, Decimal) and value else value

    answer.resource = write(answer.resource)
    return answer


def _once(name: str, answer: Callable[[MannerContext], ScenarioAnswer], *, after: int = 0) -> Before:
    """Answer one request so, the one after `after` others; the capability statement is not counted."""

    def before(context: MannerContext, asked: AskedRequest) -> AskedRequest | ScenarioAnswer:
        if asked.steps[:1] in {("metadata",), (".well-known",)} or asked.method == "OPTIONS":
            return asked
        count = context.memory[name] = context.memory.get(name, 0) + 1
        return answer(context) if count == after + 1 else asked

    return before


def _refused(status: int, code: str, text: str, **headers: str) -> Callable[[MannerContext], ScenarioAnswer]:
    def answer(_: MannerContext) -> ScenarioAnswer:
        issue = {"severity": "error", "code": code, "diagnostics": text}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return ScenarioAnswer(status, named, {"resourceType": "OperationOutcome", "issue": [issue]})

    return answer


def _back_in_two_seconds(context: MannerContext) -> ScenarioAnswer:
    until = formatdate(time.time() + 2, usegmt=True)
    return _refused(503, "transient", "back in a moment", Retry_After=until)(context)


def _plain(status: int, media: str, body: bytes) -> Callable[[MannerContext], ScenarioAnswer]:
    return lambda _: ScenarioAnswer(status, {"Content-Type": media}, body=body)


def _cut(_: MannerContext, __: AskedRequest, answer: ScenarioAnswer) -> ScenarioAnswer:
    return replace(answer, cut=_is_searchset(answer))


def _outcome_instead(_: MannerContext, __: AskedRequest, answer: ScenarioAnswer) -> ScenarioAnswer:
    if _is_searchset(answer):
        issue = {"severity": "error", "code": "processing", "diagnostics": "the search broke down half way"}
        answer.resource = {"resourceType": "OperationOutcome", "issue": [issue]}
    return answer


def _wrong_type(_: MannerContext, __: AskedRequest, answer: ScenarioAnswer) -> ScenarioAnswer:
    if answer.status == 200 and answer.resource is not None:  # noqa: PLR2004  # OK
        answer.resource = {"resourceType": "Organization", "id": "not-asked-for", "name": "Something else"}
    return answer


def _loop(context: MannerContext, asked: AskedRequest, answer: ScenarioAnswer) -> ScenarioAnswer:
    """The last page leads back to the first."""
    if _is_searchset(answer) and not any(each["relation"] == "next" for each in _links(answer)):
        first = context.memory.setdefault("first", f"{context.base}{_as_get(asked)}")
        _links(answer).append({"relation": "next", "url": first})
    elif _is_searchset(answer):
        context.memory.setdefault("first", f"{context.base}{_as_get(asked)}")
    return answer


def _next_elsewhere(context: MannerContext, _: AskedRequest, answer: ScenarioAnswer) -> ScenarioAnswer:
    if context.foreign_base:
        return _with_next(answer, lambda url: url.replace(context.base, context.foreign_base))
    return answer


def _references_elsewhere(context: MannerContext, _: AskedRequest, answer: ScenarioAnswer) -> ScenarioAnswer:
    def move(value: Any) -> None:
        if isinstance(value, dict):
            reference = value.get("reference")
            if isinstance(reference, str) and not reference.startswith(("#", "http")):
                value["reference"] = f"{context.foreign_base}/{reference}"
            for each in value.values():
                move(each)
        elif isinstance(value, list):
            for each in value:
                move(each)

    if context.foreign_base:
        for each in resources_in(answer.resource or {}):
            move(each)
    return answer


def _huge(_: MannerContext, __: AskedRequest, answer: ScenarioAnswer) -> ScenarioAnswer:
    if _is_searchset(answer):
        for each in resources_in(answer.resource or {}):
            each["text"] = {
                "status": "generated",
                "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{"of no meaning " * 400_000}</div>',
            }
            break
    return answer


_ALL = (
    Manner("pages-of-one", "a page has one entry, whatever _count says", before=_pages_of(1)),
    Manner("pages-of-seven", "a page has seven entries, whatever _count says", before=_pages_of(7)),
    Manner(
        "result-parameters-ignored",
        "parameters that only shape the result are ignored",
        before=_without_parameters("_summary", "_elements", "_total", "_sort", "_count", "_contained"),
    ),
    Manner(
        "result-parameters-refused",
        "parameters that only shape the result are refused",
        before=_parameters_refused("_summary", "_elements", "_total", "_contained"),
    ),
    Manner("delete-accepted", "a deletion is answered 202 with Retry-After", after=_delete_accepted),
    Manner("opaque-next", "links to other pages are paths of the server's own", before=_opaque_opened, after=_opaque),
    Manner("relative-next", "links to other pages are relative", after=_relative),
    Manner("empty-first-page", "the first page is empty, those after it are not", _empty_first_opened, _empty_first),
    Manner("foreign-extensions", "resources have extensions of the server's own", after=_foreign_extensions),
    Manner("foreign-codings", "concepts have a coding of the server's own, in front", after=_foreign_codings),
    Manner("exponents", "numbers are written with an exponent", after=_exponents),
    Manner("later-elements", "resources have elements of a later version of FHIR", after=_later_elements),
    Manner(
        "unavailable-once",
        "the second request is answered 503 with Retry-After",
        _once("503", _refused(503, "transient", "back in a moment", Retry_After="1"), after=1),
    ),
    Manner(
        "unavailable-until",
        "the first request is answered 503 with a Retry-After that is a date",
        _once(
            "503",
            _back_in_two_seconds,
        ),
    ),
    Manner(
        "too-many-once",
        "the second request is answered 429 with Retry-After",
        _once("429", _refused(429, "throttled", "too many requests", Retry_After="1"), after=1),
    ),
    Manner(
        "unauthorized-once",
        "the third request is answered 401, as after the end of a token",
        _once("401", _refused(401, "expired", "the token has expired", WWW_Authenticate="Bearer"), after=2),
    ),
    Manner(
        "too-many-always",
        "every request is answered 429 with Retry-After",
        lambda context, asked: (
            asked
            if asked.steps[:1] in {("metadata",), (".well-known",)}
            else _refused(429, "throttled", "too many requests", Retry_After="1")(context)
        ),
        is_fault=True,
    ),
    Manner("cut-bodies", "the answers to searches end half way", after=_cut, is_fault=True),
    Manner(
        "html",
        "answers are a web page, with 200",
        lambda context, asked: (
            asked
            if asked.steps[:1] in {("metadata",), (".well-known",)}
            else _plain(200, "text/html", b"<!doctype html><title>Welcome</title><p>Log in</p>")(context)
        ),
        is_fault=True,
    ),
    Manner("outcome-instead", "searches bring an OperationOutcome with 200", after=_outcome_instead, is_fault=True),
    Manner("wrong-type", "answers bring a resource of another type", after=_wrong_type, is_fault=True),
    Manner("looping-pages", "the last page leads to the first", after=_loop, is_fault=True),
    Manner("next-elsewhere", "links to other pages lead to another host", after=_next_elsewhere, is_fault=True),
    Manner("references-elsewhere", "references lead to another host", after=_references_elsewhere),
    Manner("huge-answers", "answers are of several megabytes", after=_huge, is_fault=True),
)
MANNERS = {each.name: each for each in _ALL}
"""All manners and faults by name, besides the permitted variations of the reference server."""
