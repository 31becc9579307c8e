"""A session: scenarios under `/{session}/{scenario}/fhir`, and everything that came to no scenario."""

from __future__ import annotations

import random
import re
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import unquote

from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.observe.observed_scenario import ObservedScenario, ScenarioSettings
from vbpr_conformance.observe.recording import BodyStore, kept_headers, kept_target
from vbpr_conformance.observe.request_rules import AskedRequest, RequestRules
from vbpr_conformance.observe.scenario_answer import JSON, ScenarioAnswer
from vbpr_conformance.observe.scenario_data import build_data
from vbpr_conformance.observe.scenario_file import Scenario
from vbpr_conformance.observe.scenario_questions import questions_of
from vbpr_conformance.observe.session_archive import SessionArchive
from vbpr_conformance.observe.smart_login import ClientRegistration, SmartLogin
from vbpr_conformance.rest.headers import Headers
from vbpr_conformance.suite.templating import fill

SESSION_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_MOST_UNMATCHED = 1000
_ANYBODY = re.compile(r"/(favicon\.ico|robots\.txt|\.well-known/)")
"""What browsers and discovery ask any host."""


@dataclass(frozen=True)
class UnmatchedRequest:
    """A request that came to no scenario, and what to correct; `at` is in seconds since 1970."""

    at: float
    client: str
    method: str
    target: str
    cause: str
    headers: Headers = field(default_factory=Headers)


