"""Judges values that a client should show: as they are, with the thing that they belong to, or by an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vbpr_conformance.observe.case_finding import WITNESS_HINT, CaseFinding, failed, nothing_put_out, passed, unseen
from vbpr_conformance.observe.client_story import ClientStory
from vbpr_conformance.observe.scenario_data import ScenarioData
from vbpr_conformance.observe.scenario_file import ScenarioCase
from vbpr_conformance.observe.scenario_questions import question_id, question_text
from vbpr_conformance.observe.shown_facts import EXACT, OutputText
from vbpr_conformance.observe.shown_values import (
    ClientOutput,
    SoughtValue,
    ValueSighting,
    form_values,
    nearly_all,
    sightings,
    sought_values,
)
from vbpr_conformance.observe.verdict_words import element_shown, listed, value_name
from vbpr_conformance.observe.witness_tree import Piece

_Forms = tuple[dict[str, list[SoughtValue]], dict[str, str], dict[str, ValueSighting]]
_DISPLAYED = 3
"""So many values of its own and a resource is displayed, not only named."""


class ValueJudge:
    """The verdicts on the values of one scenario."""

    def __init__(self, output: ClientOutput, data: ScenarioData, story: ClientStory) -> None:
        self._output = output
        self._data = data
        self._story = story
        self._forms: dict[str, _Forms] = {}

    def values(self, case: ScenarioCase) -> CaseFinding:
        """Judge a case about values that are asked for."""
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

    def form(self, case: ScenarioCase, prefix: str) -> CaseFinding:
        """Judge a case about a must-support form; the resources that show them are called `prefix`."""
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
        wrong = [(key, text) for key, text in answered.items() if text and text != EXACT]
        open_ones = {key: each for key, each in asked.items() if each.said != EXACT and answered[key] != EXACT}
        lost = [each for each in found if each.said not in {"", EXACT}]
        if lost:
            finding = failed(f"{value_name(lost[0])}: {lost[0].said}", "witness", is_certain=True)
        elif wrong:
            key, text = wrong[0]
            return failed(f"{value_name(asked[key])}: {text}", "answer", is_certain=True)
        elif not open_ones:
            step = "answer" if any(answered.values()) else "witness"
            return passed(f"{len(found)} of {len(found)} values are shown", step)
        elif self._output.is_empty:
            finding = nothing_put_out()
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
                finding = unseen(f"{value_name(missing[0])} is not shown", f"{WITNESS_HINT}; or answer the question")
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
            sentence = given.shows(fact)
            if sentence != EXACT:
                return sentence or f"answered {text.strip()!r}, it is {fact.told()}"
        return EXACT
