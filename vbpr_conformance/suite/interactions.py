"""Performs the steps of a case: each verb is one FHIR interaction through the client."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from vbpr_conformance.client.client_errors import NoAnswerError, UnusableUrlError
from vbpr_conformance.client.side_doors import KNOWS_OLD_TLS
from vbpr_conformance.client.urls import query, with_query
from vbpr_conformance.errors import UsageError
from vbpr_conformance.suite.answer import NEXT, NEXT_VERSION, Answer, created_by
from vbpr_conformance.suite.case_run import CaseRun
from vbpr_conformance.suite.claim_trials import Claims, chosen
from vbpr_conformance.suite.created_resource import CreatedResource
from vbpr_conformance.suite.findings import Finding, HarnessError, NotTestedError, refuse_when_locked_out
from vbpr_conformance.suite.language import Step
from vbpr_conformance.suite.seed_payloads import change
from vbpr_conformance.suite.sentences import request_text
from vbpr_conformance.suite.templating import MissingValueError, fill
from vbpr_conformance.suite.unkept_claims import try_claims
from vbpr_conformance.suite.verbs import Entry

if TYPE_CHECKING:
    from vbpr_conformance.client.client import FhirClient
    from vbpr_conformance.rest.exchange import Exchange
    from vbpr_conformance.suite.run_resources import RunResources
    from vbpr_conformance.suite.search_settling import SearchSettling
    from vbpr_conformance.suite.system_under_test import SystemUnderTest

_BY_SEARCH = {
    "search",
    "claimed",
    "conditional_create",
    "conditional_update",
    "conditional_patch",
    "conditional_delete",
}
_MOST_SHOWN = 80
_MOST_BYTES = 24 * 1024 * 1024
"""So much of what is answered to one case is kept, and no more asked for."""
_MAY_MISS_VERSION = {400, 412, 428}
_NOT_PARAMETERS = {"type", "via", "scope", "first_pages", "in_url", "headers", "format"}
MIME = {"json": "application/fhir+json", "xml": "application/fhir+xml"}


@dataclass(frozen=True)
class Performer:
    """Performs steps against a server; `settling` waits before searches, `created` notes what steps create."""

    system: SystemUnderTest
    settling: SearchSettling
    created: RunResources

    @property
    def client(self) -> FhirClient:
        """The client of the server."""
        return self.system.client

    def perform(self, step: Step, run: CaseRun) -> Answer:
        """Perform one step, with every `{{name.path}}` filled in, and give its answer."""
        verb = _filled(step, run)
        sent = _sent_by(verb, run)
        if step.verb in _BY_SEARCH:
            self.settling.settle(run.own())
        try:
            answer = _claimed(self, verb, run) if step.verb == "claimed" else _PERFORMERS[step.verb](self, verb, sent)
        except UnusableUrlError as error:
            raise Finding(str(error)) from error
        answer.sent = sent if isinstance(sent, dict) else None
        run.exchanges += answer.pages or [answer.exchange]
        if sum(len(each.body) for each in run.exchanges) > _MOST_BYTES:
            raise NotTestedError(f"the answers to one case are more than {_MOST_BYTES >> 20} MiB")
        if step.writes:
            self.system.wrote(answer.exchange)
        if "Authorization" not in verb["headers"]:
            refuse_when_locked_out(answer.exchange)
        if step.writes:
            self._remember(step, run, answer)
        return answer

    def _remember(self, step: Step, run: CaseRun, answer: Answer) -> None:
        """Put what a step created on the list of what is deleted after the case."""
        if answer.exchange.status not in {200, 201}:
            return
        if step.verb in {"batch", "transaction"}:
            made = [(place, {"resourceType": place.type}) for place in created_by(answer.exchange)]
        else:
            made = [(answer.exchange.located, answer.sent or {})]
        known = {each.reference for each in run.resources.values()}
        for place, sent in made:
            if place.id and place.type == sent.get("resourceType") and place.reference not in known:
                created = CreatedResource(step.as_ or step.verb, place.id, sent, answer.exchange)
                is_one = len(made) == 1 and step.as_ is not None and step.as_ not in run.resources
                run.resources[str(step.as_) if is_one else f"{step.verb} {place.reference}"] = created


def _filled(step: Step, run: CaseRun) -> dict[str, Any]:
    try:
        verb: dict[str, Any] = fill(step.asked, run.scope())
    except MissingValueError as error:
        raise untold(error, run, f"the next step ({step.verb})") from error
    try:
        type(getattr(step, step.verb)).model_validate(verb, by_name=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        given = str(first["input"])[:_MOST_SHOWN]
        text = f"an answer gives {given!r} where the next step ({step.verb}) needs its {where}"
        raise Finding(text, (), [each.exchange for each in run.answers.values()][-1:]) from None
    return verb


def untold(trouble: MissingValueError, run: CaseRun, needed_by: str) -> Finding | HarnessError:
    """Give what a missing value is: a finding where an answer does not tell it, else a mistake in the suite."""
    if trouble.name not in run.answers:
        return HarnessError(f"{run.source}: {trouble}")
    if trouble.path == f"{trouble.name}.{NEXT}":
        raise NotTestedError("the server gave all of it on one page", applicable=False)
    if trouble.path == f"{trouble.name}.meta.{NEXT_VERSION}":
        raise NotTestedError("the server does not count versions, so the next one cannot be named", applicable=False)
    if trouble.path == f"{trouble.name}.lastModified":  # https://hl7.org/fhir/R4/http.html#read
        raise NotTestedError("the server gives no Last-Modified, which R4 says with SHOULD alone", applicable=False)
    exchange = run.answers[trouble.name].exchange
    missing = trouble.path.partition(".")[2]
    text = f"the answer to {request_text(exchange)} does not tell {missing}, which {needed_by} needs"
    return Finding(text, exchanges=[exchange])


def _sent_by(verb: Mapping[str, Any], run: CaseRun) -> Any:
    """What a verb sends: a resource, or the entries of a Bundle; None for a text and for nothing."""
    if "entries" in verb:
        return [_entry(Entry.model_validate(each, by_name=True), run) for each in verb["entries"]]
    return _body(verb, run) if "body" in verb else None


def _body(verb: Mapping[str, Any], run: CaseRun) -> dict[str, Any] | None:
    name = verb["body"]
    if name is None:
        return None
    if name in run.resources:
        resource = run.resources[name].scope()
    elif name in run.payloads:
        resource = run.payloads[name]
    else:
        resource = run.answers[name].resource or {}
    return change(resource, verb["set"]) if verb["set"] else resource


def _options(verb: Mapping[str, Any]) -> dict[str, Any]:
    headers = dict(verb["headers"])
    if verb["format"]:
        headers.setdefault("Accept", MIME[verb["format"]])
    return {"headers": headers}


def _capabilities(performer: Performer, verb: Mapping[str, Any], _: Any) -> Answer:
    if verb["by"] == "old-tls" and not KNOWS_OLD_TLS:
        raise NotTestedError("the OpenSSL of this Python speaks no TLS 1.1", applicable=False)
    if verb["by"] is not None:
        return Answer("capabilities", performer.client.capabilities_by(verb["by"]))
    return Answer("capabilities", performer.client.capabilities(**_options(verb)))


def _read(performer: Performer, verb: Mapping[str, Any], _: Any) -> Answer:
    place, options = f"{verb['type']}/{verb['id']}", _options(verb)
    if verb["via"] == "HEAD":
        return Answer("read", performer.client.request("HEAD", place, interaction="read", **options))
    read = performer.client.read
    return Answer("read", read(verb["type"], verb["id"], params=verb["parameters"], **options))


def _vread(performer: Performer, verb: Mapping[str, Any], _: Any) -> Answer:
    return Answer("vread", performer.client.vread(verb["type"], verb["id"], verb["version"], **_options(verb)))


def _create(performer: Performer, verb: Mapping[str, Any], sent: Any) -> Answer:
    return Answer("create", _sent(performer, "POST", verb["type"] or sent["resourceType"], verb, sent))


def _update(performer: Performer, verb: Mapping[str, Any], sent: Any) -> Answer:
    place = (verb["type"] or sent["resourceType"], verb["id"] or sent["id"])
    return Answer(
        "update", _versioned(performer, place, verb, lambda told: _sent(performer, "PUT", "/".join(place), told, sent))
    )


def _versioned(
    performer: Performer, place: tuple[str, str], verb: Mapping[str, Any], send: Callable[[Mapping[str, Any]], Exchange]
) -> Exchange:
    """Send a change, and once more with the version that it changes if that may be what the server misses.

    Servers can require If-Match: https://hl7.org/fhir/R4/http.html#concurrency.
    """
    exchange = send(verb)
    if exchange.status not in _MAY_MISS_VERSION or "if-match" in {name.lower() for name in verb["headers"]}:
        return exchange
    now = performer.client.read(*place)
    version = now.headers.get("ETag") if now.status == 200 else None  # noqa: PLR2004
    return send({**verb, "headers": {**verb["headers"], "If-Match": version}}) if version else exchange


def _sent(performer: Performer, method: str, path: str, verb: Mapping[str, Any], sent: Any) -> Exchange:
    """Send a body of any kind in the format of the step."""
    options = _options(verb)
    options["headers"].setdefault("Content-Type", MIME[verb["format"] or "json"])
    body = sent if sent is not None else verb["raw"]
    interaction = "create" if method == "POST" else "update"
    return performer.client.request(method, path, body=body, interaction=interaction, **options)


def _patch(performer: Performer, verb: Mapping[str, Any], _: Any) -> Answer:
    place = (verb["type"], verb["id"])
    client = performer.client

    def send(told: Mapping[str, Any]) -> Exchange:
        if told["raw"] is None:
            return client.patch(*place, told["operations"], **_options(told))
        return client.request("PATCH", "/".join(place), body=told["raw"], interaction="patch", **_options(told))

    return Answer("patch", _versioned(performer, place, verb, send))


def _delete(performer: Performer, verb: Mapping[str, Any], _: Any) -> Answer:
    return Answer("delete", performer.client.delete(verb["type"], verb["id"], **_options(verb)))


def _history(performer: Performer, verb: Mapping[str, Any], _: Any) -> Answer:
    """The history of a resource is read to its end; those of types and systems may have none worth waiting for."""
    first = performer.client.history(verb["type"], verb["id"], params=verb["parameters"], **_options(verb))
    answer = Answer("history", first)
    if verb["id"] and first.status == 200 and first.resource is not None:  # noqa: PLR2004
        performer.system.read_pages(answer)
    return answer


def _conditional_create(performer: Performer, verb: Mapping[str, Any], sent: Any) -> Answer:
    return Answer("conditional_create", performer.client.conditional_create(sent, verb["where"], **_options(verb)))


def _conditional_update(performer: Performer, verb: Mapping[str, Any], sent: Any) -> Answer:
    return Answer("conditional_update", performer.client.conditional_update(sent, verb["where"], **_options(verb)))


def _conditional_patch(performer: Performer, verb: Mapping[str, Any], _: Any) -> Answer:
    send = performer.client.conditional_patch
    return Answer("conditional_patch", send(verb["type"], verb["operations"], verb["where"], **_options(verb)))


def _conditional_delete(performer: Performer, verb: Mapping[str, Any], _: Any) -> Answer:
    exchange = performer.client.conditional_delete(verb["type"], verb["where"], **_options(verb))
    return Answer("conditional_delete", exchange)


def _search(performer: Performer, verb: Mapping[str, Any], _: Any) -> Answer:
    parameters = [(name, value) for name, value in verb.items() if name not in _NOT_PARAMETERS]
    if verb["scope"] == "run" and verb["type"]:
        parameters += performer.settling.scope_of(verb["type"])
    first = performer.client.search(
        verb["type"], parameters, method=verb["via"], in_url=verb["in_url"], **_options(verb)
    )
    answer = Answer("search", first, [first])
    if first.status == 200:  # noqa: PLR2004
        performer.system.read_pages(answer, enough=verb["first_pages"])
    return answer


def _operation(performer: Performer, verb: Mapping[str, Any], sent: Any) -> Answer:
    path = "/".join(each for each in (verb["type"], verb["id"], f"${verb['name']}") if each)
    body = sent if sent is not None else verb["raw"]
    try:
        exchange = performer.client.request("POST", path, body=body, interaction="operation", **_options(verb))
    except NoAnswerError as error:
        if not error.sent:
            raise
        # R4 sets no time for an operation, and a server may load much for its first.
        raise NotTestedError(str(error), applicable=False) from error
    return Answer("operation", exchange)


def _claimed(performer: Performer, verb: Mapping[str, Any], run: CaseRun) -> Answer:
    """Try what the server claims, and nothing that it does not."""
    held = run.resources[verb["held"]] if verb["held"] else None
    unused = str(run.scope()["unique"]["id"])
    claims = Claims(performer.system.statement, run.edition, unused, run.bases, held)
    return try_claims(performer.client, chosen(claims.trials(verb["of"], verb["type"]), verb["most"]))


def _page(performer: Performer, verb: Mapping[str, Any], _: Any) -> Answer:
    try:
        return Answer("page", performer.client.page(verb["url"], **_options(verb)))
    except UsageError as error:
        raise NotTestedError(f"{error}; give the URL that the server itself uses") from error


def _bundle(performer: Performer, verb: Mapping[str, Any], sent: Any, kind: str) -> Answer:
    bundle = sent or {"resourceType": "Bundle", "type": kind}  # there are no empty lists in JSON
    return Answer(kind, getattr(performer.client, kind)(bundle, **_options(verb)))


def _entry(entry: Entry, run: CaseRun) -> dict[str, Any]:
    """One entry as it is sent: https://hl7.org/fhir/R4/bundle-definitions.html#Bundle.entry.request."""
    made: dict[str, Any] = {"fullUrl": entry.full_url} if entry.full_url else {}
    if entry.body is not None:
        made["resource"] = _body(entry.body.model_dump(), run)
    made["request"] = _asked(entry, made.get("resource", {}))
    if entry.if_match:
        made["request"]["ifMatch"] = entry.if_match
    return made


