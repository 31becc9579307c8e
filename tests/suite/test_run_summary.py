"""From cases to causes, to requirements, to the run."""

from __future__ import annotations

from datetime import date

import pytest

from vbpr_conformance.ig.model import Requirement
from vbpr_conformance.suite.deviations import Deviation
from vbpr_conformance.suite.run_summary import RunSummary, SelectedCase, summarise
from vbpr_conformance.suite.verdicts import CaseResult, FailedCheck, Verdict

READ = Requirement("mr-read", "server", "SHALL", {"resource": "MeasureReport", "interaction": "read"}, "", "")
UPDATE = Requirement("mr-update", "server", "SHALL", {"resource": "MeasureReport", "interaction": "update"}, "", "")
PATIENT = Requirement("mr-patient", "server", "MAY", {"resource": "MeasureReport", "search": "patient"}, "", "")
ELEMENT = Requirement("ms-date", "server", "SHALL", {"profile": "p", "element": "MeasureReport.date"}, "", "")
SECURITY = Requirement("security", "server", "SHALL", {"topic": "security"}, "", "", not_tested="no run can tell")
ALL = (READ, UPDATE, PATIENT, ELEMENT)

READ_FAILS = FailedCheck("GET MeasureReport answered 500", "read", "MeasureReport", status=500, matcher="status")


def result(verdict: str, *requirements: str, name: str = "", check: FailedCheck | None = None, **more) -> CaseResult:
    more.setdefault("message", check.cause if check else "said" if verdict != "pass" else "")
    case = name or f"case-{'-'.join(requirements)}"
    return CaseResult(case, "suite", "title", "SHALL", Verdict(verdict), requirements=requirements, check=check, **more)


def judged(*results: CaseResult, requirements=(READ,), **more) -> RunSummary:
    return summarise(requirements, results, **more)


def verdict_of(summary: RunSummary, name: str) -> str:
    return next(each.verdict for each in summary.requirements if each.requirement.id == name)


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (["pass"], "conformant"),
        (["pass", "warn"], "conformant"),
        (["warn"], "incomplete"),
        (["pass", "fail"], "non-conformant"),
        (["pass", "error"], "error"),
        (["error", "fail"], "non-conformant"),
        (["pass", "skip"], "incomplete"),
        (["pass", "skip", "warn"], "incomplete"),
        (["skip"], "incomplete"),
        ([], "incomplete"),
    ],
)
def test_a_run_is_conformant_only_if_every_shall_was_tested_and_met(verdicts, expected):
    """A skip leaves a SHALL open; all skipped is not green; trouble is no verdict about the server."""
    results = [result(each, "mr-read", name=f"{number}") for number, each in enumerate(verdicts)]
    assert judged(*results).verdict == expected


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (["pass", "warn"], "warn"),
        (["warn", "skip"], "skip"),
        (["skip", "error"], "error"),
        (["error", "fail"], "fail"),
        (["pass"], "pass"),
        ([], "untested"),
    ],
)
def test_the_worst_case_decides_about_a_requirement(verdicts, expected):
    """A skip outranks a warning: what was not looked at may be broken."""
    results = [result(each, "mr-read", name=f"{number}") for number, each in enumerate(verdicts)]
    assert verdict_of(judged(*results), "mr-read") == expected
    assert verdict_of(judged(*reversed(results)), "mr-read") == expected


def test_one_defect_is_one_cause_and_breaks_only_what_it_is_about():
    """Where reads fail, mr-read is broken; what could not be read back is not verified because of that."""
    found = judged(
        result("fail", "mr-update", check=READ_FAILS),
        result("fail", "mr-read", check=READ_FAILS),
        result("fail", "ms-date", check=READ_FAILS),
        requirements=ALL,
    )
    [cause] = found.causes
    assert (cause.breaks, set(cause.hides)) == (("mr-read",), {"mr-update", "ms-date"})
    assert cause.cases[0].id == "case-mr-read"
    assert [each.requirement.id for each in found.broken] == ["mr-read"]
    assert [each.requirement.id for each in found.unverifiable] == ["mr-update", "ms-date"]
    assert verdict_of(found, "mr-update") == "skip"
    assert found.verdict == "non-conformant"


