"""How failures are grouped by what caused them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vbpr_conformance.ig.model import Requirement
from vbpr_conformance.suite.causes import aboutness, causes
from vbpr_conformance.suite.verdicts import CaseResult, FailedCheck, Verdict


def about(**keys: str) -> Requirement:
    return Requirement("r", "server", "SHALL", keys, "", "")


def check(interaction: str, resource: str = "MeasureReport", **more) -> FailedCheck:
    return FailedCheck("cause", interaction, resource, **more)


@pytest.mark.parametrize(
    ("failed", "requirement", "expected"),
    [
        (check("read"), about(resource="MeasureReport", interaction="read"), 2),
        (check("read", "Measure"), about(resource="MeasureReport", interaction="read"), 0),
        (check("read"), about(resource="MeasureReport", interaction="update"), 0),
        (check("conditional-create"), about(resource="MeasureReport", conditional="create"), 3),
        (check("conditional-create"), about(resource="MeasureReport", interaction="create"), 1),
        (check("conditional-update"), about(resource="MeasureReport", conditional="create"), 0),
        (check("search-type", parameters=("date",)), about(resource="MeasureReport", search="date"), 3),
        (check("search-type", parameters=("date",)), about(resource="MeasureReport", search="period"), 0),
        (check("search-type", parameters=("_include",)), about(resource="MeasureReport", include="MeasureReport:x"), 3),
        (check("read", element="MeasureReport.date"), about(profile="p", element="MeasureReport.date"), 3),
        (check("read", element="MeasureReport.group.id"), about(profile="p", element="MeasureReport.group"), 0),
        (check("read", element="MeasureReport.extension"), about(profile="p", element="MeasureReport.extension:a"), 3),
        (check("read", element="MeasureReport.valueCode"), about(profile="p", element="MeasureReport.value[x]"), 3),
        (check("read", element=""), about(profile="p", element="MeasureReport.date"), 0),
        (check("read", formats=("xml",)), about(format="xml"), 1),
        (check("read", formats=("json",)), about(format="xml"), 0),
        (check("read", matcher="conforms_to"), about(profile="p"), 2),
        (check("read", matcher="status"), about(profile="p"), 0),
        (check("read"), about(topic="errors"), 1),
        (None, about(topic="errors"), 0),
    ],
)
def test_a_check_is_about_what_it_looked_at(failed, requirement, expected):
    """The element before the interaction, the interaction before the topic."""
    assert aboutness(failed, requirement) == expected


def failing(name: str, cause: str, **more) -> CaseResult:
    failed = FailedCheck(cause, **{"interaction": "search-type", "resource": "MeasureReport", "status": 200, **more})
    return CaseResult(name, "suite", "t", "SHALL", Verdict.FAIL, message=f"{cause} {name}", check=failed)


def test_many_parameters_that_fail_alike_have_one_cause():
    """Where every search fails it is searching that is broken; two of many are two."""
    many = [failing(f"c{n}", f"MeasureReport?p{n} returned … of … expected") for n in range(5)]
    assert [len(each.cases) for each in causes(many, {})] == [5]
    assert [len(each.cases) for each in causes(many[:4], {})] == [1] * 4
    assert [len(each.cases) for each in causes(many[:2], {})] == [1, 1]


def test_what_is_lost_in_any_interaction_is_one_cause():
    """Decimals that lose their zeros do so in reads and in patches."""
    cause = "Decimals lose zeros at their end"
    found = causes(
        [
            failing("a", cause, interaction="read", matcher="shows"),
            failing("b", cause, interaction="patch", matcher="same_as"),
        ],
        {},
    )
    assert [each.sentence for each in found] == [cause]
    assert found[0].id == "decimals-lose-zeros-at-their-end"


def test_what_fails_alike_with_several_types_has_one_cause():
    """A server that cannot read cannot read anything, and a SHOULD of it is no second finding."""
    many = [
        failing(kind, f"read of a {kind} is answered 501", interaction="read", resource=kind) for kind in ("A", "B")
    ]
    weak = replace(many[0], id="weak", verdict=Verdict.WARN)
    [cause] = causes([weak, *many], {})
    assert (cause.verdict, len(cause.cases)) == (Verdict.FAIL, 3)
    assert "(the same with other types)" in cause.sentence
    searches = [failing(kind, f"{kind}?date returned …", resource=kind) for kind in ("A", "B")]
    assert len(causes(searches, {})) == 2


def test_what_follows_from_a_parameter_that_does_not_work_is_no_cause_of_its_own():
    """Other searches by it are put with it where many fail; what they are about is not verified."""
    by_date = {"parameters": ("date",)}
    date = replace(about(resource="MeasureReport", search="date"), id="date")
    search = replace(about(resource="MeasureReport", interaction="search-type"), id="search")
    known = {"date": date, "search": search}
    own = [replace(failing(f"d{n}", "returned too much", **by_date), requirements=("date",)) for n in range(6)]
    other = replace(failing("count", "the total is wrong", **by_date), requirements=("search",))
    [cause] = causes([*own, other], known)
    assert (cause.breaks, cause.hides, len(cause.cases)) == (("date",), ("search",), 7)
    assert len(causes([*own[:2], other], known)) == 2
    elsewhere = replace(failing("x", "the total is wrong", parameters=("status",)), requirements=("search",))
    assert len(causes([*own, elsewhere], known)) == 2


def test_a_parameter_by_which_no_search_passes_is_one_cause():
    """Its forms fail in different words; where one of them passes, each is told by itself."""
    date = replace(about(resource="MeasureReport", search="date"), id="date")
    own = [replace(failing(f"d{n}", f"says {n}", parameters=("date",)), requirements=("date",)) for n in range(3)]
    [cause] = causes(own, {"date": date})
    assert (cause.breaks, len(cause.cases)) == (("date",), 3)
    fine = replace(own[0], id="fine", verdict=Verdict.PASS, check=None)
    assert len(causes([*own, fine], {"date": date})) == 3


def test_what_a_write_returns_is_lost_by_the_same_cause():
    """The answer to a create and a read that lose an element are one defect."""
    lost = [
        failing(name, "date is lost", interaction=name, matcher=matcher)
        for name, matcher in (("create", "returns"), ("read", "same_as"), ("update", "shows"))
    ]
    assert [len(each.cases) for each in causes(lost, {})] == [3]


def test_a_status_tells_causes_apart():
    """The same sentence with another status is another defect."""
    found = causes([failing("a", "x", status=404), failing("b", "x", status=200)], {})
    assert len(found) == 2
    assert len({each.id for each in found}) == 2


def test_a_cause_is_told_by_what_all_of_its_cases_say():
    """Where each says the same that is it, to the end of its first line; else what they have in common."""

    def saying(name, message):
        return CaseResult(
            name,
            "suite",
            "t",
            "SHALL",
            Verdict.FAIL,
            message=message,
            check=FailedCheck("GET answered 500", "read", "X"),
        )

    assert causes([saying("a", "read X/1 answered 500\nmore"), saying("b", "read X/1 answered 500\nmore")], {})[
        0
    ].sentence == ("read X/1 answered 500")
    assert causes([saying("a", "read X/1 answered 500"), saying("b", "read X/2 answered 500")], {})[0].sentence == (
        "GET answered 500"
    )


def test_the_id_of_a_cause_is_short_enough_for_a_file():
    """And never empty."""
    [cause] = causes([failing("a", "x" * 100)], {})
    assert cause.id == "x" * 60
    [cause] = causes([CaseResult("a", "suite", "t", "SHALL", Verdict.FAIL, message="…")], {})
    assert cause.id == "cause"
