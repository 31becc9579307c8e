"""What a case is expanded over, for the actor of its suite."""

from __future__ import annotations

import pytest

from vbpr_conformance.suite.language import Family
from vbpr_conformance.suite.rows import NotExpanded, Row, rows_of


@pytest.fixture
def rows(edition):
    """Expand a family."""

    def make(case_id: str = "x", actor: str = "server", **family) -> list[Row | NotExpanded]:
        spec = Family.model_validate({name.replace("_", "-"): value for name, value in family.items()})
        return list(rows_of(spec, edition, case_id, actor))

    return make


def test_stated_rows_are_taken_as_they_are(rows):
    """Their name is the end of the case's id."""
    assert rows(rows=[{"name": "a", "x": "1"}]) == [Row("a", {"name": "a", "x": "1"})]


def test_a_search_parameter_has_a_row_for_each_form(rows):
    """With the parameter as it is asked for, and the requirement that is tested."""
    found = {each.name: each for each in rows(search={"type": "MeasureReport", "param": "status"})}
    assert list(found) == ["status.code", "status.not", "status.or", "status.missing"]
    assert found["status.not"].values["query"] == "status:not"
    assert found["status.not"].values["answered"] == "SHOULD"
    assert found["status.code"].values["answered"] == "SHALL"
    assert len(found["status.code"].requirements) == 1


def test_the_names_of_rows_follow_the_id_of_the_case(rows):
    """Where the parameter is a part of that, the form alone is the name."""
    of_one = rows("search-{{row.param}}", search={"type": "MeasureReport", "param": "status"})
    assert [each.name for each in of_one] == ["code", "not", "or", "missing"]
    simplest = rows(search={"type": "MeasureReport", "param": "status", "forms": "simplest"})
    assert [each.name for each in simplest] == ["status"]


def test_what_is_left_out_has_its_reason(rows):
    """A parameter that the guide does not ask for, or that nobody can test."""
    [left_out] = rows(search={"type": "MeasureReport", "param": "_lastUpdated"})
    assert (left_out.what, "asks for no search" in left_out.reason) == ("MeasureReport?_lastUpdated", True)
    every = rows(search={"type": "MeasureReport", "param": "all"})
    assert any(isinstance(each, NotExpanded) and each.what == "MeasureReport?patient" for each in every)


def test_a_must_support_element_has_a_row_for_each_form(rows):
    """Or one alone, if the simplest is asked for."""
    profile = "vbp-performance-measurereport"
    every = rows(must_support={"profile": profile})
    simplest = rows(must_support={"profile": profile, "forms": "simplest"})
    assert len(every) > len(simplest) == len({each.values["element"] for each in simplest})
    assert all(each.values["profile"] == profile for each in every)


def test_requirements_are_those_of_the_actor(rows):
    """With their own expectation; a MAY is left to the server."""
    server = rows(requirements={"about": "interaction", "resource": "MeasureReport"})
    assert {each.expectation for each in server if isinstance(each, Row)} <= {"SHALL", "SHOULD"}
    assert server
    names = {each.name for each in server if isinstance(each, Row)}
    client = rows(actor="client", requirements={"about": ["interaction", "search", "profile", "resource"]})
    assert not names & {each.name for each in client if isinstance(each, Row)}


def test_requirements_of_no_type_are_those_of_the_system(rows):
    """`resource: none`."""
    found = rows(requirements={"about": "interaction", "resource": "none"})
    assert found
    assert all("resource" not in each.values for each in found if isinstance(each, Row))
