"""What a server of a scenario does besides answering, one thing each: manners that R4 leaves to it.

Those that the reference server has itself (its permitted variations) are used by name.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from email.utils import formatdate
from typing import Any
from urllib.parse import urlsplit

from vbpr_conformance.errors import UsageError
from vbpr_conformance.fhir.json_codec import WrittenDecimal
from vbpr_conformance.observe.hostile_answers import HOSTILE_ANSWERS
from vbpr_conformance.observe.request_rules import AskedRequest, decoded
from vbpr_conformance.observe.scenario_answer import (
    LATER_VERSION,
    Before,
    Manner,
    MannerContext,
    ScenarioAnswer,
    as_get,
    is_searchset,
    links_of,
    refused,
    resources_in,
    with_next,
)
from vbpr_conformance.reference.permitted_variations import PERMITTED_VARIATIONS


def find_manner(name: str) -> Manner:
    """Find a manner or fault by its name, or a permitted variation of the reference server."""
    if name in MANNERS:
        return MANNERS[name]
    if name in PERMITTED_VARIATIONS:
        return Manner(name, PERMITTED_VARIATIONS[name].description, variation=name)
    raise UsageError(f"there is no manner {name}: {', '.join([*MANNERS, *PERMITTED_VARIATIONS])} are known")


def _pages_of(size: int) -> Before:
    """https://hl7.org/fhir/R4/search.html#count: a server may return fewer than asked for."""
    without_count = _without_parameters("_count")

    def before(context: MannerContext, asked: AskedRequest) -> AskedRequest | ScenarioAnswer:
        is_search = asked.method == "POST" and asked.steps[-1:] == ("_search",)
        is_read_or_other = asked.method != "GET" or len(asked.steps) != 1 or asked.steps[0] in {"metadata", "_history"}
        if is_read_or_other and not is_search:
            return asked
        kept = without_count(context, asked)
        if not isinstance(kept, AskedRequest):
            return kept
        query = "&".join(each for each in (kept.query, f"_count={size}") if each)
        return replace(kept, target=f"{kept.path}?{query}")

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
        return refused(400, "not-supported", f"{found} is not supported here")(_) if found else asked

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


def _opaque(context: MannerContext, _: AskedRequest, answer: ScenarioAnswer) -> ScenarioAnswer:
    """https://hl7.org/fhir/R4/http.html#paging: links are opaque to the client."""

    def link(url: str) -> str:
        token = _keep(context, url)
        return f"{context.base}/_page/{token}?ct=%2B{token}%3D"

    return with_next(answer, link)


def _opaque_opened(context: MannerContext, asked: AskedRequest) -> AskedRequest:
    """Who decodes a link and does not escape it again asks for something else."""
    token = asked.steps[1] if len(asked.steps) == 2 and asked.steps[0] == "_page" else ""  # noqa: PLR2004
    if token in context.memory and asked.parameters == [("ct", f"+{token}=")]:
        return replace(asked, target=context.memory[token].removeprefix(context.base))
    return asked


def _relative(context: MannerContext, _: AskedRequest, answer: ScenarioAnswer) -> ScenarioAnswer:
    path = urlsplit(context.base).path
    return with_next(answer, lambda url: path + url.removeprefix(context.base))


def _empty_first(context: MannerContext, asked: AskedRequest, answer: ScenarioAnswer) -> ScenarioAnswer:
    """A page may be empty though others follow: only the next link tells the end."""
    if context.memory.pop("opened", False):
        return answer
    if (
        not is_searchset(answer)
        or "_page" in asked.query
        or answer.resource is None
        or not answer.resource.get("entry")
    ):
        return answer
    token = _keep(context, as_get(asked))
    link = {"relation": "next", "url": f"{context.base}?_page=held.{token}"}
    links = [each for each in links_of(answer) if each["relation"] == "self"]
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


def once(name: str, answer: Callable[[MannerContext], ScenarioAnswer], *, after: int = 0) -> Before:
    """Answer one request so, the one after `after` others; the capability statement is not counted."""

    def before(context: MannerContext, asked: AskedRequest) -> AskedRequest | ScenarioAnswer:
        if asked.steps[:1] in {("metadata",), (".well-known",)} or asked.method == "OPTIONS":
            return asked
        count = context.memory[name] = context.memory.get(name, 0) + 1
        return answer(context) if count == after + 1 else asked

    return before


def _back_in_three_seconds(context: MannerContext) -> ScenarioAnswer:
    until = formatdate(time.time() + 3, usegmt=True)  # to the second, of which a client may take one off
    return refused(503, "transient", "back in a moment", Retry_After=until)(context)


_MANNERS = (
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
        once("503", refused(503, "transient", "back in a moment", Retry_After="1"), after=1),
    ),
    Manner(
        "unavailable-until",
        "the first request is answered 503 with a Retry-After that is a date",
        once(
            "503",
            _back_in_three_seconds,
        ),
    ),
    Manner(
        "too-many-once",
        "the second request is answered 429 with Retry-After",
        once("429", refused(429, "throttled", "too many requests", Retry_After="1"), after=1),
    ),
    Manner(
        "unauthorized-once",
        "the third request is answered 401, as after the end of a token",
        once("401", refused(401, "expired", "the token has expired", WWW_Authenticate="Bearer"), after=2),
    ),
)
MANNERS = {each.name: each for each in (*_MANNERS, *HOSTILE_ANSWERS)}
"""All manners and faults by name, besides the permitted variations of the reference server."""
