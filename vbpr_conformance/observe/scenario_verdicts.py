"""Judges a scenario: its recorded requests, the client's output and answers against the checks of its cases."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from vbpr_conformance.observe.case_finding import WITNESS_HINT, CaseFinding, failed, nothing_put_out, passed, unseen
from vbpr_conformance.observe.client_story import ClientStory
from vbpr_conformance.observe.data_left import Wanted, left_otherwise
from vbpr_conformance.observe.observed_scenario import ObservedScenario
from vbpr_conformance.observe.recording import RecordedRequest
from vbpr_conformance.observe.request_ticks import tick
from vbpr_conformance.observe.scenario_data import HeldResource
from vbpr_conformance.observe.scenario_file import ScenarioCase
from vbpr_conformance.observe.scenario_language import AskedCheck, ValuesCheck
from vbpr_conformance.observe.scenario_questions import attestation
from vbpr_conformance.observe.shown_facts import EXACT, ShownFact
from vbpr_conformance.observe.shown_lists import listed_alike, listed_twice
from vbpr_conformance.observe.shown_values import (
    ClientOutput,
    made_up,
    sightings,
    sought_values,
)
from vbpr_conformance.observe.shown_versions import versions_named, versions_shown
from vbpr_conformance.observe.value_verdicts import ValueJudge
from vbpr_conformance.observe.verdict_words import element_shown, kind_of_text, listed
from vbpr_conformance.observe.witness_tree import plain
from vbpr_conformance.suite.recorder import CaseRecorder
from vbpr_conformance.suite.verdicts import CaseResult, Verdict

_DATA_INTERACTIONS = frozenset({"capabilities", ""})
_DONE = frozenset({"delivered", "versions", "shown", "shown_versions", "values"})
"""The checks on whether a task was done."""
_MOST_ASKED = 3
_MOST_QUOTED = 120
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_WORDS = re.compile(r"[A-Za-z0-9.-]+")
_NOTHING = re.compile(
    r"\b(?:no|0|zero) (?:\w+ )?(?:results?|reports?|matches|entries|records|resources|items)\b|nothing (?:was )?found|"
    r"none found|keine \w+ gefunden|keine (?:ergebnisse|berichte)|aucun (?:résultat|rapport)",
    re.IGNORECASE,
)
"""What somebody says who found nothing."""
_TROUBLE = re.compile(
    r"error|exception|fail|invalid|unable|cannot|can.t|could ?n.t|refus|unavailable|unexpected|incomplete|"
    r"problem|warning|try again|no (?:valid|bundle|json|fhir|answer|response|reply)|not (?:valid|json|a bundle)|"
    r"timed? ?out|too many|fehler|ungültig|unerwartet|unvollständig|erreur|échec|errore|HTTP.{0,3}\b[45]\d\d",
    re.IGNORECASE,
)
"""What somebody says who did not get what they wanted."""


class ScenarioJudge:
    """The verdicts of one scenario."""

    def __init__(self, observed: ObservedScenario, story: ClientStory) -> None:
        self._observed = observed
        self._story = story
        self._data = observed.data
        self._requests = observed.recording.requests
        self._output = ClientOutput(story.outputs, observed.data, observed.settings.edition)
        self._delivered = observed.recording.reached()
        self._values = ValueJudge(self._output, observed.data, story)
        self.questions: dict[str, str] = {}

    def results(self) -> list[CaseResult]:
        """Judge every case."""
        self._observed.judge_requests()
        return [self._result(case) for case in self._observed.scenario.cases]

    def kinds_shown(self) -> set[str]:
        """The elements of which the client shows any value here, by their path without indexes."""
        found: set[str] = set()
        for case in self._observed.scenario.cases:
            if case.spec.values is not None:
                values, labels = sought_values(case.spec.values, self._output)
                found |= {element_shown(each) for each in sightings(values, labels, self._output) if each.said}
        return found

    def _result(self, case: ScenarioCase) -> CaseResult:
        finding = self._finding(case)
        if finding.verdict is Verdict.SKIP and finding.applicable:
            finding = self._attested(case, finding)
        self.questions |= finding.questions
        verdict = finding.verdict
        details = [("task", self.task()), ("evidence", finding.step), *finding.details]
        message = finding.message
        if verdict is Verdict.SKIP and self._is_left_to_client(case):
            finding.applicable = False
        if self._story.trouble and not finding.is_certain and verdict is not Verdict.PASS:
            verdict, message = self._broken_down(case, verdict)
        if verdict is Verdict.SKIP and case.spec.unseen == "warn" and finding.applicable:
            verdict = Verdict.WARN
            message = f"{message}; the guide states no strength for it, and it was never seen"
        elif verdict is Verdict.SKIP and case.spec.at_most == "warn" and self._started():
            verdict, message = Verdict.WARN, f"the client gave up: {message}"
        elif verdict is Verdict.FAIL and (case.spec.at_most == "warn" or case.expectation != "SHALL"):
            verdict = Verdict.WARN
        details += [(f"question {key}", text) for key, text in list(finding.questions.items())[:_MOST_ASKED]]
        if finding.hint and verdict in {Verdict.SKIP, Verdict.WARN}:
            details.append(("to do", finding.hint))
        exchanges = [self._observed.recording.exchange(each) for each in finding.requests[:6]]
        return CaseResult(
            id=case.id,
            suite=self._observed.scenario.suite,
            title=case.title,
            expectation=case.expectation,
            verdict=verdict,
            message=message,
            requirements=tuple(each.id for each in case.requirements),
            requests=len(self._requests),
            source=case.source,
            description=case.spec.description,
            link=case.spec.link,
            does_not_check=case.spec.does_not_check,
            applicable=finding.applicable,
            details=tuple(details),
            exchanges=CaseRecorder().exchanges(exchanges),
            actor="client",
        )

    def _broken_down(self, case: ScenarioCase, verdict: Verdict) -> tuple[Verdict, str]:
        """What a client that ended with an error comes to, where nothing is certain.

        It says nothing about conformance, but where conformant answers were what it choked on.
        """
        if not self._story.choked:
            return Verdict.ERROR, self._story.trouble
        if case.spec.check in _DONE:
            return Verdict.FAIL, f"it choked on conformant answers: {self._story.trouble}"
        return (Verdict.SKIP if verdict is Verdict.FAIL else verdict), self._story.trouble

    def _attested(self, case: ScenarioCase, finding: CaseFinding) -> CaseFinding:
        """Take somebody's word for what was neither seen nor answered."""
        text = attestation(self._story.answers.get(case.id, ""))
        return passed(text, "attestation") if text else finding

    def _is_left_to_client(self, case: ScenarioCase) -> bool:
        """Whether all that a case is about holds only for clients that use a type, and this one never asked for it."""
        types = {each.when_claimed.get("resource", "") for each in case.requirements}
        if not types or "" in types:
            return False
        session = self._story.session or [self._observed]
        return not any(request.type in types for each in session for request in each.recording.requests)

    def task(self) -> str:
        """The task in the reader's words."""
        return self._observed.task

    def _finding(self, case: ScenarioCase) -> CaseFinding:
        spec = case.spec
        if spec.needs == "smart" and not self._story.smart:
            finding = unseen("only shown with --auth smart", "run it with --auth smart")
            finding.applicable = False
            return finding
        return self._checked(case)

    def _checked(self, case: ScenarioCase) -> CaseFinding:
        spec, named = case.spec, self._data.named
        checks: dict[str, Callable[[], CaseFinding]] = {
            "delivered": lambda: self._is_delivered(named(spec.delivered)),
            "versions": lambda: self._versions(named(spec.versions)),
            "shown": lambda: self._is_shown(named(spec.shown)),
            "shown_versions": lambda: self._versions_shown(named(spec.shown_versions)),
            "hidden": lambda: self._hidden(named(spec.hidden), named(self._wanted())),
            "withheld": lambda: self._withheld(spec.withheld),
            "values": lambda: self._values.values(case),
            "absent": lambda: self._absent(spec.absent),
            "form_of": lambda: self._values.form(case, spec.form_of or ""),
            "unmixed": self._unmixed,
            "admits": self._admits,
            "requests": lambda: self._request_rules(spec.requests),
            "asked": lambda: self._ticked(spec.asked),
            "left": lambda: self._left(spec.left),
        }
        return checks[spec.check]()

    def _ticked(self, asked: object) -> CaseFinding:
        if not isinstance(asked, AskedCheck):
            raise LookupError("a case of a row without its row")  # noqa: TRY004  the loader has filled it in
        return tick(asked, self._story.session or [self._observed])

    def _wanted(self) -> list[str]:
        return [name for case in self._observed.scenario.cases for name in (*case.spec.shown, *case.spec.delivered)]

    def _started(self) -> list[RecordedRequest]:
        return [each for each in self._requests if each.interaction not in _DATA_INTERACTIONS]

    def _is_delivered(self, wanted: Sequence[HeldResource]) -> CaseFinding:
        missing = [each for each in wanted if each.reference not in self._delivered]
        if not missing:
            text = (
                f"all {len(wanted)} reached the client"
                if len(wanted) > 1
                else f"{wanted[0].reference} reached the client"
            )
            return passed(text, "reaction", self._started())
        if not self._started():
            return self._never_asked()
        named = listed([each.reference for each in missing])
        return failed(
            f"{len(missing)} of {len(wanted)} never reached the client: {named}", "reaction", self._started()[-3:]
        )

    def _versions(self, wanted: Sequence[HeldResource]) -> CaseFinding:
        for held in wanted:
            asked = [
                each for each in self._requests if each.id == held.resource["id"] and "history" in each.interaction
            ]
            asked += [
                each for each in self._requests if each.interaction in {"vread", "history-type", "history-system"}
            ]
            count = len(self._delivered.get(held.reference, set()) - {""})
            if count >= len(held.versions):
                continue
            if not asked:
                return unseen(
                    f"no version of {held.reference} but the last was asked for", "let it show all its versions"
                )
            return failed(
                f"{count} of {len(held.versions)} versions of {held.reference} reached the client", "reaction", asked
            )
        return passed("every version reached the client", "reaction", self._started())

    def _never_asked(self) -> CaseFinding:
        base = self._observed.base
        return unseen("no request for data came", f"point the client to {base} and let it do the task")

    def _is_shown(self, wanted: Sequence[HeldResource]) -> CaseFinding:
        if self._output.is_empty:
            return self._no_output()
        missing = [each for each in wanted if not self._output.names(each)]
        if not missing:
            twice = listed_twice(wanted, self._output)
            if twice:
                return failed(f"{twice} is listed twice, as if there were two", "witness", is_certain=True)
            return passed(f"all {len(wanted)} are shown", "witness")
        if len(missing) == len(wanted) and not self._output.shows_any(self._data.held.values()):
            denied = _NOTHING.search(self._output.text.text)
            if denied and all(each.reference in self._delivered for each in wanted):
                return failed(f"it says {denied[0]!r}, though all {len(wanted)} reached it", "witness", is_certain=True)
            return unseen("the client's output names none of them", WITNESS_HINT)
        named = listed([each.reference for each in missing])
        return failed(f"{len(missing)} of {len(wanted)} are not shown: {named}", "witness")

    def _versions_shown(self, wanted: Sequence[HeldResource]) -> CaseFinding:
        if self._output.is_empty:
            return self._no_output()
        for held in wanted:
            ids = self._delivered.get(held.reference, set()) - {""}
            if len(ids) < len(held.versions):
                return unseen(f"not every version of {held.reference} reached the client", "let it show all of them")
            shown, hidden = versions_shown(held, self._output)
            if hidden and not shown:
                return unseen("its output has no value by which versions are told apart", WITNESS_HINT)
            if hidden and versions_named(ids, self._output) < len(ids):
                value = f"{hidden[0].told()}, which one of them has, is not shown"
                text = f"{len(hidden)} of {len(held.versions)} versions of {held.reference} are not shown: {value}"
                return failed(text, "witness", is_certain=True)
        return passed("every version is shown", "witness")

    def _no_output(self) -> CaseFinding:
        return nothing_put_out()

    def _hidden(self, decoys: Sequence[HeldResource], wanted: Sequence[HeldResource]) -> CaseFinding:
        if self._output.is_empty:
            return self._no_output()
        wanted = [each for each in wanted if each not in decoys]
        if not self._output.shows_any([*wanted, *decoys]):
            return unseen("the client's output names none of the scenario's resources", WITNESS_HINT)
        for decoy in [*decoys, *self._come_along(wanted)]:
            text = listed_alike(wanted, decoy, self._output)
            if text:
                finding = failed(
                    f"{decoy.reference} is listed with what was asked for, and is not it", "witness", is_certain=True
                )
                finding.details.append(("shown as", text))
                return finding
        return passed("nothing else is listed as what was asked for", "witness")

    def _come_along(self, wanted: Sequence[HeldResource]) -> list[HeldResource]:
        """What answers brought that nobody asked for: outcomes, and includes that the scenario does not hold."""
        known = {each.reference for each in self._data.held.values()}
        found: dict[str, HeldResource] = {}
        for request in self._requests:
            for each in self._observed.recording.delivered(request):
                if each.mode in {"include", "outcome"} and each.reference not in known and wanted:
                    named = {"id": each.resource.get("id", each.resource["resourceType"])}
                    found[each.reference] = HeldResource("", wanted[0].profile, [{**each.resource, **named}])
        return list(found.values())

    def _withheld(self, texts: Sequence[str]) -> CaseFinding:
        if self._output.is_empty:
            return self._no_output()
        value, *marks = texts
        shown = self._output.text.shows(ShownFact(kind_of_text(value), (value,))) == EXACT
        if shown and not any(self._output.tree.has(plain(mark)) for mark in marks):
            return failed(f"{value} is shown without what modifies it", "witness", is_certain=True)
        if shown or self._output.shows_any(self._data.held.values()) or self._delivered:
            return passed("what is modified is not shown as if it were not", "witness")
        return unseen("the client's output shows nothing of the scenario", WITNESS_HINT)

    def _absent(self, check: ValuesCheck | str | None) -> CaseFinding:
        if not isinstance(check, ValuesCheck):
            raise LookupError("a case of a row without its row")  # noqa: TRY004  the loader has filled it in
        if self._output.is_empty:
            return self._no_output()
        found = next(made_up(check, self._output), None)
        if found is not None:
            place, line = found
            finding = failed(f"{place} has no value, and zero is shown as its value", "witness", is_certain=True)
            finding.details.append(("shown as", line))
            return finding
        if not self._output.shows_any(self._data.named(check.of)):
            return unseen("the client's output shows nothing of the scenario", WITNESS_HINT)
        return passed("no value is shown where there is none", "witness")

    def _unmixed(self) -> CaseFinding:
        """What belongs to another scenario, whose server is another one, is nothing that this server said."""
        if self._output.is_empty or self._story.witnessed:
            finding = unseen("what it showed for this task alone was not seen", WITNESS_HINT)
            finding.applicable = False
            return finding
        words = set(_WORDS.findall(self._output.text.text))
        for other in self._story.session:
            mixed = words & {str(each.resource["id"]) for each in other.data.held.values()}
            if other is not self._observed and mixed:
                text = f"{min(mixed)} is shown, which only the server of {other.scenario.id} has"
                return failed(text, "witness", is_certain=True)
        return passed("nothing is shown but what this server said", "witness")

    def _admits(self) -> CaseFinding:
        if not self._started():
            return self._never_asked()
        if self._story.code is None:
            return unseen("how it told its user was not seen", "let it run by --client-cmd, or attest it")
        if self._story.code:
            return passed(f"it ended with exit code {self._story.code}", "reaction")
        speaks = _TROUBLE.search(f"{self._story.errors}\n{self._output.text.text}")
        if speaks:
            return passed(f"it speaks of it: {speaks[0]!r}", "witness")
        wanted = self._data.named(self._wanted())
        if wanted and all(self._output.names(each) for each in wanted):
            return passed("it shows what was asked for all the same", "witness")
        told = " ".join(self._output.text.text.split())[:_MOST_QUOTED]
        text = (
            f"it ended as if all were well, and said {told!r}"
            if told
            else "it ended as if all were well, and said nothing"
        )
        return failed(f"{text}: nobody learns that the server gave no answer", "witness")

    def _left(self, wanted: Mapping[str, Wanted] | str) -> CaseFinding:
        if isinstance(wanted, str):
            raise LookupError("a case of a row without its row")  # noqa: TRY004  the loader has filled it in
        tried = [each for each in self._requests if each.method in _WRITES and not each.target.endswith("_search")]
        if not tried:
            finding = unseen("nothing was written", "let the client do the task")
            finding.applicable = False
            return finding
        wrong = list(left_otherwise(self._observed, wanted))
        if not wrong:
            return passed("the server holds what was to be written, and all else as it was", "reaction", tried)
        finding = failed(wrong[0], "reaction", tried, is_certain=True)
        finding.details += [("also", listed(wrong[1:]))] if wrong[1:] else []
        return finding

    def _request_rules(self, rules: Sequence[str]) -> CaseFinding:
        outside = self._observed.outside if "outside" in rules else []
        if outside:
            finding = failed(outside[0], "wire", is_certain=True)
            finding.details += [("also", listed(outside[1:]))] if outside[1:] else []
            return finding
        if not self._requests:
            finding = self._never_asked()
            finding.applicable = not any(each.recording.requests for each in self._story.session)
            return finding
        broken = [(request, issue) for request in self._requests for issue in request.issues if issue.rule in rules]
        wrong = [(request, issue) for request, issue in broken if issue.is_error]
        if not broken:
            return passed(f"{len(self._requests)} requests kept to it", "wire")
        request, issue = (wrong or broken)[0]
        finding = failed(issue.message, "wire", [request], is_certain=True)
        finding.details.append(("request", request.line()))
        others = [issue.message for _, issue in (wrong or broken)[1:]]
        finding.details += [("also", listed(list(dict.fromkeys(others))))] if others else []
        if not wrong:
            finding.verdict = Verdict.WARN
        return finding
