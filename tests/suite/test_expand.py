"""Families become cases, the same in every process; what is left out is told."""

from __future__ import annotations

from vbpr_conformance.suite.coverage import all_cases, cases_by_requirement


def test_expansion_is_deterministic(edition):
    """Two expansions give the same ids in the same order, each once."""
    first = [case.id for case in all_cases(edition)[0]]
    assert first == [case.id for case in all_cases(edition)[0]]
    assert len(first) == len(set(first))
    assert not any(bad in name for name in first for bad in ("[", "]", "::"))


def test_every_shall_has_a_case_or_a_reason(edition, edition_1_0_0):
    """No SHALL or SHOULD of the server is without a case, unless the edition says why nobody can test it."""
    for each in (edition, edition_1_0_0):
        covered = cases_by_requirement(each)
        missing = [
            requirement.id
            for requirement in each.requirements
            if requirement.actor == "server"
            and requirement.expectation != "MAY"
            and not requirement.not_tested
            and not covered[requirement.id]
        ]
        assert missing == []


def test_search_parameters_expand_to_their_forms(cases):
    """Each search parameter has a case for each form of its type."""
    for name in ("search-date/ge", "search-period/sa", "search-status/code", "search-identifier/system-code"):
        assert name in cases
    assert {"search-reporter/type-and-id", "search-measure/url-and-version", "search-post/category"} <= set(cases)
    assert cases["search-date/ge"].requirements[0].id == "mr-search-type"
    assert "mr-search-date" in [each.id for each in cases["search-date/ge"].requirements]


def test_choices_expand_to_each_of_their_types(cases):
    """A must-support choice has a case for each type, also inside its extension."""
    for kind in ("Boolean", "Decimal", "Integer", "CodeableConcept", "Money"):
        assert f"ms-performance/group.measureScore.extension:altMeasureScore.value{kind}" in cases
    assert "ms-performance/group.extension:baseline.extension:baseline.valueQuantity" in cases


def test_what_is_not_expanded_has_its_reason(edition):
    """A parameter that no profile allows is left out, and it is said why."""
    left_out = all_cases(edition)[1]
    assert all(each.reason for each in left_out)
    assert any(each.what == "MeasureReport?patient" and "Patient" in each.reason for each in left_out)