def test_a_failure_that_nothing_else_explains_breaks_what_its_case_tests():
    """A read after an update that fails while other reads work is the update's fault."""
    found = judged(result("fail", "mr-update", check=READ_FAILS), result("pass", "mr-read"), requirements=ALL)
    assert [each.requirement.id for each in found.broken] == ["mr-update"]
    assert verdict_of(found, "mr-read") == "pass"


def test_an_element_that_is_lost_breaks_the_element_and_not_the_read_that_shows_it():
    """The loss is told once, by the case about the element."""
    lost = FailedCheck(
        "date is lost", "read", "MeasureReport", matcher="shows", status=200, element="MeasureReport.date"
    )
    found = judged(
        result("fail", "mr-read", check=FailedCheck(**{**vars(lost), "matcher": "same_as", "element": "date"})),
        result("fail", "ms-date", check=lost),
        requirements=ALL,
    )
    assert [each.breaks for each in found.causes] == [("ms-date",)]
    assert [each.requirement.id for each in found.unverifiable] == ["mr-read"]


def test_a_may_is_never_among_the_broken_shall():
    """A claim that is not kept fails the run, and is told as what it is."""
    found = judged(result("pass", "mr-read"), result("fail", "mr-patient"), requirements=(READ, PATIENT))
    assert found.verdict == "non-conformant"
    assert [cause.strength for cause in found.causes] == ["MAY"]


def test_a_may_that_is_not_tested_leaves_nothing_open():
    """Only SHALL requirements have to be tested."""
    assert judged(result("pass", "mr-read"), requirements=(READ, PATIENT)).verdict == "conformant"


def test_what_does_not_apply_leaves_nothing_open():
    """What the guide leaves to a server that does not claim it is no gap, nor what no run can tell."""
    skipped = result("skip", "mr-update", applicable=False)
    found = judged(result("pass", "mr-read"), skipped, requirements=(READ, UPDATE, SECURITY))
    assert [each.requirement.id for each in found.not_applicable] == ["mr-update", "security"]
    assert found.verdict == "conformant"


def test_the_verdict_is_over_what_was_selected():
    """A suite of one's own that passes is conformant; what the edition has beyond it is known, and no gap."""
    mine = result("pass", "mr-read")
    found = judged(mine, requirements=ALL, whole=False)
    assert found.verdict == "conformant"
    assert [each.requirement.id for each in found.beyond] == ["mr-update", "mr-patient", "ms-date"]
    assert judged(mine, requirements=ALL).verdict == "incomplete"


def test_a_selected_case_that_did_not_run_leaves_its_requirement_open():
    """An interrupted run is no conformant one, whatever it judged."""
    selected = [
        SelectedCase("suite", "a", requirements=("mr-read",)),
        SelectedCase("suite", "b", requirements=("mr-update",)),
    ]
    done = result("pass", "mr-read", name="a")
    found = judged(done, requirements=ALL, whole=False, selected=selected, interrupted=True)
    assert found.verdict == "incomplete"
    assert [(each.requirement.id, each.reason) for each in found.untested] == [
        ("mr-update", "the run was interrupted before")
    ]


def test_a_failing_case_that_names_no_requirement_comes_first():
    """Nothing else would say that it exists."""
    found = judged(result("fail", "mr-read"), result("fail", name="mine", message="mine"))
    assert [cause.cases[0].id for cause in found.causes] == ["mine", "case-mr-read"]
    assert [each.id for each in found.unlinked] == ["mine"]


def test_a_case_without_requirement_that_could_not_be_tested_leaves_the_run_open():
    """All that was selected has to be judged."""
    assert judged(result("pass", name="a"), result("skip", name="b"), whole=False).verdict == "incomplete"
    assert judged(result("pass", name="a"), whole=False).verdict == "conformant"


