"""One scenario being served: its data in a reference server of its own, manners around it, every request recorded."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from vbpr_conformance.fhir import json_codec, xml_codec
from vbpr_conformance.fhir.format_error import FormatError
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.observe.recording import (
    FOREIGN,
    LOGIN,
    BodyStore,
    RecordedRequest,
    Recording,
    RequestIssue,
    kept_body,
    kept_headers,
    kept_target,
)
from vbpr_conformance.observe.request_rules import AskedRequest, RequestRules
from vbpr_conformance.observe.request_sequence import RequestSequence
from vbpr_conformance.observe.scenario_answer import JSON, LATER_VERSION, Manner, ScenarioAnswer
from vbpr_conformance.observe.scenario_data import ScenarioData
from vbpr_conformance.observe.scenario_file import Scenario
from vbpr_conformance.observe.server_manners import find_manner
from vbpr_conformance.reference.app import App, make_app
from vbpr_conformance.reference.http_messages import Request, pairs, steps
from vbpr_conformance.reference.problems import ProblemError
from vbpr_conformance.reference.routes import route
from vbpr_conformance.reference.store import Store
from vbpr_conformance.suite.templating import text

XML = "application/fhir+xml"


@dataclass
class ScenarioSettings:
    """What a session gives each of its scenarios; `clock` counts seconds and never goes back."""

    edition: Edition
    rules: RequestRules
    bodies: BodyStore
    clock: Callable[[], float] = time.monotonic


@dataclass
class ObservedScenario:
    """A scenario that can be asked. `base` is its URL, `foreign_base` that of the same data under another origin.

    `outside` are requests beside the base while its client ran. `refuse` may answer a request before the server sees it
    (access); it gives None to let it in. `database` is where its data is kept (None: in memory), `keep` takes each
    request; `holder` says which client has a request's token.
    """

    scenario: Scenario
    data: ScenarioData
    base: str
    settings: ScenarioSettings
    foreign_base: str = ""
    refuse: Callable[[AskedRequest], ScenarioAnswer | None] | None = None
    memory: dict[str, Any] = field(default_factory=dict)
    over: bool = False
    holder: Callable[[AskedRequest], str] | None = None
    database: Path | None = None
    keep: Callable[[Recording, RecordedRequest], None] | None = None
    outside: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.manners: list[Manner] = [find_manner(each) for each in (*self.scenario.manners, *self.scenario.faults)]
        self.recording = Recording(self.base, self.settings.edition.structure, self.settings.bodies)
        self._sequence = RequestSequence(self.recording, {each.reference for each in self.data.held.values()})
        self._app: App | None = None
        self._judged = 0

    @property
    def app(self) -> App:
        """The reference server with the scenario's data, made when it is first needed."""
        if self._app is None:
            variations = [each.variation for each in self.manners if each.variation]
            ready = self.database.with_suffix(".ready") if self.database is not None else None
            if self.database is not None and ready is not None and not ready.exists():
                self.database.unlink(missing_ok=True)  # a process that was killed did not load all of it
            self._app = make_app(self.settings.edition, Store(self.database), variations=variations, root=self._root)
            if ready is not None and ready.exists():
                return self._app
            behaviour = self._app.server.behaviour
            self._app.server.behaviour = replace(behaviour, validates=False)  # some data is what no payload can be
            self._load(self._app)
            self._app.server.behaviour = behaviour
            if ready is not None:
                ready.touch()
        return self._app

    def close(self) -> None:
        """Let go of the file of its data."""
        if self._app is not None:
            self._app.server.store.close()

    def _load(self, app: App) -> None:
        for held in self.data.held.values():
            if held.is_payload:
                continue
            target = f"{self._root}/{held.reference}"
            for version in held.versions:
                body = json_codec.dumps(version).encode()
                app.handle("PUT", target, {"host": self._host, "content-type": JSON}, body)
            if held.deleted:
                app.handle("DELETE", target, {"host": self._host})

    @property
    def _host(self) -> str:
        return urlsplit(self.base).netloc

    @property
    def _root(self) -> str:
        return urlsplit(self.base).path

    def handle(
        self, asked: AskedRequest, client: str = "", *, foreign: bool = False, refused: ScenarioAnswer | None = None
    ) -> ScenarioAnswer:
        """Answer a request (with `refused`, if that is its answer) and record it; the body of the answer is written.

        `foreign`: it came to the other origin, where the token of this one has nothing to do.
        """
        started, at, begun = time.time(), self.settings.clock(), time.perf_counter()
        interaction = self.interaction_of(asked)
        answer = self._written(asked, refused) if refused is not None else self._answered(asked, checked=not foreign)
        elapsed = time.perf_counter() - begun
        recorded = RecordedRequest(
            number=len(self.recording.requests) + 1,
            started=started,
            at=at,
            client=self.holder(asked) if self.holder is not None else client,
            method=asked.method,
            target=_without_secrets(asked, answer),
            headers=kept_headers(tuple(asked.headers.items())),
            body_key=self.recording.keep(b"" if answer.made_by == LOGIN else kept_body(asked.body, asked.headers)),
            status=answer.status,
            answer_headers=kept_headers(tuple(answer.headers.items())),
            answer_key=self.recording.keep(b"" if answer.made_by == LOGIN else answer.body or b""),
            elapsed=elapsed,
            interaction=interaction,
            type=asked.steps[0] if asked.steps and not asked.steps[0].startswith("_") else "",
            id=asked.steps[1] if len(asked.steps) > 1 and not asked.steps[1].startswith("_") else "",
            made_by=FOREIGN if foreign else answer.made_by,
        )
        recorded.issues = list(answer.issues)
        if foreign and "authorization" in asked.headers:
            sentence = "the access token was sent to another host"
            recorded.issues = [RequestIssue("foreign", is_error=True, message=sentence)]
        self.recording.add(recorded)
        if self.keep is not None:
            self.keep(self.recording, recorded)
        return answer

    def ask(self, target: str) -> dict[str, Any] | None:
        """What the server holds under a path below its base, asked for by nobody; None if it is not there."""
        status, _, body = self.app.handle("GET", f"{self._root}/{target}", {"host": self._host, "accept": JSON})
        return json_codec.loads(body) if status == 200 else None  # noqa: PLR2004  # found

    def judge_requests(self) -> None:
        """Find what is wrong with the requests so far, each by itself and in their sequence."""
        since, self._judged = self._judged, len(self.recording.requests)
        for recorded in self.recording.requests[since : self._judged]:
            if recorded.made_by in {FOREIGN, LOGIN}:
                continue
            asked = AskedRequest(recorded.method, recorded.target, recorded.headers, self.recording.body(recorded))
            if not recorded.issues and not self._is_link(asked):
                recorded.issues = self.settings.rules.issues(asked, recorded.interaction)
        self._sequence.judge()

    def _is_link(self, asked: AskedRequest) -> bool:
        """Whether it is a page that the server gave the link of: its form is the server's own affair."""
        return "_page=" in asked.query or asked.steps[:1] == ("_page",)

    @cached_property
    def task(self) -> str:
        """The task in a reader's words."""
        return text(self.scenario.spec.task, self.scope())

    def scope(self) -> dict[str, Any]:
        """What `{{name.path}}` in a task can name."""
        return self.data.scope() | {"base": self.base}

    def interaction_of(self, asked: AskedRequest) -> str:
        """FHIR's name for what a request asks; `page` for a link to another page, nothing for no interaction."""
        if asked.steps[:1] == ("_page",) or "_page=" in asked.query:
            return "page"
        request = Request(
            asked.method, steps(asked.path), pairs(asked.query), dict(asked.headers), self.base, asked.body
        )
        try:
            route(request)
        except ProblemError:
            return ""
        if request.interaction == "transaction":
            return (
                "batch" if b'"batch"' in asked.body[:4096] or b'value="batch"' in asked.body[:4096] else "transaction"
            )
        return request.interaction

    def _answered(self, asked: AskedRequest, *, checked: bool) -> ScenarioAnswer:
        refused = self.refuse(asked) if self.refuse is not None and checked else None
        if refused is not None:
            return self._written(asked, refused)
        for manner in self.manners:
            if manner.before is None:
                continue
            changed = manner.before(self, asked)
            if isinstance(changed, ScenarioAnswer):
                changed.made_by = manner.name
                return self._written(asked, changed)
            asked = changed
        status, headers, body = self.app.handle(
            asked.method, f"{self._root}{asked.target}", {**asked.headers, "host": self._host}, asked.body
        )
        if self.over:
            headers = {**headers, "Warning": '199 - "this scenario is over; what is asked now is not judged"'}
        answer = ScenarioAnswer(status, headers, body=body)
        after = [each for each in self.manners if each.after is not None]
        if not after or status == 304:  # noqa: PLR2004  # not modified: nothing to change
            return answer
        if not body:
            for manner in after:
                answer = manner.after(self, asked, answer) if manner.after is not None else answer
            return answer
        return self._changed(asked, answer, after)

    def _changed(self, asked: AskedRequest, answer: ScenarioAnswer, after: list[Manner]) -> ScenarioAnswer:
        is_xml = "xml" in answer.headers.get("Content-Type", "")
        try:
            body = answer.body or b""
            answer.resource = (
                xml_codec.loads(body, self.settings.edition.structure) if is_xml else json_codec.loads(body)
            )
        except FormatError:
            return answer
        answer.body = None
        for manner in after:
            if manner.after is not None:
                answer = manner.after(self, asked, answer)
        return self._written(asked, answer)

    def _written(self, asked: AskedRequest, answer: ScenarioAnswer) -> ScenarioAnswer:
        """Write the body in the format of the answer."""
        if answer.body is None and answer.resource is not None:
            media = answer.headers.get("Content-Type", "")
            wants_xml = "xml" in (media or asked.headers.get("accept", "") + asked.query)
            answer.body = self._bytes(answer.resource, wants_xml=wants_xml)
            if not media:
                answer.headers["Content-Type"] = XML if wants_xml else JSON
        answer.body = answer.body or b""
        answer.headers["Content-Length"] = str(len(answer.body))
        return answer

    def _bytes(self, resource: Mapping[str, Any], *, wants_xml: bool) -> bytes:
        if wants_xml:
            return xml_codec.dumps(_of_this_version(resource), self.settings.edition.structure)
        return json_codec.dumps(resource).encode()


def _without_secrets(asked: AskedRequest, answer: ScenarioAnswer) -> str:
    """What is recorded of a URL: what a client says to log in, or puts into it by mistake, is not."""
    return asked.path if answer.made_by == LOGIN else kept_target(asked.target)


def _of_this_version(value: Any) -> Any:
    """Leave out elements of a later version, for which XML of this version has no place."""
    if isinstance(value, Mapping):
        return {name: _of_this_version(each) for name, each in value.items() if not name.endswith(LATER_VERSION)}
    return [_of_this_version(each) for each in value] if isinstance(value, list) else value
