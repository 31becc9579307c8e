"""What no server may do, and what lures a client away: answers that are cut, wrong, without end, or lead elsewhere."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from vbpr_conformance.observe.request_rules import AskedRequest
from vbpr_conformance.observe.scenario_answer import (
    Manner,
    MannerContext,
    ScenarioAnswer,
    as_get,
    is_searchset,
    links_of,
    plain_answer,
    refused,
    resources_in,
    with_next,
)


def _cut(_: MannerContext, __: AskedRequest, answer: ScenarioAnswer) -> ScenarioAnswer:
    return replace(answer, cut=is_searchset(answer))


def _outcome_instead(_: MannerContext, __: AskedRequest, answer: ScenarioAnswer) -> ScenarioAnswer:
    if is_searchset(answer):
        issue = {"severity": "error", "code": "processing", "diagnostics": "the search broke down half way"}
        answer.resource = {"resourceType": "OperationOutcome", "issue": [issue]}
    return answer


def _wrong_type(_: MannerContext, __: AskedRequest, answer: ScenarioAnswer) -> ScenarioAnswer:
    if answer.status == 200 and answer.resource is not None:  # noqa: PLR2004  # OK
        answer.resource = {"resourceType": "Organization", "id": "not-asked-for", "name": "Something else"}
    return answer


def _loop(context: MannerContext, asked: AskedRequest, answer: ScenarioAnswer) -> ScenarioAnswer:
    """The last page leads back to the first."""
    if is_searchset(answer) and not any(each["relation"] == "next" for each in links_of(answer)):
        first = context.memory.setdefault("first", f"{context.base}{as_get(asked)}")
        links_of(answer).append({"relation": "next", "url": first})
    elif is_searchset(answer):
        context.memory.setdefault("first", f"{context.base}{as_get(asked)}")
    return answer


def _next_elsewhere(context: MannerContext, _: AskedRequest, answer: ScenarioAnswer) -> ScenarioAnswer:
    if context.foreign_base:
        return with_next(answer, lambda url: url.replace(context.base, context.foreign_base))
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
    if is_searchset(answer):
        for each in resources_in(answer.resource or {}):
            each["text"] = {
                "status": "generated",
                "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{"of no meaning " * 400_000}</div>',
            }
            break
    return answer


HOSTILE_ANSWERS = (
    Manner(
        "too-many-always",
        "every request is answered 429 with Retry-After",
        lambda context, asked: (
            asked
            if asked.steps[:1] in {("metadata",), (".well-known",)}
            else refused(429, "throttled", "too many requests", Retry_After="1")(context)
        ),
    ),
    Manner("cut-bodies", "the answers to searches end half way", after=_cut),
    Manner(
        "html",
        "answers are a web page, with 200",
        lambda context, asked: (
            asked
            if asked.steps[:1] in {("metadata",), (".well-known",)}
            else plain_answer(200, "text/html", b"<!doctype html><title>Welcome</title><p>Log in</p>")(context)
        ),
    ),
    Manner("outcome-instead", "searches bring an OperationOutcome with 200", after=_outcome_instead),
    Manner("wrong-type", "answers bring a resource of another type", after=_wrong_type),
    Manner("looping-pages", "the last page leads to the first", after=_loop),
    Manner("next-elsewhere", "links to other pages lead to another host", after=_next_elsewhere),
    Manner("references-elsewhere", "references lead to another host", after=_references_elsewhere),
    Manner("huge-answers", "answers are of several megabytes", after=_huge),
)
"""All of them; a client may give up on those that are faults."""
