"""Ticks off what a client was seen to ask: never by a name alone, but by a value and an answer that show its effect."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from vbpr_conformance.fhir.format_error import FormatError
from vbpr_conformance.fhir.json_codec import loads
from vbpr_conformance.fhir.match import Match
from vbpr_conformance.fhir.search_match import matches
from vbpr_conformance.fhir.search_values import ParameterName, SearchValueError
from vbpr_conformance.observe.case_finding import CaseFinding, passed, unseen
from vbpr_conformance.observe.observed_scenario import ObservedScenario
from vbpr_conformance.observe.recording import RecordedRequest
from vbpr_conformance.observe.request_rules import AskedRequest, decoded
from vbpr_conformance.observe.scenario_language import AskedCheck


@dataclass(frozen=True)
class SeenRequest:
    """A request that was answered well, also one inside a batch or transaction."""

    scenario: ObservedScenario
    recorded: RecordedRequest
    interaction: str
    type: str
    parameters: list[tuple[str, str]]


def seen_requests(scenarios: Sequence[ObservedScenario]) -> Iterator[SeenRequest]:
    """Yield what succeeded and breaks no rule of its own, in all scenarios of a session."""
    for scenario in scenarios:
        for recorded in scenario.recording.requests:
            if not recorded.succeeded or any(each.is_error and each.rule != "retry" for each in recorded.issues):
                continue
            asked = AskedRequest(recorded.method, recorded.target, recorded.headers, scenario.recording.body(recorded))
            parameters = list(asked.parameters)
            if recorded.interaction == "search-type" and recorded.method == "POST":
                parameters += decoded(asked.body.decode("latin-1"))
            yield SeenRequest(scenario, recorded, recorded.interaction, recorded.type, parameters)
            if recorded.interaction in {"batch", "transaction"}:
                yield from _inner(scenario, recorded, asked.body)


def _inner(scenario: ObservedScenario, recorded: RecordedRequest, body: bytes) -> Iterator[SeenRequest]:
    try:
        bundle: Any = loads(body)
    except FormatError:
        return
    for entry in bundle.get("entry", ()) if isinstance(bundle, dict) else ():
        request = entry.get("request", {}) if isinstance(entry, dict) else {}
        asked = AskedRequest(str(request.get("method", "")), f"/{str(request.get('url', '')).lstrip('/')}", {})
        headers = {"if-none-exist": str(request["ifNoneExist"])} if "ifNoneExist" in request else {}
        asked = AskedRequest(asked.method, asked.target, headers)
        interaction = scenario.interaction_of(asked)
        kind = asked.steps[0] if asked.steps else ""
        yield SeenRequest(scenario, recorded, interaction, kind, asked.parameters)


def tick(check: AskedCheck, scenarios: Sequence[ObservedScenario]) -> CaseFinding:
    """Judge whether something was asked for."""
    named = ""
    for seen in seen_requests(scenarios):
        text = _ticks(check, seen)
        if text is True:
            return passed(f"seen: {seen.recorded.line()}", "wire", [seen.recorded])
        named = named or text or ""
    finding = unseen(
        named or f"never seen: {_told(check)}", f"let the client use {_told(check)} where the task allows it"
    )
    used = any(each.type == check.type for each in seen_requests(scenarios)) if check.type else True
    finding.applicable = used or check.type is None
    return finding


def _told(check: AskedCheck) -> str:
    text = check.model_dump(exclude_unset=True, by_alias=True)
    kind = text.pop("type", "")
    return f"{kind} {', '.join(f'{name} {value}' for name, value in text.items())}".strip()


def _ticks(check: AskedCheck, seen: SeenRequest) -> bool | str:
    """True if a request is what the check asks for; a sentence if it only comes near."""
    if check.type and seen.type != check.type:
        return False
    if check.search is not None:
        return _search(check.search, seen)
    if check.include is not None:
        return _include(check.include, seen)
    if check.conditional is not None:
        return seen.interaction == f"conditional-{check.conditional}"
    if check.format is not None:
        return check.format in seen.recorded.answer_headers.get("content-type", "") and bool(
            seen.recorded.interaction not in {"capabilities", ""}
        )
    if check.patch is not None:
        return "patch" in seen.interaction and check.patch in seen.recorded.headers.get("content-type", "")
    return seen.interaction == check.interaction


def _search(code: str, seen: SeenRequest) -> bool | str:
    if seen.interaction not in {"search-type", "conditional-update", "conditional-delete"}:
        return False
    definition = seen.scenario.settings.rules.parameters(seen.type).get(code)
    near: bool | str = False
    for name, value in seen.parameters:
        parts = ParameterName.parse(name)
        if parts.code != code or definition is None:
            continue
        if parts.chain is not None:
            return True
        held = [each.resource for each in seen.scenario.data.held.values() if each.profile.type == seen.type]
        try:
            found = [
                matches(definition, parts.modifier, value, each, base=seen.scenario.base) is not Match.NO
                for each in held
            ]
        except SearchValueError as error:
            near = str(error)
            continue
        if any(found) and not all(found):
            return True
        near = f"{name}={value} was sent, but tells no report of the scenario from another"
    return near


def _include(wanted: str, seen: SeenRequest) -> bool | str:
    source, _, code = wanted.partition(":")
    for name, value in seen.parameters:
        if name.partition(":")[0] != "_include":
            continue
        parts = value.split(":")
        if value == "*" or (parts[0] == source and parts[1:2] in ([code], ["*"])):
            brought = seen.scenario.recording.delivered(seen.recorded)
            return True if any(each.mode == "include" for each in brought) else f"{name}={value} brought nothing"
    return False