@dataclass
class ObserveSession:
    """The scenarios of one session, each made when it is first needed. `root` is the URL of the listener.

    `archive` keeps it for after a restart, where it is given; `answers` were given by the tester while it goes on, and
    `answered` counts them. `registration` is what the client logs in with, None where everybody is let in; `running`
    is the scenario whose client runs right now.
    """

    name: str
    edition: Edition
    scenarios: Sequence[Scenario]
    seed: int
    root: str = "http://localhost"
    foreign_root: str = ""
    clock: Callable[[], float] = time.monotonic
    registration: ClientRegistration | None = None
    running: str = ""
    unmatched: deque[UnmatchedRequest] = field(default_factory=lambda: deque(maxlen=_MOST_UNMATCHED))
    clients: dict[str, int] = field(default_factory=dict)
    archive: SessionArchive | None = None
    answers: dict[str, str] = field(default_factory=dict)
    answered: int = 0

    def __post_init__(self) -> None:
        self._settings = ScenarioSettings(self.edition, RequestRules(self.edition), BodyStore(), self.clock)
        self._known = {each.id: each for each in self.scenarios}
        self.opened: dict[str, ObservedScenario] = {}
        if self.archive is not None:
            self.answers = dict(self.archive.answers)

    def base(self, scenario: str) -> str:
        """The base URL of a scenario."""
        return f"{self.root}/{self.name}/{scenario}/fhir"

    def scenario(self, name: str) -> ObservedScenario:
        """Give a scenario by its id, made if it is not there yet; `LookupError` for one that there is not."""
        if name not in self.opened:
            known = self._known[name]
            rng = random.Random(f"{self.seed}/{name}")
            data = build_data(known.resources, self.edition, rng)
            foreign = f"{self.foreign_root}/{self.name}/{name}/fhir" if self.foreign_root else ""
            database = self.archive.database(name) if self.archive is not None else None
            made = ObservedScenario(known, data, self.base(name), self._settings, foreign, database=database)
            if self.registration is not None:
                login = SmartLogin(made.base, self.registration, self.clock, self._knows_token)
                made.refuse, made.holder = login, login.holder
            if self.archive is not None:
                self.archive.recall(name, made.recording)
                made.keep = partial(self.archive.keep, name)
            self.opened[name] = made
        return self.opened[name]

    def _knows_token(self, token: str) -> bool:
        logins = [each.refuse for each in self.opened.values()]
        return any(isinstance(each, SmartLogin) and token in each.tokens for each in logins)

    def repeat(self, name: str) -> ObservedScenario:
        """Begin a scenario anew: its data as at the start, nothing recorded."""
        gone = self.opened.pop(name, None)
        self.answers = {key: each for key, each in self.answers.items() if not key.startswith(f"{name}/")}
        if gone is not None:
            gone.close()
        if self.archive is not None:
            self.archive.forget(name)
        return self.scenario(name)

    def take_answer(self, key: str, value: str) -> None:
        """Take the tester's answer to a question, or the word for a case."""
        self.answers[key] = value
        self.answered += 1
        if self.archive is not None:
            self.archive.answers = dict(self.answers)
            self.archive.save()

    def task_data(self, name: str) -> dict[str, Any]:
        """The task of a scenario as data: what VBPR_TASK_JSON holds."""
        observed = self.scenario(name)
        spec = observed.scenario.spec
        return {
            "scenario": name,
            "title": spec.title,
            "do": spec.do,
            "task": observed.task,
            "base": observed.base,
            "fhirVersion": "4.0.1",
            **{name: each for name, each in fill(spec.give, observed.scope()).items() if each},
            "questions": [{"id": key, "question": text} for key, text in questions_of(observed).items()],
        }

    def handle(  # noqa: PLR0913  # a request, part by part
        self,
        method: str,
        target: str,
        headers: dict[str, str],
        body: bytes,
        client: str,
        *,
        foreign: bool = False,
        refused: ScenarioAnswer | None = None,
    ) -> ScenarioAnswer:
        """Answer a request to the listener; `target` is path and query as sent, `refused` an answer that it has."""
        path, _, query = target.partition("?")
        found = re.fullmatch(r"/([^/]+)/([^/]+)/fhir(/.*)?", path)
        name = unquote(found[2]) if found else ""
        if found is None or unquote(found[1]) != self.name or name not in self._known:
            return self._to_no_scenario(method, kept_target(target), headers, client)
        agent = headers.get("user-agent", "")
        self.clients[agent] = self.clients.get(agent, 0) + 1
        below = (found[3] or "") + (f"?{query}" if query else "")
        asked = AskedRequest(method, below, headers, body)
        return self.scenario(name).handle(asked, client, foreign=foreign, refused=refused)

    def _to_no_scenario(self, method: str, target: str, headers: dict[str, str], client: str) -> ScenarioAnswer:
        cause = self._cause(target)
        if not _ANYBODY.match(target):
            kept = kept_headers(tuple(headers.items()))
            self.unmatched.append(UnmatchedRequest(time.time(), client, method, target, cause, kept))
        steps = [unquote(each) for each in target.partition("?")[0].split("/") if each]
        name = steps[1] if steps[:1] == [self.name] and len(steps) > 1 and steps[1] in self._known else self.running
        if name and not _ANYBODY.match(target):
            self.scenario(name).outside.append(f"{method} {target}: {cause}")
        issue = {"severity": "error", "code": "not-found", "diagnostics": cause}
        return ScenarioAnswer(404, {"Content-Type": JSON}, {"resourceType": "OperationOutcome", "issue": [issue]})

    def _cause(self, target: str) -> str:
        """Say in one sentence what to correct."""
        steps = [unquote(each) for each in target.partition("?")[0].split("/") if each]
        example = self.base(self.running or next(iter(self._known), "SCENARIO"))
        if not steps or steps[0] != self.name:
            return f"{target} belongs to no session: the base URL is {example}"
        if len(steps) < 2 or steps[1] not in self._known:  # noqa: PLR2004  # session and scenario
            return f"{target} belongs to no scenario: the base URL is {example}"
        return f"{target} does not lie below the base URL: that is {self.base(steps[1])}"

    @property
    def software(self) -> str:
        """The User-Agent of the client that asked most."""
        return max(self.clients, key=lambda each: self.clients[each], default="")
