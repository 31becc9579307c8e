"""What a client that shows nothing can be asked instead: a question for each value, and the answers that are given.

An answer is a step weaker than what was seen; an attestation (somebody says so, by name and date) is the weakest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from vbpr_conformance.errors import UsageError
from vbpr_conformance.observe.observed_scenario import ObservedScenario
from vbpr_conformance.observe.scenario_file import Scenario, ScenarioCase
from vbpr_conformance.observe.shown_values import ClientOutput, SoughtValue, form_values, sought_values
from vbpr_conformance.suite.suite_file import did_you_mean

_ATTESTED = re.compile(r"attested by (?P<name>\S.*?),? on (?P<date>\d{4}-\d\d-\d\d)", re.IGNORECASE)


def question_id(case: ScenarioCase, number: int) -> str:
    """The id of the question for the value of this number (from 1) of a case."""
    return f"{case.id}#{number}"


def questions_of(observed: ObservedScenario) -> dict[str, str]:
    """Every question of a scenario: its id and its text."""
    return {
        question_id(case, number): question_text(value, labels)
        for case, values, labels in _asked(observed)
        for number, value in enumerate(values, 1)
    }


def _asked(
    observed: ObservedScenario,
) -> Iterable[tuple[ScenarioCase, Sequence[SoughtValue], Mapping[str, str]]]:
    nothing = ClientOutput((), observed.data, observed.settings.edition)
    forms = {case.spec.form_of for case in observed.scenario.cases if case.spec.form_of}
    made = {prefix: form_values(prefix, nothing) for prefix in forms}
    for case in observed.scenario.cases:
        if case.spec.values is not None:
            yield (case, *sought_values(case.spec.values, nothing))
        elif case.spec.form_of:
            by_form, labels = made[case.spec.form_of]
            yield case, by_form.get(case.form, []), labels


def question_text(value: SoughtValue, labels: Mapping[str, str]) -> str:
    """Ask for a value, in words that do not tell it; `labels` maps what things are called to the things."""
    resource, _, record = value.thing.partition(" ")
    called = next((name for name, thing in labels.items() if thing == value.thing and name not in resource), "")
    where = f"{called!r} in {resource}" if record and called else resource
    element = value.name.removeprefix(record).lstrip(".") or value.name
    return f"What is {element} of {where}?"


def attestation(answer: str) -> str:
    """Read who attests something, and when; nothing if the answer is no `attested by NAME on YYYY-MM-DD`."""
    found = _ATTESTED.fullmatch(answer.strip())
    return f"attested by {found['name']} on {found['date']}" if found else ""


def check_answers(answers: Mapping[str, str], scenarios: Iterable[Scenario]) -> None:
    """Refuse an answer to what nobody asks, with `UsageError`.

    Its key is the id of a question (`zero-scores/scores#1`) or, to attest that it is met, of a case.
    """
    cases = {case.id for scenario in scenarios for case in scenario.cases}
    for key, value in answers.items():
        case, mark, number = key.partition("#")
        if case not in cases or (mark and not number.isdigit()):
            raise UsageError(f"nothing is asked that is called {key!r}; {did_you_mean(case, cases)}")
        if not mark and not attestation(value):
            raise UsageError(
                f"{key}: {value!r} is no attestation; expected `attested by NAME on YYYY-MM-DD`, "
                f"or an answer to one of its questions, as `{key}#1: VALUE`"
            )