def test_shall_comes_before_should_and_known_ones_last():
    """What must be done first is read first."""
    found = judged(
        result("fail", "mr-update", name="known", message="k").known_as("later"),
        result("warn", "mr-read", name="warned", message="w"),
        result("fail", "mr-read", name="failed", message="f"),
        requirements=ALL,
    )
    assert [cause.cases[0].id for cause in found.causes] == ["failed", "warned", "known"]


def test_a_known_deviation_counts_no_more():
    """It is shown, its requirement is neither met nor broken, and the run passes."""
    found = judged(
        result("pass", "mr-read"),
        result("fail", "mr-update").known_as("ticket 7"),
        requirements=(READ, UPDATE),
    )
    assert found.verdict == "conformant"
    assert [each.requirement.id for each in found.known] == ["mr-update"]
    assert found.broken == ()


def test_trouble_before_the_first_case_is_an_error():
    """Nothing was judged: that says nothing about conformance."""
    assert judged(trouble="no answer").verdict == "error"


def test_two_suites_may_have_a_case_of_the_same_name():
    """The failure of one is not hidden by the success of the other."""
    mine = CaseResult("read", "Mine", "t", "SHALL", Verdict.FAIL, message="no", requirements=("mr-read",))
    packaged = CaseResult("read", "Packaged", "t", "SHALL", Verdict.PASS, requirements=("mr-read",))
    assert judged(mine, packaged).verdict == "non-conformant"


def test_an_error_breaks_no_requirement():
    """It leaves what it would have judged open."""
    found = judged(result("error", "mr-read"))
    assert [(cause.breaks, cause.hides) for cause in found.causes] == [((), ("mr-read",))]
    assert found.broken == ()


def test_what_a_known_deviation_hides_leaves_nothing_open_and_a_skip_beside_it_does():
    """That it cannot be verified is known as well; what was not tested for another reason is not."""
    known = result("fail", "mr-read", "ms-date", check=READ_FAILS).known_as("ticket 7")
    found = judged(result("pass", "mr-update"), known, requirements=(READ, UPDATE, ELEMENT))
    assert (verdict_of(found, "ms-date"), found.verdict) == ("skip", "conformant")
    assert found.unverifiable
    beside = result("skip", "ms-date", name="beside")
    found = judged(result("pass", "mr-update"), known, beside, requirements=(READ, UPDATE, ELEMENT))
    assert found.verdict == "incomplete"


def test_a_deviation_past_its_date_is_said_to_be():
    """The day of the run decides."""
    until = Deviation(("a",), expires=date(2026, 3, 1))
    found = judged(result("pass", "mr-read", name="a"), deviations=[until], today=date(2026, 3, 2))
    assert [each.expired for each in found.deviations] == [True]
    found = judged(result("pass", "mr-read", name="a"), deviations=[until], today=date(2026, 3, 1))
    assert [each.expired for each in found.deviations] == [False]
    assert [each.expired for each in judged(deviations=[until]).deviations] == [False]


def test_a_requirement_tells_why_it_is_open():
    """The first line of the first case that decides; that the run was interrupted only where no case was run."""
    skips = [
        result("skip", "mr-read", name=name, message=f"{name}\nmore", applicable=name != "no")
        for name in ("no", "a", "b")
    ]
    [judgement] = judged(*skips, interrupted=True).requirements
    assert (judgement.verdict, judgement.reason) == ("skip", "a")
    [judgement] = judged(requirements=(READ,)).requirements
    assert judgement.reason == "no case ran"
    never = [result("skip", "mr-read", name=name, message=name, applicable=False) for name in ("first", "second")]
    [judgement] = judged(*never).requirements
    assert (judgement.applicable, judgement.reason) == (False, "first")


def test_what_breaks_a_requirement_twice_is_known_only_if_both_are():
    """It is told by the first reason."""
    one = result("fail", "mr-read", name="one", message="one").known_as("ticket 1")
    two = result("fail", "mr-read", name="two", message="two")
    found = judged(one, two.known_as("ticket 2"))
    assert [each.known for each in found.known] == ["ticket 1"]
    found = judged(one, two)
    assert (found.known, [each.known for each in found.broken]) == ((), [""])
