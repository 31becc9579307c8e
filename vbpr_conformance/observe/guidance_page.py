"""The page for people, at the session's own URL: the next task, what was ticked off, what came, and the questions."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from urllib.parse import urlsplit

from vbpr_conformance.errors import UsageError
from vbpr_conformance.observe.live_verdicts import LiveVerdicts, ScenarioStanding
from vbpr_conformance.observe.observe_session import ObserveSession
from vbpr_conformance.observe.page_style import SCRIPT, STYLE
from vbpr_conformance.observe.request_rules import decoded
from vbpr_conformance.observe.scenario_answer import ScenarioAnswer
from vbpr_conformance.observe.scenario_file import Scenario
from vbpr_conformance.observe.scenario_questions import check_answers
from vbpr_conformance.suite.verdicts import CaseResult, Verdict

_LAST = 5
_WRONG = 10
_MARKS = {
    Verdict.PASS: ("✓", "met"),
    Verdict.FAIL: ("✗", "failed"),
    Verdict.WARN: ("!", "warning"),
    Verdict.SKIP: ("…", "open"),
    Verdict.ERROR: ("✗", "trouble"),
}


class GuidancePage:
    """Answers requests for the page of a session, and takes what is sent from it; leaves all others to the next."""

    def __init__(self, session: ObserveSession, live: LiveVerdicts, end: Callable[[], None]) -> None:
        self._session = session
        self._live = live
        self._end = end

    def __call__(self, method: str, target: str, headers: dict[str, str], body: bytes) -> ScenarioAnswer | None:
        """Give the page at `/` and `/{session}` to who asks for a page; take its form."""
        path = target.partition("?")[0].rstrip("/")
        if path not in {"", f"/{self._session.name}"} or "html" not in headers.get("accept", ""):
            return None
        if method == "POST":
            return self._taken(headers, body)
        if method not in {"GET", "HEAD"}:
            return None
        sent = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"}
        return ScenarioAnswer(200, sent, body=self._page().encode())

    def _taken(self, headers: dict[str, str], body: bytes) -> ScenarioAnswer:
        """Take an answer, a wish to begin anew, or the end; from this page alone."""
        origin = headers.get("origin", "null")
        if origin != "null" and urlsplit(origin).netloc != headers.get("host", ""):
            return _told(403, "only the page of the session may send this")
        for name, value in decoded(body.decode("latin-1")):
            text = value.encode("latin-1", "replace").decode("utf-8", "replace").strip()
            if name == "repeat" and text in {each.id for each in self._session.scenarios}:
                self._session.repeat(text)
            elif name == "done":
                self._end()
            elif text:
                try:
                    check_answers({name: text}, self._session.scenarios)
                except UsageError as error:
                    return _told(400, str(error))
                self._session.take_answer(name, text)
        return ScenarioAnswer(303, {"Location": f"/{self._session.name}"}, body=b"")

    def _page(self) -> str:
        session = self._session
        return (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            f"<title>Session {escape(session.name)} · vbpr-conformance observe</title><style>{STYLE}</style></head>"
            f"<body><header><h1>Session {escape(session.name)}</h1></header>"
            f'<main id="main">{self._next()}{self._beside()}'
            f"<h2>Scenarios</h2>{''.join(self._scenario(each) for each in session.scenarios)}</main>"
            f'<footer><form method="post" action="/{escape(session.name)}">'
            '<button name="done" value="1">The client has done its tasks: judge</button></form>'
            '<p id="live" role="status">This page follows the session.</p></footer>'
            f"<script>{SCRIPT}</script></body></html>"
        )

    def _next(self) -> str:
        """The task that is to be done next: of the scenario that runs, or the first that is not judged."""
        waiting = [each for each in self._session.scenarios if not self._live.of(each.id).is_judged]
        running = [each for each in waiting if each.id == self._session.running]
        done = f"{len(self._session.scenarios) - len(waiting)} of {len(self._session.scenarios)} scenarios are judged."
        if not waiting:
            return f'<section class="next"><h2>Every scenario is judged</h2><p>{done}</p></section>'
        chosen = (running or waiting)[0]
        return (
            f'<section class="next"><h2>Next: {escape(chosen.id)}</h2><p>{escape(self._task(chosen))}</p>'
            f"{self._base(chosen.id, 'next')}<p>{done}</p></section>"
        )

    def _task(self, scenario: Scenario) -> str:
        observed = self._session.opened.get(scenario.id)
        return observed.task if observed is not None else scenario.spec.title

    def _base(self, name: str, place: str) -> str:
        url, key = escape(self._session.base(name)), escape(f"{place}-{name}")
        return (
            f'<p class="base"><code id="{key}">{url}</code> '
            f'<button type="button" data-copy="{key}" aria-label="Copy the base URL of {escape(name)}">Copy</button>'
            "</p>"
        )

    def _beside(self) -> str:
        """What came to no scenario, with what to correct."""
        wrong = list(self._session.unmatched)[-_WRONG:]
        text = "".join(f"<li><code>{escape(f'{e.method} {e.target}')}</code>: {escape(e.cause)}</li>" for e in wrong)
        return f'<section class="wrong"><h2>Requests to no scenario</h2><ul>{text}</ul></section>' if text else ""

    def _scenario(self, scenario: Scenario) -> str:
        name = escape(scenario.id)
        standing = self._live.of(scenario.id)
        mark, word = _MARKS[Verdict(standing.verdict)] if standing.verdict else ("", "not begun")
        ticks = "".join(_tick(each) for each in standing.results if each.applicable)
        again = (
            f'<form method="post" action="/{escape(self._session.name)}">'
            f'<button name="repeat" value="{name}">Begin {name} anew</button></form>'
        )
        return (
            f'<details id="s-{name}"><summary><span class="mark {word}" aria-hidden="true">{mark}</span> '
            f"{name} <small>{escape(scenario.spec.title)}: {word}</small></summary>"
            f"<p>{escape(self._task(scenario))}</p>{self._base(scenario.id, 'base')}"
            f"{f'<ul class=ticks>{ticks}</ul>' if ticks else ''}{self._exchanges(scenario.id)}"
            f"{self._quiz(standing)}{again}</details>"
        )

    def _exchanges(self, name: str) -> str:
        observed = self._session.opened.get(name)
        requests = observed.recording.requests if observed is not None else []
        if not requests:
            return ""
        first = max(1, len(requests) - _LAST + 1)
        last = "".join(
            f"<li><code>{escape(each.line())}</code>{f' {escape(each.client)}' if 'login' in each.client else ''}</li>"
            for each in requests[-_LAST:]
        )
        return f'<h3>Last exchanges</h3><ol start="{first}">{last}</ol>'

    def _quiz(self, standing: ScenarioStanding) -> str:
        fields = "".join(
            f'<p><label for="q-{escape(key)}">{escape(text)}</label>'
            f'<input id="q-{escape(key)}" name="{escape(key)}" autocomplete="off"></p>'
            for key, text in standing.questions.items()
        )
        fields += "".join(
            f'<p><label for="a-{escape(each.id)}">Does it hold? {escape(each.title)}</label>'
            f'<input id="a-{escape(each.id)}" name="{escape(each.id)}" autocomplete="off" '
            f'placeholder="attested by NAME on YYYY-MM-DD"></p>'
            for each in standing.results
            if each.verdict is Verdict.SKIP and each.applicable
        )
        if not fields:
            return ""
        return (
            "<h3>Questions</h3><p>What does the client show?</p>"
            f'<form method="post" action="/{escape(self._session.name)}">{fields}<button>Answer</button></form>'
        )


def _told(status: int, said: str) -> ScenarioAnswer:
    return ScenarioAnswer(status, {"Content-Type": "text/plain; charset=utf-8"}, body=said.encode())


def _tick(result: CaseResult) -> str:
    mark, word = _MARKS[result.verdict]
    return (
        f'<li><span class="mark {word}" aria-hidden="true">{mark}</span> {escape(result.title)} '
        f"<small>{word}: {escape(result.message)}</small></li>"
    )
