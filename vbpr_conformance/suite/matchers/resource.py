"""Matchers of the resource in an answer: validity, FHIRPath, and whether it is what was sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from vbpr_conformance.fhir.compare import ContentDifference, differences
from vbpr_conformance.fhir.round_trip import NARRATIVE_REPLACED, Allowance, after_create
from vbpr_conformance.suite.env import Answer, Env
from vbpr_conformance.suite.findings import Finding, HarnessError
from vbpr_conformance.suite.matchers.http_answer import said_in, short_url
from vbpr_conformance.suite.matchers.moment_spelling import MOMENT_SPELLED_OTHERWISE
from vbpr_conformance.suite.must_support import select
from vbpr_conformance.suite.supported import only_should, only_should_inside

_MOST_LINES = 5
_DIRECTLY_BELOW = 2
"""How many steps the path of an element directly below the resource has."""


def _resource(answer: Answer) -> dict[str, Any]:
    if answer.resource is None:
        said = said_in(answer)
        raise Finding(
            f"the answer to {answer.exchange.method} {short_url(answer)} holds no resource",
            [("said", said)] if said else (),
            [answer.exchange],
        )
    return answer.resource


def _match(name: str, answer: Answer, env: Env) -> dict[str, Any]:
    """The match that is the resource of this name."""
    if name not in env.lives:
        raise HarnessError(f"{env.case.source}: {name!r} was not created, so that no search can find it")
    reference = env.lives[name].reference
    for each in answer.matches:
        if f"{each.get('resourceType')}/{each.get('id')}" == reference:
            return each
    raise Finding(f"{short_url(answer)} misses {reference}", [("missing", f"{reference} ({name})")], answer.pages)


def valid(value: Literal[True], answer: Answer, env: Env) -> None:  # noqa: ARG001  all matchers are called alike
    """The resource conforms to FHIR and to the profiles it claims in `meta.profile`."""
    _judge(answer, env, None)


def conforms_to(value: str, answer: Answer, env: Env) -> None:
    """The resource conforms to the profile."""
    _judge(answer, env, [value])


def _judge(answer: Answer, env: Env, profiles: list[str] | None) -> None:
    resource = _resource(answer)
    issues = env.context.validator.issues(resource, profiles)
    errors = [issue for issue in issues if issue.severity == "error"]
    if errors:
        lines = [("invalid", f"{issue.expression}: {issue.message} ({issue.rule})") for issue in errors[:_MOST_LINES]]
        what = f"does not conform to {profiles[0]}" if profiles else "is no valid resource"
        raise Finding(
            f"what {answer.exchange.method} {short_url(answer)} returned {what}: {errors[0].message}",
            lines,
            [answer.exchange],
        )


def fhirpath(value: Sequence[str], answer: Answer, env: Env) -> None:
    """Every expression is true of the resource."""
    resource = _resource(answer)
    for expression in value:
        if not env.context.is_true(expression, resource):
            raise Finding(
                f"what {answer.exchange.method} {short_url(answer)} returned does not satisfy: {expression}",
                (),
                [answer.exchange],
            )


def operation_outcome(value: Literal[True], answer: Answer, env: Env) -> None:  # noqa: ARG001
    """The answer explains itself with an OperationOutcome that holds an error: https://hl7.org/fhir/R4/http.html#2.21.0.5."""
    resource = answer.resource
    if resource is None or resource.get("resourceType") != "OperationOutcome":
        raise Finding(
            f"the answer {answer.exchange.status} to {answer.exchange.method} {short_url(answer)} "
            "explains itself with no OperationOutcome",
            (),
            [answer.exchange],
        )
    severities = {each.get("severity") for each in resource.get("issue", []) if isinstance(each, dict)}
    if not severities & {"error", "fatal"}:
        raise Finding(
            f"the OperationOutcome to {answer.exchange.method} {short_url(answer)} names no error",
            (),
            [answer.exchange],
        )


def same_as(value: str, answer: Answer, env: Env) -> None:
    """The resource is what was sent, digit for digit, but for what a server may set itself.

    Of the answer to a search it is the match of that name that is compared. Something left out that no profile of the
    guide asks to support is a SHOULD.
    """
    got = _match(value, answer, env) if answer.verb == "search" else _resource(answer)
    sent = sent_as(value, env)
    found = differences(sent, got, ignore=_allowed(env))
    if not found:
        return
    resource_type = str(sent.get("resourceType"))
    broken = [each for each in found if not only_should(each, resource_type, env.context.edition)]
    shown = broken or found
    more = f" (and {len(shown) - 1} more)" if len(shown) > 1 else ""
    raise Finding(
        f"{short_url(answer)} does not come back as sent: {shown[0]}{more}",
        [("differs", str(each)) for each in shown[:_MOST_LINES]],
        [answer.exchange],
        should=not broken,
    )


def shows(value: str, answer: Answer, env: Env) -> None:
    """The element, by its id in the profile of the row, comes back in all its occurrences exactly as sent.

    Something left out inside of it that no profile of the guide asks to support is a SHOULD.
    """
    profile = env.context.edition.profile(env.case.row["profile"])
    sent = select(next(iter(env.payloads.values())), value, profile)
    got = select(_resource(answer), value, profile)
    if not sent:
        raise HarnessError(f"the payload of {env.case.id} has no {value}")
    found = []
    broken = []
    element, edition = profile.by_id[value], env.context.edition
    for index, (path, item) in enumerate(sent):
        differing = _differing(path, item, got[index][1] if index < len(got) else None, env)
        found += differing
        broken += [
            each
            for each in differing
            if each.path == path or not only_should_inside(element, each, profile.type, edition)
        ]
    if found:
        shown = broken or found
        raise Finding(
            f"{shown[0].path} comes back changed: {_change(shown[0])}",
            [("differs", str(each)) for each in shown[:_MOST_LINES]],
            [answer.exchange],
            should=not broken,
        )


def _allowed(env: Env) -> tuple[Allowance, ...]:
    """What a server may make of what it was sent."""
    patched = any(step.verb == "patch" for step in env.case.spec.steps)
    more = (NARRATIVE_REPLACED,) if patched else ()
    return (*after_create(*env.context.bases), MOMENT_SPELLED_OTHERWISE, *more)


def _differing(path: str, sent: Any, got: Any, env: Env) -> list[ContentDifference]:
    steps = path.split(".")
    name = steps[1].partition("[")[0] if len(steps) == _DIRECTLY_BELOW else "inside"  # liberties are told by the place
    found = differences({name: sent}, {name: got}, ignore=_allowed(env))
    return [ContentDifference(path + each.path.removeprefix(name), each.sent, each.got) for each in found]


def _change(difference: ContentDifference) -> str:
    return str(difference).removeprefix(f"{difference.path}: ")


def sent_as(name: str, env: Env) -> Mapping[str, Any]:
    """What was sent under a name: a seed, a payload, or the body of an earlier step; else what its answer held."""
    if name in env.lives:
        return env.lives[name].sent
    if name in env.payloads:
        return env.payloads[name]
    return env.answers[name].sent or env.answers[name].resource or {}
