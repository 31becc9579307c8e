"""Judges a scenario: its recorded requests, the client's output and answers against the checks of its cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from vbpr_conformance.observe.case_finding import CaseFinding, failed, passed, unseen
from vbpr_conformance.observe.client_story import ClientStory
from vbpr_conformance.observe.observed_scenario import ObservedScenario
from vbpr_conformance.observe.recording import RecordedRequest
from vbpr_conformance.observe.request_ticks import tick
from vbpr_conformance.observe.scenario_data import HeldResource
from vbpr_conformance.observe.scenario_file import ScenarioCase
from vbpr_conformance.observe.scenario_language import AskedCheck
from vbpr_conformance.observe.scenario_questions import attestation, question_id, question_text
from vbpr_conformance.observe.shown_facts import EXACT, OutputText, ShownFact
from vbpr_conformance.observe.shown_values import (
    ClientOutput,
    SoughtValue,
    ValueSighting,
    form_values,
    listed_alike,
    nearly_all,
    sightings,
    sought_values,
)
from vbpr_conformance.observe.verdict_words import element_shown, kind_of_text, listed, value_name
from vbpr_conformance.observe.witness_tree import Piece, plain
from vbpr_conformance.rest.curl import curl_line
from vbpr_conformance.suite.recorder import CaseRecorder
from vbpr_conformance.suite.verdicts import CaseResult, Verdict

_Forms = tuple[dict[str, list[SoughtValue]], dict[str, str], dict[str, ValueSighting]]
_DATA_INTERACTIONS = frozenset({"capabilities", ""})
_MOST_ASKED = 3
_DISPLAYED = 3
"""So many values of its own and a resource is displayed, not only named."""


class ScenarioJudge:
    """The verdicts of one scenario."""

    def __init__(self, observed: ObservedScenario, story: ClientStory) -> None:
        self._observed = observed
        self._story = story
        self._data = observed.data
        self._requests = observed.recording.requests
        self._output = ClientOutput(story.outputs, observed.data, observed.settings.edition)
        self._delivered: dict[str, set[str]] = {}
        for request in self._requests:
            for each in observed.recording.delivered(request):
                version = str(each.resource.get("meta", {}).get("versionId", ""))
                self._delivered.setdefault(each.reference, set()).add(version)
        self._forms: dict[str, _Forms] = {}
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
        details = [("requirement", f"{each.id} · {each.source}") for each in case.requirements[:3]]
        details += [("task", self.task()), ("evidence", finding.step), *finding.details]
        message = finding.message
        if verdict is Verdict.SKIP and self._is_left_to_client(case):
            finding.applicable = False
        if self._story.trouble and not finding.is_certain and verdict is not Verdict.PASS:
            verdict, message = Verdict.ERROR, self._story.trouble
        elif verdict is Verdict.SKIP and case.spec.unseen == "warn" and finding.applicable:
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
        if exchanges and verdict in {Verdict.FAIL, Verdict.WARN}:
            details.append(("seen again with", curl_line(exchanges[0])))
        details += [("specification", case.spec.link)] if case.spec.link else []
        details.append(("scenario", case.source))
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

    def _attested(self, case: ScenarioCase, finding: CaseFinding) -> CaseFinding:
        """Take somebody's word for what was neither seen nor answered."""
        said = attestation(self._story.answers.get(case.id, ""))
        return passed(said, "attestation") if said else finding

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
            "hidden": lambda: self._hidden(named(spec.hidden), named(self._wanted())),
            "withheld": lambda: self._withheld(spec.withheld),
            "values": lambda: self._values(case),
            "form_of": lambda: self._form(case, spec.form_of or ""),
            "requests": lambda: self._request_rules(spec.requests),
            "asked": lambda: self._ticked(spec.asked),
            "written": lambda: self._written(spec.written or ""),
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
            said = (
                f"all {len(wanted)} reached the client"
                if len(wanted) > 1
                else f"{wanted[0].reference} reached the client"
            )
            return passed(said, "reaction", self._started())
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
            return passed(f"all {len(wanted)} are shown", "witness")
        if len(missing) == len(wanted) and not self._output.shows_any(self._data.held.values()):
            return unseen("the client's output names none of them", self._witness_hint())
        named = listed([each.reference for each in missing])
        return failed(f"{len(missing)} of {len(wanted)} are not shown: {named}", "witness")

    def _no_output(self) -> CaseFinding:
        return unseen("nothing was put out that could be looked at", self._witness_hint())

    def _witness_hint(self) -> str:
        return (
            "let the client write what it shows to its standard output or into VBPR_OUTPUT, or give it with --witness"
        )

    def _hidden(self, decoys: Sequence[HeldResource], wanted: Sequence[HeldResource]) -> CaseFinding:
        if self._output.is_empty:
            return self._no_output()
        wanted = [each for each in wanted if each not in decoys]
        if not self._output.shows_any([*wanted, *decoys]):
            return unseen("the client's output names none of the scenario's resources", self._witness_hint())
        for decoy in [*decoys, *self._come_along(wanted)]:
            said = listed_alike(wanted, decoy, self._output)
            if said:
                finding = failed(
                    f"{decoy.reference} is listed with what was asked for, and is not it", "witness", is_certain=True
                )
                finding.details.append(("shown as", said))
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
        return unseen("the client's output shows nothing of the scenario", self._witness_hint())

    def _values(self, case: ScenarioCase) -> CaseFinding:
        check = case.spec.values
        if check is None:
            raise LookupError(case.id)
        values, labels = sought_values(check, self._output)
        if not values:
            finding = unseen("the edition has no such value", "nothing")
            finding.applicable = False
            return finding
        found = sightings(values, labels, self._output)
        certain = check.ask == "each" or nearly_all(each.said == EXACT for each in found)
        return self._judged(case, found, labels, certain_missing=certain)

    def _form(self, case: ScenarioCase, prefix: str) -> CaseFinding:
        if case.form in self._data.not_built:
            finding = unseen(f"it cannot stand there: {self._data.not_built[case.form]}", "nothing")
            finding.applicable = False
            return finding
        forms, labels, sights = self._all_forms(prefix)
        values = forms.get(case.form, [])
        if not values:
            finding = unseen("it has no value that could be shown", "nothing")
            finding.applicable = False
            return finding
        found = [sights[each.thing] for each in values]
        certain = nearly_all(each.said == EXACT for each in sights.values())
        return self._judged(case, found, labels, certain_missing=certain)

    def _all_forms(self, prefix: str) -> _Forms:
        if prefix not in self._forms:
            forms, labels = form_values(prefix, self._output)
            flat = [each for values in forms.values() for each in values]
            found = {each.value.thing: each for each in sightings(flat, labels, self._output)}
            self._forms[prefix] = forms, labels, found
        return self._forms[prefix]

    def _judged(
        self, case: ScenarioCase, found: Sequence[ValueSighting], labels: Mapping[str, str], *, certain_missing: bool
    ) -> CaseFinding:
        """Take the worst of several sightings; an answer stands in for what was not shown, not for what is wrong."""
        asked = {question_id(case, number): each for number, each in enumerate(found, 1)}
        answered = {key: self._answer(key, each) for key, each in asked.items()}
        wrong = [(key, said) for key, said in answered.items() if said and said != EXACT]
        open_ones = {key: each for key, each in asked.items() if each.said != EXACT and answered[key] != EXACT}
        lost = [each for each in found if each.said not in {"", EXACT}]
        if lost:
            finding = failed(f"{value_name(lost[0])}: {lost[0].said}", "witness", is_certain=True)
        elif wrong:
            key, said = wrong[0]
            return failed(f"{value_name(asked[key])}: {said}", "answer", is_certain=True)
        elif not open_ones:
            step = "answer" if any(answered.values()) else "witness"
            return passed(f"{len(found)} of {len(found)} values are shown", step)
        elif self._output.is_empty:
            finding = self._no_output()
        else:
            missing = list(open_ones.values())
            something = any(each.said == EXACT for each in found)
            speaks = [
                each
                for each in missing
                if ((something and (each.thing_shown or each.is_sure)) or self._says_more(each))
                and self._is_dropped(case, each)
            ]
            if speaks and certain_missing:
                finding = failed(f"{value_name(speaks[0])} is not shown, though what it belongs to is", "witness")
                finding.details += (
                    [("also missing", listed([value_name(each) for each in speaks[1:]]))] if speaks[1:] else []
                )
            else:
                finding = unseen(
                    f"{value_name(missing[0])} is not shown", f"{self._witness_hint()}; or answer the question"
                )
        finding.questions = {key: question_text(each.value, labels) for key, each in open_ones.items()}
        return finding

    def _is_dropped(self, case: ScenarioCase, sighting: ValueSighting) -> bool:
        """Whether the client shows such values elsewhere: what it never shows at all was just not seen."""
        kinds = self._story.kinds
        return case.spec.values is None or kinds is None or element_shown(sighting) in kinds

    def _says_more(self, sighting: ValueSighting) -> bool:
        """Whether the output tells what a resource holds, more than its name: then leaving a value out is a choice."""
        reference = sighting.value.thing.split()[0]
        held = next((each for each in self._data.held.values() if each.reference == reference), None)
        return held is not None and self._output.own_values_shown(held) >= _DISPLAYED

    def _answer(self, key: str, sighting: ValueSighting) -> str:
        text = self._story.answers.get(key, "")
        if not text.strip():
            return ""
        given = OutputText([Piece(text)])
        for fact in sighting.value.facts:
            said = given.shows(fact)
            if said != EXACT:
                return said or f"answered {text.strip()!r}, it is {fact.told()}"
        return EXACT

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

    def _written(self, name: str) -> CaseFinding:
        held = self._data.held[name]
        app = self._observed.app
        row = app.server.store.current(held.profile.type, held.resource["id"])
        tried = [each for each in self._requests if each.method in {"POST", "PUT", "PATCH", "DELETE"}]
        if row is not None and row.body is not None:
            return passed(f"the server holds {held.reference}", "reaction", tried)
        if not tried:
            return unseen("nothing was written", "let the client do the task")
        return failed(f"the server does not hold {held.reference}", "reaction", tried)
