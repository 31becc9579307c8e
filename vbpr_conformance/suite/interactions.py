"""Performs the steps of a case: each verb is one FHIR interaction through the client."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from vbpr_conformance.suite.env import Answer, CreatedResource, Env, created_by
from vbpr_conformance.suite.findings import Finding, HarnessError, refuse_when_locked_out
from vbpr_conformance.suite.language import Body, Entry, Step, Update
from vbpr_conformance.suite.seed_payloads import change
from vbpr_conformance.suite.templating import MissingValueError, fill

if TYPE_CHECKING:
    from vbpr_conformance.rest.exchange import Exchange

_BY_SEARCH = {"search", "conditional_create", "conditional_update", "conditional_delete"}
_MAY_MISS_VERSION = {400, 412, 428}
MIME = {"json": "application/fhir+json", "xml": "application/fhir+xml"}


def perform(step: Step, env: Env) -> Answer:
    """Perform one step, with every `{{name.path}}` filled in, and give its answer."""
    try:
        verb = fill(step.asked, env.scope())
    except MissingValueError as trouble:
        if trouble.name in env.answers:
            raise Finding(
                f"the answer to {env.answers[trouble.name].exchange.method} does not tell what {trouble} needs",
                exchanges=[env.answers[trouble.name].exchange],
            ) from trouble
        raise HarnessError(f"{env.case.source}: {trouble}") from trouble
    sent = _body(verb, env) if "body" in verb else None
    if step.verb in _BY_SEARCH:
        env.context.settle(env.own())
    answer = _PERFORMERS[step.verb](env, verb, sent)
    answer.sent = sent
    refuse_when_locked_out(answer.exchange)
    _remember(step, env, answer)
    return answer


def _body(verb: Mapping[str, Any], env: Env) -> dict[str, Any] | None:
    name = verb["body"]
    if name is None:
        return None
    if name in env.lives:
        resource = env.lives[name].scope()
    elif name in env.payloads:
        resource = env.payloads[name]
    else:
        resource = env.answers[name].resource or {}
    return change(resource, verb["set"]) if verb["set"] else resource


def _remember(step: Step, env: Env, answer: Answer) -> None:
    """Put what a step created on the list of what is deleted after the case."""
    if step.writes:
        env.context.wrote(answer.exchange)
    if answer.exchange.status not in {200, 201} or not step.writes:
        return
    if step.verb in {"batch", "transaction"}:
        made = [(place, {"resourceType": place.type}) for place in created_by(answer.exchange)]
    else:
        made = [(answer.exchange.located, answer.sent or {})]
    known = {live.reference for live in env.lives.values()}
    for place, sent in made:
        if place.id and place.type == sent.get("resourceType") and place.reference not in known:
            env.lives[f"{step.verb} {place.reference}"] = CreatedResource(
                step.as_ or step.verb, place.id, sent, answer.exchange
            )
            env.context.created += 1


def _options(verb: Mapping[str, Any]) -> dict[str, Any]:
    headers = dict(verb["headers"])
    if verb["format"]:
        headers.setdefault("Accept", MIME[verb["format"]])
    return {"headers": headers}


def _capabilities(env: Env, verb: Mapping[str, Any], _: Any) -> Answer:
    return Answer("capabilities", env.context.client.capabilities(**_options(verb)))


def _read(env: Env, verb: Mapping[str, Any], _: Any) -> Answer:
    return Answer("read", env.context.client.read(verb["type"], verb["id"], **_options(verb)))


def _vread(env: Env, verb: Mapping[str, Any], _: Any) -> Answer:
    return Answer("vread", env.context.client.vread(verb["type"], verb["id"], verb["version"], **_options(verb)))


def _create(env: Env, verb: Mapping[str, Any], sent: Any) -> Answer:
    return Answer("create", _sent(env, "POST", verb["type"] or sent["resourceType"], verb, sent))


def _update(env: Env, verb: Mapping[str, Any], sent: Any) -> Answer:
    place = (verb["type"] or sent["resourceType"], verb["id"] or sent["id"])
    return Answer("update", _versioned(env, place, verb, lambda told: _sent(env, "PUT", "/".join(place), told, sent)))


def _versioned(
    env: Env, place: tuple[str, str], verb: Mapping[str, Any], send: Callable[[Mapping[str, Any]], Exchange]
) -> Exchange:
    """Send a change, and once more with the version that it changes if that may be what the server misses.

    Servers can require If-Match: https://hl7.org/fhir/R4/http.html#concurrency.
    """
    exchange = send(verb)
    if exchange.status not in _MAY_MISS_VERSION or "if-match" in {name.lower() for name in verb["headers"]}:
        return exchange
    now = env.context.client.read(*place)
    version = now.headers.get("ETag") if now.status == 200 else None  # noqa: PLR2004
    return send({**verb, "headers": {**verb["headers"], "If-Match": version}}) if version else exchange


def _sent(env: Env, method: str, path: str, verb: Mapping[str, Any], sent: Any) -> Exchange:
    """Send a body of any kind in the format of the step."""
    options = _options(verb)
    options["headers"].setdefault("Content-Type", MIME[verb["format"] or "json"])
    body = sent if sent is not None else verb["raw"]
    interaction = "create" if method == "POST" else "update"
    return env.context.client.request(method, path, body=body, interaction=interaction, **options)


def _patch(env: Env, verb: Mapping[str, Any], _: Any) -> Answer:
    place = (verb["type"], verb["id"])
    client = env.context.client
    exchange = _versioned(env, place, verb, lambda told: client.patch(*place, told["operations"], **_options(told)))
    return Answer("patch", exchange)


def _delete(env: Env, verb: Mapping[str, Any], _: Any) -> Answer:
    return Answer("delete", env.context.client.delete(verb["type"], verb["id"], **_options(verb)))


def _history(env: Env, verb: Mapping[str, Any], _: Any) -> Answer:
    """The history of a resource is read to its end; those of types and systems may have none worth waiting for."""
    first = env.context.client.history(verb["type"], verb["id"], **_options(verb))
    answer = Answer("history", first)
    if verb["id"] and first.status == 200 and first.resource is not None:  # noqa: PLR2004
        env.context.read_pages(answer)
    return answer


def _conditional_create(env: Env, verb: Mapping[str, Any], sent: Any) -> Answer:
    return Answer("conditional_create", env.context.client.conditional_create(sent, verb["where"], **_options(verb)))


def _conditional_update(env: Env, verb: Mapping[str, Any], sent: Any) -> Answer:
    return Answer("conditional_update", env.context.client.conditional_update(sent, verb["where"], **_options(verb)))


def _conditional_delete(env: Env, verb: Mapping[str, Any], _: Any) -> Answer:
    exchange = env.context.client.conditional_delete(verb["type"], verb["where"], **_options(verb))
    return Answer("conditional_delete", exchange)


def _search(env: Env, verb: Mapping[str, Any], _: Any) -> Answer:
    known = {"type", "via", "scope", "first_pages", "headers", "format"}
    parameters = [(name, value) for name, value in verb.items() if name not in known]
    if verb["scope"] == "run":
        parameters += env.context.scope_of(verb["type"])
    first = env.context.client.search(verb["type"], parameters, method=verb["via"], **_options(verb))
    answer = Answer("search", first, [first])
    if first.status == 200:  # noqa: PLR2004
        env.context.read_pages(answer, enough=verb["first_pages"])
    return answer


def _bundle(env: Env, verb: Mapping[str, Any], _: Any, kind: str) -> Answer:
    entries = [_entry(Entry.model_validate(each, by_name=True), env) for each in verb["entries"]]
    sender = getattr(env.context.client, kind)
    return Answer(kind, sender(entries, **_options(verb)))


def _entry(entry: Entry, env: Env) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if entry.full_url:
        made["fullUrl"] = entry.full_url
    if entry.create or entry.update:
        body: Body = entry.create or entry.update  # type: ignore[assignment]
        made["resource"] = _body(body.model_dump(), env)
    if entry.create:
        made["request"] = {"method": "POST", "url": made["resource"]["resourceType"]}
    elif entry.update:
        made["request"] = {"method": "PUT", "url": _place(entry.update, made["resource"])}
    elif entry.delete:
        made["request"] = {"method": "DELETE", "url": f"{entry.delete.type}/{entry.delete.id}"}
    elif entry.read:
        made["request"] = {"method": "GET", "url": f"{entry.read.type}/{entry.read.id}"}
    return made


def _place(update: Update, resource: Mapping[str, Any]) -> str:
    return f"{update.type or resource['resourceType']}/{update.id or resource['id']}"


_PERFORMERS: Mapping[str, Callable[[Env, Mapping[str, Any], Any], Answer]] = {
    "capabilities": _capabilities,
    "read": _read,
    "vread": _vread,
    "create": _create,
    "update": _update,
    "patch": _patch,
    "delete": _delete,
    "search": _search,
    "history": _history,
    "batch": lambda env, verb, sent: _bundle(env, verb, sent, "batch"),
    "transaction": lambda env, verb, sent: _bundle(env, verb, sent, "transaction"),
    "conditional_create": _conditional_create,
    "conditional_update": _conditional_update,
    "conditional_delete": _conditional_delete,
}
