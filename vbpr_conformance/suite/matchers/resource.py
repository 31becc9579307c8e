"""Matchers of the resource in an answer: validity, FHIRPath, and whether it is what was sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from vbpr_conformance.fhir.compare import ContentDifference, differences
from vbpr_conformance.fhir.fhirpath import compile as compile_fhirpath
from vbpr_conformance.fhir.round_trip import NARRATIVE_REPLACED, Allowance, after_create
from vbpr_conformance.fhir.search_index import search_env
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import Element
from vbpr_conformance.suite.answer import Answer
from vbpr_conformance.suite.evidence import Evidence
from vbpr_conformance.suite.expression_words import compared_path, conjuncts, in_words
from vbpr_conformance.suite.failed_check import cause_of, element_of, general
from vbpr_conformance.suite.findings import Finding, HarnessError
from vbpr_conformance.suite.matchers.moment_spelling import MOMENT_SPELLED_OTHERWISE
from vbpr_conformance.suite.must_support import Found, inside, select, told_by_another
from vbpr_conformance.suite.sentences import explanation_in, printable, request_text, short_url
from vbpr_conformance.suite.supported import only_should, only_should_inside
from vbpr_conformance.suite.untrusted import objects, reference_to, string

_MOST_LINES = 5
_MOST_VALUES = 3
_PLAIN = re.compile(r"[\w.\[\]]+")
_DIRECTLY_BELOW = 2
"""How many steps the path of an element directly below the resource has."""


def _resource(answer: Answer) -> dict[str, Any]:
    if answer.resource is None:
        text = explanation_in(answer.exchange)
        what = "is empty" if not answer.exchange.body.strip() else "holds no resource"
        raise Finding(
            f"the answer to {request_text(answer.exchange)} {what}{': ' if text else ''}{text}",
            (),
            [answer.exchange],
        )
    return answer.resource


def _match(name: str, answer: Answer, evidence: Evidence) -> dict[str, Any]:
    """The match that is the resource of this name."""
    if name not in evidence.resources:
        raise HarnessError(f"{evidence.source}: {name!r} was not created, so that no search can find it")
    reference = evidence.resources[name].reference
    for each in answer.matches:
        if reference_to(each) == reference:
            return each
    raise Finding(
        f"{short_url(answer.exchange)} misses {reference}", [("missing", f"{reference} ({name})")], answer.pages
    )


def valid(value: Literal[True], answer: Answer, evidence: Evidence) -> None:  # noqa: ARG001  all matchers are called alike
    """The resource conforms to FHIR and to the profiles it claims in `meta.profile`."""
    _judge(answer, evidence, None)


def conforms_to(value: str, answer: Answer, evidence: Evidence) -> None:
    """The resource conforms to the profile."""
    _judge(answer, evidence, [value])


def _judge(answer: Answer, evidence: Evidence, profiles: list[str] | None) -> None:
    resource = _resource(answer)
    issues = evidence.validator.issues(resource, profiles)
    errors = [issue for issue in issues if issue.severity == "error"]
    if errors:
        lines = [("invalid", f"{issue.expression}: {issue.message} ({issue.rule})") for issue in errors[:_MOST_LINES]]
        what = f"does not conform to {profiles[0]}" if profiles else "is no valid resource"
        raise Finding(
            f"what {request_text(answer.exchange)} returned {what}: {errors[0].message}",
            lines,
            [answer.exchange],
        )


def is_true(expression: str, resource: dict[str, Any]) -> bool:
    """Whether a FHIRPath expression is true of a resource."""
    return compile_fhirpath(expression).holds(resource, search_env(resource))


def fhirpath(value: Mapping[str, str], answer: Answer, evidence: Evidence) -> None:  # noqa: ARG001
    """Every expression is true of the resource; what it means, stated or plain from itself, is what is told."""
    resource = _resource(answer)
    for expression, meaning in value.items():
        untrue = first_untrue(expression, resource)
        if not untrue:
            continue
        text, found = untrue_text(untrue, meaning, resource)
        sentence = f"what {request_text(answer.exchange)} returned{text}"
        raise Finding(f"{sentence}{found}", [("expression", expression)], [answer.exchange], cause=general(sentence))


def first_untrue(expression: str, resource: dict[str, Any]) -> str:
    """Give the part of an expression, of those joined by `and`, that is not true; empty where all of it is."""
    if is_true(expression, resource):
        return ""
    return next((each for each in conjuncts(expression) if not is_true(each, resource)), expression)


def untrue_text(expression: str, meaning: str, resource: dict[str, Any]) -> tuple[str, str]:
    """Say what was expected where an expression is not true, and in brackets what a path that it compares holds."""
    words = meaning or in_words(expression)
    path = compared_path(expression)
    found = compile_fhirpath(path).evaluate(resource, search_env(resource)) if path else []
    shown = ", ".join(printable(str(each)) for each in found[:_MOST_VALUES]) or "nothing"
    text = f": expected that it {words}" if words else f" does not satisfy: {expression}"
    name = path if _PLAIN.fullmatch(path) else path.removesuffix(".toString()").rpartition(".")[2]
    return text, f" ({name} is {shown})" if path else ""


def operation_outcome(value: Literal[True], answer: Answer, evidence: Evidence) -> None:  # noqa: ARG001
    """The answer explains itself with an OperationOutcome that holds an error: https://hl7.org/fhir/R4/http.html#2.21.0.5."""
    resource = answer.resource
    if resource is None or resource.get("resourceType") != "OperationOutcome":
        raise Finding(
            f"the answer {answer.exchange.status} to {request_text(answer.exchange)} "
            "explains itself with no OperationOutcome",
            (),
            [answer.exchange],
        )
    severities = {string(each, "severity") for each in objects(resource, "issue")}
    if not severities & {"error", "fatal"}:
        raise Finding(
            f"the OperationOutcome to {request_text(answer.exchange)} names no error",
            (),
            [answer.exchange],
        )


