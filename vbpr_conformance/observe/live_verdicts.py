"""The verdicts of a session while it goes on: each scenario is judged again when something came to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from vbpr_conformance.observe.client_story import ClientStory
from vbpr_conformance.observe.observe_session import ObserveSession
from vbpr_conformance.observe.observed_scenario import ObservedScenario
from vbpr_conformance.observe.scenario_verdicts import ScenarioJudge
from vbpr_conformance.suite.verdicts import CaseResult, Verdict

_PAUSE_S = 0.3


@dataclass
class ScenarioStanding:
    """How a scenario stands: its results so far, and the questions that are open, by their id."""

    results: list[CaseResult] = field(default_factory=list)
    questions: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_judged(self) -> bool:
        """Whether nothing is left to be seen."""
        return bool(self.results) and all(
            each.verdict is not Verdict.SKIP or not each.applicable for each in self.results
        )

    @property
    def verdict(self) -> str:
        """The worst of its verdicts; nothing before any."""
        order = (Verdict.FAIL, Verdict.ERROR, Verdict.SKIP, Verdict.WARN, Verdict.PASS)
        found = {each.verdict for each in self.results if each.applicable}
        return next((each.value for each in order if each in found), "")


class LiveVerdicts:
    """How all scenarios stand; `story_of` tells what is known of the client besides its requests."""

    def __init__(self, session: ObserveSession, story_of: Callable[[ObservedScenario], ClientStory]) -> None:
        self._session = session
        self._story_of = story_of
        self._seen: dict[str, tuple[int, ...]] = {}
        self.standings: dict[str, ScenarioStanding] = {}

    def refresh(self) -> None:
        """Judge those again to which something came."""
        for name, observed in list(self._session.opened.items()):
            seen = (id(observed), len(observed.recording.requests), len(observed.outside), self._session.answered)
            requests = observed.recording.requests
            if self._seen.get(name) == seen or not requests:
                continue
            if self._session.clock() - requests[-1].at < _PAUSE_S:  # its client is at work
                continue
            self._seen[name] = seen
            judge = ScenarioJudge(observed, self._story_of(observed))
            results = judge.results()
            self.standings[name] = ScenarioStanding(results, dict(judge.questions))

    def of(self, name: str) -> ScenarioStanding:
        """How a scenario stands."""
        observed = self._session.opened.get(name)
        is_new = observed is None or not observed.recording.requests
        return ScenarioStanding() if is_new else self.standings.get(name, ScenarioStanding())