def _asked(entry: Entry, resource: Mapping[str, Any]) -> dict[str, Any]:
    kind = resource.get("resourceType")
    if entry.create:
        return {"method": "POST", "url": kind}
    if entry.conditional_create:
        return {"method": "POST", "url": kind, "ifNoneExist": query(entry.conditional_create.where)}
    if entry.update:
        return {"method": "PUT", "url": f"{entry.update.type or kind}/{entry.update.id or resource['id']}"}
    if entry.conditional_update:
        return {"method": "PUT", "url": with_query(str(kind), entry.conditional_update.where)}
    if entry.delete:
        return {"method": "DELETE", "url": f"{entry.delete.type}/{entry.delete.id}"}
    if entry.conditional_delete:
        return {"method": "DELETE", "url": with_query(entry.conditional_delete.type, entry.conditional_delete.where)}
    if entry.search:
        return {"method": "GET", "url": with_query(str(entry.search.type), entry.search.parameters)}
    assert entry.read is not None  # noqa: S101  an entry has exactly one interaction
    return {"method": "GET", "url": f"{entry.read.type}/{entry.read.id}"}


_PERFORMERS: Mapping[str, Callable[[Performer, Mapping[str, Any], Any], Answer]] = {
    "capabilities": _capabilities,
    "read": _read,
    "vread": _vread,
    "create": _create,
    "update": _update,
    "patch": _patch,
    "delete": _delete,
    "search": _search,
    "page": _page,
    "history": _history,
    "batch": lambda performer, verb, sent: _bundle(performer, verb, sent, "batch"),
    "transaction": lambda performer, verb, sent: _bundle(performer, verb, sent, "transaction"),
    "conditional_create": _conditional_create,
    "conditional_update": _conditional_update,
    "conditional_patch": _conditional_patch,
    "conditional_delete": _conditional_delete,
    "operation": _operation,
}
