"""What a tester can type while a session goes on: see the tasks, answer questions, begin a scenario anew, end."""

from __future__ import annotations

from collections.abc import Callable

from vbpr_conformance.errors import UsageError
from vbpr_conformance.observe.live_verdicts import LiveVerdicts
from vbpr_conformance.observe.observe_session import ObserveSession
from vbpr_conformance.observe.scenario_questions import check_answers
from vbpr_conformance.suite.suite_file import did_you_mean


class TesterDesk:
    """Takes one line after the other; `say` shows a line, `end` ends the session."""

    WORDS = "`tasks`, `state`, `questions`, `answer ID VALUE`, `repeat SCENARIO` help on the way"

    def __init__(
        self, session: ObserveSession, live: LiveVerdicts, say: Callable[[str], None], end: Callable[[], None]
    ) -> None:
        self._session = session
        self._live = live
        self._say = say
        self._end = end

    def take(self, line: str) -> None:
        """Do what a line says."""
        word, _, rest = line.strip().partition(" ")
        acts: dict[str, Callable[[str], None]] = {
            "done": lambda _: self._end(),
            "tasks": self._tasks,
            "state": self._state,
            "questions": self._questions,
            "answer": self._answer,
            "repeat": self._repeat,
        }
        act = acts.get({"q": "done", "quit": "done"}.get(word.lower(), word.lower()))
        if act is not None:
            act(rest.strip())
        elif word:
            self._say(f"{word} is no word here; `done`, {self.WORDS}")

    def _tasks(self, _: str) -> None:
        for each in self._session.scenarios:
            self._say(f"{each.id}: {self._session.scenario(each.id).task}")

    def _state(self, _: str) -> None:
        for each in self._session.scenarios:
            standing = self._live.of(each.id)
            self._say(f"{each.id}: {standing.verdict or 'not begun'}")
        for unmatched in list(self._session.unmatched)[-5:]:
            self._say(f"{unmatched.method} {unmatched.target}: {unmatched.cause}")

    def _questions(self, _: str) -> None:
        for each in self._session.scenarios:
            for key, text in self._live.of(each.id).questions.items():
                self._say(f"{key}: {text}")

    def _answer(self, rest: str) -> None:
        key, _, value = rest.partition(" ")
        try:
            check_answers({key: value.strip()}, self._session.scenarios)
        except UsageError as error:
            self._say(str(error))
            return
        self._session.take_answer(key, value.strip())
        self._say(f"{key}: taken")

    def _repeat(self, name: str) -> None:
        known = [each.id for each in self._session.scenarios]
        if name not in known:
            self._say(f"there is no scenario {name!r}; {did_you_mean(name, known)}")
            return
        self._say(f"ready on {self._session.repeat(name).base} {name}")
