"""Faults and cases: what the self-test, which tries that all faults are caught and all cases can fail, does not say."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

import pytest
from reach import breaks, reach

from vbpr_conformance.ig.loader import editions, load_edition
from vbpr_conformance.reference.faults import Fault, catalogue
from vbpr_conformance.reference.store import Store
from vbpr_conformance.selftest.in_process import fill, results_of
from vbpr_conformance.selftest.trial import Setting, setting_of
from vbpr_conformance.suite.coverage import all_cases
from vbpr_conformance.suite.expand import Case
from vbpr_conformance.suite.verdicts import CaseResult, Verdict

EDITION = load_edition("1.1.0")
FAULTS = catalogue(EDITION)
CASES = [case for case in all_cases(EDITION)[0] if setting_of(case) is Setting.OPEN]
"""Those of security need a server that asks for credentials: test_security_cases.py."""
SAMPLE = 16
"""One fault of so many is tried each time."""
CONTROLS = 6
"""How many cases look whether a fault breaks what is not its own."""


def is_red(result: CaseResult) -> bool:
    """Whether a check has found something."""
    return result.verdict in {Verdict.FAIL, Verdict.WARN}


def is_about(case: Case, fault: Fault) -> bool:
    """Whether a case tests the requirement that a fault breaks."""
    return any(requirement.about == fault.breaks for requirement in case.requirements)


def controls(fault: Fault) -> list[Case]:
    """Some cases that use nothing of what the fault breaks: others for each fault, all of them over all faults.

    Those of search share many resources, which takes time: only faults of search are tried on them.
    """
    searching = breaks(fault).startswith("search") or "include" in fault.breaks
    apart = [case for case in CASES if _apart(case, fault) and (searching or not case.suite.spec.population)]
    if not apart:  # a fault of every answer leaves nothing alone
        return []
    start = list(FAULTS).index(fault.name)
    return [apart[(start + number * len(apart) // CONTROLS) % len(apart)] for number in range(CONTROLS)]


def _of_element(case: Case) -> bool:
    """Whether a case is about a must-support element of a profile."""
    return {"profile", "element"} <= case.row.keys()


def _apart(case: Case, fault: Fault) -> bool:
    """Whether a case uses nothing of what a fault breaks, or looks at another element, neither around it nor inside."""
    if "element" not in fault.breaks or not _of_element(case):
        return breaks(fault) not in reach(case)
    one, other = case.row["element"], fault.breaks["element"]
    return case.row["profile"] != fault.breaks["profile"] or not (one.startswith(other) or other.startswith(one))


def run(cases: Iterable[Case], fault: str | None = None, **settings: object) -> list[CaseResult]:
    return results_of(EDITION, cases, fault=fault, **settings)


def accused(fault: Fault) -> list[str]:
    """Give what is said against a fault by cases that use nothing of what it breaks."""
    return [
        f"{each.id}: {each.message}"
        for each in run(controls(fault), fault.name)
        if is_red(each) or each.verdict is Verdict.ERROR
    ]


OPEN = [name for name, fault in FAULTS.items() if not fault.needs_credentials]


@pytest.mark.parametrize("name", OPEN[::SAMPLE])
def test_a_fault_is_no_fault_of_anything_else(name):
    """Cases that do not use what a fault breaks stay as they are."""
    assert accused(FAULTS[name]) == []


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1, SAMPLE))
def test_no_fault_is_a_fault_of_anything_else(first):
    """The same for the others."""
    wrong = {name: accused(FAULTS[name]) for name in OPEN[first::SAMPLE]}
    assert {name: each for name, each in wrong.items() if each} == {}


@pytest.mark.parametrize("version", editions())
def test_the_good_server_is_green(version):
    """Against the server without a fault every case that applies passes, in each edition."""
    edition = load_edition(version)
    cases = [case for case in all_cases(edition)[0] if case.spec.mode != "read-only"]
    wrong = [each for each in results_of(edition, cases) if each.applicable and each.verdict is not Verdict.PASS]
    assert [f"{each.id}: {each.message}" for each in wrong] == []


def test_a_name_taken_from_the_statement_is_explained():
    """A server that knows a parameter only by the wrong name in the guide's statement fails, and is told why."""
    case = next(case for case in CASES if case.id == "search-category/code")
    result = run([case], "search-category-called-otherwise")[0]
    assert result.verdict is Verdict.FAIL
    notes = [text for label, text in result.details if label == "note"]
    assert len(notes) == 1
    assert "answers to measurereport-category" in notes[0]
    assert "code is category" in notes[0]


@pytest.mark.parametrize("fault", ["search-category-ignored", "search-category-empty"])
def test_a_hint_needs_something_that_was_found(fault):
    """A server that answers every name with everything, or with nothing, is not said to answer to one of them."""
    cases = [case for case in CASES if case.row.get("param") == "category"]
    failed = [each for each in run(cases, fault) if is_red(each)]
    assert len(failed) > 4
    assert [each.id for each in failed if "note" in dict(each.details)] == []


@pytest.mark.slow
def test_every_form_of_an_element_can_fail():
    """The loss of a must-support element is seen in each of the forms it can have.

    `VBPR_SELFTEST` is the result of a self-test that has tried that already.
    """
    file = os.environ.get("VBPR_SELFTEST")
    known = json.loads(Path(file).read_text(encoding="utf-8"))["seen"] if file else {}
    left = []
    for name in (name for name, fault in FAULTS.items() if "element" in fault.breaks):
        own = [case for case in CASES if _of_element(case) and is_about(case, FAULTS[name])]
        seen = known[name] if known else [each.id for each in run(own, name) if is_red(each)]
        left += [f"{name}: {each.id}" for each in own if each.id not in seen]
    assert left == []


READ_ONLY = [case for case in all_cases(EDITION)[0] if setting_of(case) is Setting.HOLDING]
HELD = sorted({case.row["profile"] for case in READ_ONLY if "profile" in case.row})


def read(name: str | None = None, *, loads: bool = True) -> dict[str, Verdict]:
    """Run the cases that only read, those that apply, against a server that holds resources with everything in them.

    `name` is a fault.
    """
    store = Store()
    if loads:
        fill(store, EDITION, HELD)
    found = results_of(EDITION, READ_ONLY, store=store, fault=name, read_only=True)
    return {each.id: each.verdict for each in found if each.applicable}


def test_what_is_held_is_looked_at():
    """In a run that only reads, everything is verified on good resources, and nothing where there are none."""
    assert set(read().values()) == {Verdict.PASS}
    assert set(read(loads=False).values()) == {Verdict.SKIP}
    assert read("read-fails")["existing-read"] is Verdict.FAIL
    assert read("search-summarised")["existing-conforms"] is Verdict.FAIL
