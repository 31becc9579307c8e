"""The matrix: every fault of our own client turns the cases red that are about it, and the faultless client none."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import pytest
from client_bench import make_bench
from client_faults import CLIENT_FAULTS, ClientFault

from vbpr_conformance.generate.json_location import locations
from vbpr_conformance.generate.paths import resolve
from vbpr_conformance.observe.scenario_data import plain_leaves
from vbpr_conformance.suite.verdicts import Verdict

FAULTS = [each for each in CLIENT_FAULTS if each.turns]


def test_there_are_enough_faults():
    assert len(CLIENT_FAULTS) >= 60
    assert len({each.name for each in CLIENT_FAULTS}) == len(CLIENT_FAULTS)


@pytest.mark.parametrize(
    "fault", [each for each in FAULTS if "/token" not in each.turns[0]], ids=lambda each: each.name
)
def test_a_fault_is_told_in_the_scenario_about_it(bench, fault):
    """By a failure whose message is no breakdown of the client."""
    wrong = {}
    for turned in fault.turns:
        scenario, _, case = turned.partition("/")
        result = bench.judged(scenario, fault)[case]
        if result.verdict is not Verdict.FAIL:
            wrong[turned] = (result.verdict, result.message)
    assert wrong == {}


def _vandal():
    """Does the task rightly, and afterwards everything that each scenario asks clients not to do."""

    def after(_, client):
        targets = [f"{client.base}/MeasureReport?nonsense=1", f"{client.base}?_page=made-up.1"]
        targets += [client.base.removesuffix("/fhir"), *[f"{client.base}/MeasureReport/nobody-named-this"] * 9]
        for each in targets:
            client.http.get(each)

    return ClientFault("vandal", changes={"after": after})


ALL = make_bench().session.scenarios
SCENARIOS = [each.id for each in ALL if not each.faults]


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_judges_requests(bench, name):
    """The cases that all scenarios have can turn red in each."""
    results = bench.judged(name, _vandal())
    assert {results[case].verdict for case in ("requests", "paging", "patience", "within-base")} == {Verdict.FAIL}


def _asks_for_nothing():
    return next(each for each in CLIENT_FAULTS if each.name == "finds-nothing")


@pytest.mark.parametrize("name", SCENARIOS)
def test_who_asks_another_question_obtains_nothing(bench, name):
    """Every task has to be done: what never reached the client is a failure, once it has asked for anything."""
    results = bench.judged(name, _asks_for_nothing())
    for case in ("delivered", "versions"):
        if case in results and not bench.stories[name].trouble:
            assert results[case].verdict is Verdict.FAIL or (
                case == "versions" and results[case].verdict is Verdict.SKIP
            )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["performance-elements", "quality-elements", "measure-elements"])
def test_every_must_support_element_that_is_dropped_is_missed(bench, name):
    """One element after the other is left out of what is shown; the case of each form tells it.

    What the same resource says again in another place (a code that two of its elements have) is not seen to be lost.
    """
    observed = bench.visit(name)
    story = bench.stories[name]
    whole = observed.scenario
    made = [held for held in observed.data.held.values() if held.form]
    silent = []
    for held in made[:: 2 if name == "performance-elements" else 4]:
        case = f"{name}/shows/{held.form.name.replace(':', '.')}"
        observed.scenario = replace(whole, cases=tuple(each for each in whole.cases if each.id == case))
        dropped, values = _without(held, observed)
        story.outputs = [("shown.json", _json([dropped if each is held else each.resource for each in made]))]
        result = next(iter(bench.verdicts(name).values()))
        rest = {str(each) for each in plain_leaves(dropped)}
        stands_elsewhere = any(each in rest and "://" not in each for each in values)
        if result.applicable and result.verdict is not Verdict.FAIL and not stands_elsewhere:
            silent.append((case, result.message))
    observed.scenario = whole
    assert silent == []


def _without(dropped, observed):
    """The resource without the element, and the texts that it had there."""
    resource = deepcopy(dropped.resource)
    path = resolve(dropped.form.path, dropped.profile, observed.settings.edition)
    found = list(locations(resource, path))
    texts = [str(each) for each in plain_leaves([location.value for location in found])]
    for location in reversed(found):
        location.remove()
    return resource, texts


def _json(resources):
    from vbpr_conformance.fhir import json_codec

    return json_codec.dumps(resources).encode()
