"""Clients that do every task rightly, each in a style of its own, fail nowhere."""

from __future__ import annotations

import pytest
from client_faults import CLIENT_FAULTS
from styled_clients import FAULTY_STYLES, STYLES, PostingText

from vbpr_conformance.ig.loader import load_edition
from vbpr_conformance.observe.scenario_file import load_scenarios
from vbpr_conformance.suite.verdicts import Verdict

SCENARIOS = [each.id for each in load_scenarios(load_edition("1.1.0"))]


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES, ids=lambda each: each.__name__)
def test_a_right_client_of_another_style_fails_nowhere(bench, style):
    wrong = {}
    for name in SCENARIOS:
        bench.visit(name, client=style)
        if bench.stories[name].trouble:
            wrong[name] = bench.stories[name].trouble
            continue
        for case, result in bench.verdicts(name).items():
            is_open = result.verdict is Verdict.SKIP and result.applicable and case in SHOWN
            if result.verdict in {Verdict.FAIL, Verdict.ERROR} or is_open:
                wrong[f"{name}/{case}"] = f"{result.verdict.value}: {result.message}"
    assert wrong == {}


IN_ANY_STYLE = (
    "rounded",
    "cut-to-integers",
    "zero-absent",
    "minus-lost",
    "negative-dropped",
    "day-made-up",
    "zone-lost",
    "time-lost",
    "by-component-dropped",
    "by-value-dropped",
    "alternate-money",
    "metric-dropped",
    "scores-exchanged",
    "pending-dropped",
    "year-ignored",
    "contract-ignored",
    "first-page-only",
    "logical-dropped",
    "unit-dropped",
    "modifier-ignored",
)


@pytest.mark.parametrize("style", FAULTY_STYLES, ids=lambda each: each.__name__)
@pytest.mark.parametrize("name", IN_ANY_STYLE)
def test_a_single_fault_is_told_in_any_style(bench, style, name):
    """By the same case as where everything is shown as JSON."""
    fault = next(each for each in CLIENT_FAULTS if each.name.startswith(name))
    scenario, _, case = fault.turns[0].partition("/")
    bench.visit(scenario, fault, style)
    found = bench.verdicts(scenario)[case]
    assert found.verdict is Verdict.FAIL, found.message


@pytest.mark.parametrize("name", ["pages-of-one", "opaque-next", "relative-next", "empty-first-page", "many-reports"])
def test_pages_are_the_same_for_a_search_by_post(bench, name):
    """Who reads the first page only misses something, whichever way it asked."""
    fault = next(each for each in CLIENT_FAULTS if each.name.startswith("first-page-only"))
    bench.visit(name, fault, PostingText)
    assert bench.verdicts(name)["delivered"].verdict is Verdict.FAIL


SHOWN = {"delivered", "shown", "nothing-else", "scores", "units", "by-value", "by-component", "dates", "reporter"}