def same_as(value: str, answer: Answer, evidence: Evidence) -> None:
    """The resource is what was sent, digit for digit, but for what a server may set itself.

    Of the answer to a search it is the match of that name that is compared. Something left out that no profile of the
    guide asks to support is a SHOULD.
    """
    got = _match(value, answer, evidence) if answer.verb == "search" else _resource(answer)
    sent = sent_as(value, evidence)
    found = differences(sent, got, ignore=_allowed(evidence))
    if not found:
        return
    resource_type = str(sent.get("resourceType"))
    broken = [each for each in found if not only_should(each, resource_type, evidence.edition)]
    shown = broken or found
    more = f" (and {len(shown) - 1} more)" if len(shown) > 1 else ""
    raise Finding(
        f"{short_url(answer.exchange)} does not come back as sent: {shown[0]}{more}",
        [("differs", str(each)) for each in shown[:_MOST_LINES]],
        [answer.exchange],
        should=not broken,
        cause=cause_of(shown[0]),
        element=element_of(shown[0]),
    )


def shows(value: str, answer: Answer, evidence: Evidence) -> None:
    """The element, by its id in the profile of the row, comes back in all its occurrences exactly as sent.

    In a row about one form of the element, only that form counts. Something inside of it that is a must-support element
    of its own is told by the case about that; something left out that no profile of the guide asks to support is a
    SHOULD.
    """
    profile = evidence.edition.profile(evidence.row["profile"])
    payload = next(iter(evidence.payloads.values()))
    element, edition = profile.by_id[value], evidence.edition
    path_of_form = str(evidence.row.get("path", value))
    form = path_of_form.removeprefix(value) if path_of_form.startswith(f"{value}.") else ""  # of a choice all count
    pairs = _pairs(select(payload, value, profile), select(_resource(answer), value, profile), form, element, edition)
    if not pairs:
        raise HarnessError(f"the payload of {evidence.source} has no {path_of_form}")
    found = []
    for path, sent, got in pairs:
        parts = [part for each in _differing(path, sent, got, evidence) for part in _split(each)]
        found += [
            each for each in parts if each.path == path or not told_by_another(each.path, value, payload, profile)
        ]
    broken = [
        each
        for each in found
        if any(each.path == path for path, _, _ in pairs)
        or not only_should_inside(element, each, profile.type, edition)
    ]
    if found:
        shown = broken or found
        raise Finding(
            f"{shown[0].path} comes back changed: {_change(shown[0])}",
            [("differs", str(each)) for each in shown[:_MOST_LINES]],
            [answer.exchange],
            should=not broken,
            cause=cause_of(shown[0]),
            element=element_of(shown[0]),
        )


def _pairs(
    sent: list[Found], got: list[Found], form: str, element: Element, edition: Edition
) -> list[tuple[str, Any, Any]]:
    """Give what was sent and what came back of a form of an element, with its path: one pair for each occurrence."""
    pairs = []
    for index, each in enumerate(sent):
        came = inside(got[index], form, edition, element) if index < len(got) else []
        for number, (path, item) in enumerate(inside(each, form, edition, element)):
            pairs.append((path, item, came[number][1] if number < len(came) else None))
    return pairs


def _split(difference: ContentDifference) -> list[ContentDifference]:
    """Take a list that was left out as a whole apart: each of its items is lost by itself."""
    if not isinstance(difference.sent, list) or difference.got is not None:
        return [difference]
    return [ContentDifference(f"{difference.path}[{index}]", each, None) for index, each in enumerate(difference.sent)]


def _allowed(evidence: Evidence) -> tuple[Allowance, ...]:
    """What a server may make of what it was sent."""
    more = (NARRATIVE_REPLACED,) if evidence.is_patched else ()
    return (*after_create(*evidence.bases), MOMENT_SPELLED_OTHERWISE, *more)


def _differing(path: str, sent: Any, got: Any, evidence: Evidence) -> list[ContentDifference]:
    steps = path.split(".")
    name = steps[1].partition("[")[0] if len(steps) == _DIRECTLY_BELOW else "inside"  # liberties are told by the place
    found = differences({name: sent}, {name: got}, ignore=_allowed(evidence))
    return [ContentDifference(path + each.path.removeprefix(name), each.sent, each.got) for each in found]


def _change(difference: ContentDifference) -> str:
    return str(difference).removeprefix(f"{difference.path}: ")


def sent_as(name: str, evidence: Evidence) -> Mapping[str, Any]:
    """What was sent under a name: a seed, a payload, or the body of an earlier step; else what its answer held."""
    if name in evidence.resources:
        return evidence.resources[name].sent
    if name in evidence.payloads:
        return evidence.payloads[name]
    return evidence.answers[name].sent or evidence.answers[name].resource or {}
