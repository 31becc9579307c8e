"""A run of `observe`: the listener, scenario after scenario, verdicts, and the same outputs as every run."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vbpr_conformance.errors import UsageError
from vbpr_conformance.fhir import json_codec
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.observe.client_command import ClientEnd, run_client
from vbpr_conformance.observe.client_story import ClientStory
from vbpr_conformance.observe.guidance_page import GuidancePage
from vbpr_conformance.observe.live_verdicts import LiveVerdicts
from vbpr_conformance.observe.observe_app import ObserveApp
from vbpr_conformance.observe.observe_session import ObserveSession
from vbpr_conformance.observe.scenario_file import Scenario, ScenarioCase
from vbpr_conformance.observe.scenario_verdicts import ScenarioJudge
from vbpr_conformance.observe.session_archive import SessionArchive
from vbpr_conformance.observe.smart_login import ClientRegistration
from vbpr_conformance.observe.tester_desk import TesterDesk
from vbpr_conformance.observe.witness_sources import read_witnesses
from vbpr_conformance.reference.listener import QuietServer, listening
from vbpr_conformance.report.report_writer import RunWriters
from vbpr_conformance.suite.record import RunRecord
from vbpr_conformance.suite.run_summary import RunSummary, SelectedCase
from vbpr_conformance.suite.verdicts import CaseResult, Verdict

_POLL_S = 0.5
_QUIET_S = 3.0
_MOST_ASKED = 10
_ENOUGH_TO_COMPARE = 10
"""So many scenarios and what a client never shows in any of them was not dropped in one."""


@dataclass
class ObserveSettings:
    """What a tester chose. `seconds` is how long a client (with a command: each) may take, None for no limit.

    `archive` keeps a session that has a name of its own.
    """

    host: str = "127.0.0.1"
    port: int = 0
    session: str = "s1"
    auth: str = "open"
    command: str | None = None
    witnesses: Sequence[str] = ()
    answers: dict[str, str] = field(default_factory=dict)
    seconds: float | None = None
    seed: int = 0
    archive: SessionArchive | None = None


class ObserveRun:
    """One run. `say` shows a line to the tester."""

    def __init__(  # noqa: PLR0913, PLR0917  # what a run is made of
        self,
        edition: Edition,
        scenarios: Sequence[Scenario],
        settings: ObserveSettings,
        record: RunRecord,
        writers: RunWriters,
        say: Callable[[str], None],
    ) -> None:
        self._edition = edition
        self._scenarios = scenarios
        self._settings = settings
        self._record = record
        self._writers = writers
        self._say = say
        self._ends: dict[str, ClientEnd] = {}
        self._done = threading.Event()
        self._unmade: dict[str, str] = {}
        self._unread: set[str] = set()
        self._open_questions: dict[str, str] = {}
        self._folder = tempfile.TemporaryDirectory(prefix="vbpr-observe-access-")
        self._key_file: Path | None = None
        self._registration = ClientRegistration() if settings.auth == "smart" else None
        self.session = ObserveSession(
            settings.session,
            edition,
            scenarios,
            settings.seed,
            registration=self._registration,
            archive=settings.archive,
        )
        self.live = LiveVerdicts(self.session, lambda observed: self._story(observed.scenario, [observed]))

    def run(self) -> RunSummary:
        """Serve, wait for the client or run it, judge, write."""
        self._record.selected = tuple(
            SelectedCase(
                each.suite, case.id, case.title, case.expectation, tuple(r.id for r in case.requirements), case.source
            )
            for each in self._scenarios
            for case in each.cases
        )
        self._writers.begin(self._record)
        began = time.monotonic()
        with contextlib.ExitStack() as stack:
            stack.enter_context(self._folder)
            stack.enter_context(self._listeners())
            self._record.url = f"{self.session.root}/{self._settings.session}"
            try:
                if self._settings.command is None:
                    self._wait()
                else:
                    self._drive(self._settings.command)
            except KeyboardInterrupt:
                self._record.interrupted = True
                self._say("interrupted: what was judged so far is written")
        self._judge()
        self._record.duration_s = time.monotonic() - began
        summary = self._record.summary()
        self._writers.end(self._record, summary)
        return summary

    def end(self) -> None:
        """Say that the tester is done."""
        self._done.set()

    @contextlib.contextmanager
    def _listeners(self) -> Iterator[None]:
        settings = self._settings
        shown = f"[{settings.host}]" if ":" in settings.host else settings.host
        with listening(settings.host, self._port()) as main, listening(settings.host, 0) as foreign:
            self.session.root = f"http://{shown}:{main.getsockname()[1]}"
            self.session.foreign_root = f"http://{shown}:{foreign.getsockname()[1]}"
            if settings.archive is not None:
                settings.archive.facts["port"] = main.getsockname()[1]
                settings.archive.save()
            with (
                serving(ObserveApp(self.session, (GuidancePage(self.session, self.live, self.end),)), main),
                serving(ObserveApp(self.session, foreign=True), foreign),
            ):
                yield

    def _port(self) -> int:
        """The port that was asked for, or else the one that a session had before, so that its URLs go on."""
        settings = self._settings
        before = int(settings.archive.facts.get("port", 0)) if settings.archive is not None else 0
        if settings.port or not before:
            return settings.port
        with contextlib.suppress(UsageError), listening(settings.host, before):
            return before
        return 0

    def _drive(self, command: str) -> None:
        """Run the client's command for one scenario after the other."""
        for each in self._scenarios:
            if not self._prepared(each):
                continue
            observed = self.session.scenario(each.id)
            if self._settings.archive is not None:
                observed = self.session.repeat(each.id)
            self.session.running = each.id
            self._say(f"ready on {observed.base} {each.id}")
            payloads = {
                f"{held.name}.json": json_codec.dumps(held.resource).encode()
                for held in observed.data.held.values()
                if held.is_payload
            }
            task = self.session.task_data(each.id)
            self._ends[each.id] = run_client(command, task, payloads, self._access(), self._settings.seconds)
            observed.over = True
        self.session.running = ""

    def _wait(self) -> None:
        """Serve until the time is over, the tester says so, or nothing is left to be judged."""
        for each in self._scenarios:
            if self._prepared(each):
                self._say(f"ready on {self.session.base(each.id)} {each.id}")
        self._say(f"page on {self.session.root}/{self.session.name}")
        self._say_how_to_go_on()
        end = time.monotonic() + self._settings.seconds if self._settings.seconds is not None else None
        while not self._done.wait(_POLL_S):
            if (end is not None and time.monotonic() >= end) or self._all_judged():
                return

    def _say_how_to_go_on(self) -> None:
        if self._registration is not None:
            shown = {"client_id": self._registration.id, "client_secret": self._registration.secret}
            self._say(f"log in with {json.dumps(shown)}")
        if sys.stdin is not None and sys.stdin.isatty():
            self._say(f"type `done` when the client has done its tasks; {TesterDesk.WORDS}")
            threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        """Take what the tester types."""
        desk = TesterDesk(self.session, self.live, self._say, self.end)
        for line in sys.stdin:
            desk.take(line)
            if self._done.is_set():
                return

    def _all_judged(self) -> bool:
        """Whether nothing is left to be seen; looked at only when the client has been quiet for a while."""
        made = [each for each in self._scenarios if each.id not in self._unmade]
        if not made:
            return True
        self.live.refresh()
        opened = [each for each in self.session.opened.values() if each.recording.requests]
        if len(opened) < len(made):
            return False
        last = max(each.recording.requests[-1].at for each in opened)
        if self.session.clock() - last < _QUIET_S:
            return False
        return all(self.live.of(each.id).is_judged for each in made)

    def _prepared(self, scenario: Scenario) -> bool:
        """Make a scenario; what hinders it is the trouble of its cases, and the others go on."""
        try:
            self.session.scenario(scenario.id).app  # noqa: B018  it is made when it is asked for
        except UsageError as error:
            self._unmade[scenario.id] = str(error)
            self._say(f"{scenario.id} cannot be prepared: {error}")
            return False
        return True

    def _access(self) -> dict[str, str]:
        """What the client's command is told about access; the key is in a file of its own."""
        if self._registration is None:
            return {}
        if self._key_file is None:
            self._key_file = Path(self._folder.name, "client-key.pem")
            self._key_file.touch(mode=0o600)
            self._key_file.write_bytes(self._registration.key_pem)
        return {
            "VBPR_CLIENT_ID": self._registration.id,
            "VBPR_CLIENT_SECRET": self._registration.secret,
            "VBPR_CLIENT_KEY": str(self._key_file),
        }

    def _judge(self) -> None:
        for result in self._results():
            self._record.results.append(result)
            self._writers.add(self._record, result)
        asked = list(self._open_questions.items())
        for key, text in asked[:_MOST_ASKED]:
            self._say(f"open question {key}: {text}")
        if asked:
            more = f"{len(asked) - _MOST_ASKED} more stand beside their cases; " if len(asked) > _MOST_ASKED else ""
            self._say(f"{more}answer them by --answers FILE, a line `ID: VALUE` for each")
        for text in sorted(self._unread):
            self._say(text)
        opened = list(self.session.opened.values())
        self._record.tally.requests = sum(len(each.recording.requests) for each in opened)
        self._record.tally.software = self.session.software

    def _results(self) -> list[CaseResult]:
        results: list[CaseResult] = []
        opened = list(self.session.opened.values())
        for observed in opened:
            observed.judge_requests()
        stories = {each.id: self._story(each, opened) for each in self._scenarios if each.id in self.session.opened}
        judges = {name: ScenarioJudge(self.session.scenario(name), story) for name, story in stories.items()}
        if len(judges) >= _ENOUGH_TO_COMPARE:
            kinds = frozenset(kind for judge in judges.values() for kind in judge.kinds_shown())
            for story in stories.values():
                story.kinds = kinds
        for each in self._scenarios:
            if each.id in self._unmade:
                results += [_error(each, case, self._unmade[each.id]) for case in each.cases]
                continue
            if each.id not in judges:  # interrupted before it came to this one
                continue
            judge = judges[each.id]
            results += judge.results()
            self._open_questions |= judge.questions
        return results

    def _story(self, scenario: Scenario, opened: Sequence[Any]) -> ClientStory:
        settings = self._settings
        end = self._ends.get(scenario.id)
        outputs = list(end.outputs) if end is not None else []
        try:
            outputs += read_witnesses(settings.witnesses, scenario.id, [each.id for each in self._scenarios])
        except UsageError as error:  # what came before it is judged all the same
            self._unread.add(str(error))
        return ClientStory(
            outputs=outputs,
            answers={**settings.answers, **self.session.answers, **(end.answers if end is not None else {})},
            trouble=end.trouble(settings.seconds, may_fail=bool(scenario.faults)) if end is not None else "",
            choked=end is not None and end.gave_up and self._has_choked(scenario),
            code=end.code if end is not None else None,
            errors=end.errors.decode("utf-8", "replace") if end is not None else "",
            witnessed=bool(settings.witnesses),
            session=opened,
            smart=settings.auth == "smart",
        )

    def _has_choked(self, scenario: Scenario) -> bool:
        """Whether a client that gave up had obtained what it was asked for, and does not give up on plain answers."""
        control = self._ends.get(scenario.spec.control)
        if not scenario.spec.control or scenario.faults or (control is not None and control.gave_up):
            return False
        recording = self.session.scenario(scenario.id).recording
        return any(each.resource.get("id") for request in recording.requests for each in recording.delivered(request))


def _error(scenario: Scenario, case: ScenarioCase, trouble: str) -> CaseResult:
    return CaseResult(
        id=case.id,
        suite=scenario.suite,
        title=case.title,
        expectation=case.expectation,
        verdict=Verdict.ERROR,
        message=trouble,
        requirements=tuple(each.id for each in case.requirements),
        source=case.source,
        actor="client",
    )


@contextlib.contextmanager
def serving(app: ObserveApp, listener: socket.socket) -> Iterator[None]:
    """Serve an application on a socket, in a thread of its own, until the end of the block."""
    ready = threading.Event()
    server = QuietServer(app, ready.set)
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # a body that is cut on purpose is no trouble
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    if not ready.wait(10):
        raise UsageError("the listener did not start")
    try:
        yield
    finally:
        server.should_exit = True
        server.force_exit = True
        thread.join(5)
