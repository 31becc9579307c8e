"""A report against its Measure."""

from __future__ import annotations

from decimal import Decimal

import pytest
from validate_edits import GONE, coded, put

POPULATION = "http://terminology.hl7.org/CodeSystem/measure-population"
SCORING = "http://terminology.hl7.org/CodeSystem/measure-scoring"
URL = "https://payer.example.org/fhir/Measure/quality-a"


def criteria(code):
    return {"code": coded(POPULATION, code), "criteria": {"language": "text/fhirpath", "expression": code}}


@pytest.fixture
def measure():
    """A proportion with one group, three populations and a stratifier."""
    return {
        "resourceType": "Measure",
        "url": URL,
        "version": "2.1",
        "status": "active",
        "scoring": coded(SCORING, "proportion"),
        "group": [
            {
                "code": {"text": "screening"},
                "population": [criteria(each) for each in ("initial-population", "denominator", "numerator")],
                "stratifier": [{"code": {"text": "sex"}, "criteria": {"language": "text/fhirpath", "expression": "x"}}],
            }
        ],
    }


def judged(validator, report, measure):
    issues = validator.issues(report, resolver={f"{URL}|2.1": measure}.get)
    return {
        (issue.rule.removeprefix("measure:"), issue.expression, issue.severity)
        for issue in issues
        if issue.rule.startswith("measure:")
    }


GROUP = "MeasureReport.group"
NUMERATOR = {"code": coded(POPULATION, "numerator"), "count": 1}


def test_a_report_that_fits_its_measure_brings_no_issue(validator, valid, measure):
    """Every part has its counterpart."""
    assert judged(validator, valid("quality"), measure) == set()


@pytest.mark.parametrize(
    "row",
    [
        ({"group/0/code": {"text": "other"}}, GROUP, "MeasureReport.group[0]"),
        ({"group/+": {"code": {"text": "screening"}, "population": [NUMERATOR]}}, GROUP, "MeasureReport.group[1]"),
        ({"group/0/population/+": NUMERATOR}, f"{GROUP}.population", "MeasureReport.group[0].population[3]"),
        ({"group/0/population/2": GONE}, f"{GROUP}.population", "MeasureReport.group[0]"),
        (
            {"group/0/population/0/code": coded(POPULATION, "measure-population")},
            f"{GROUP}.population",
            "MeasureReport.group[0].population[0]",
        ),
        ({"group/0/stratifier": GONE}, f"{GROUP}.stratifier", "MeasureReport.group[0]"),
        (
            {"group/0/stratifier/0/code/0": {"text": "age"}},
            f"{GROUP}.stratifier",
            "MeasureReport.group[0].stratifier[0]",
        ),
        ({"group/0/measureScore": GONE}, f"{GROUP}.measureScore", "MeasureReport.group[0]"),
        ({"group/0/measureScore/value": 2}, f"{GROUP}.measureScore", "MeasureReport.group[0].measureScore.value"),
        (
            {"group/0/measureScore": {"value": 0, "unit": "mg"}},
            f"{GROUP}.measureScore",
            "MeasureReport.group[0].measureScore.unit",
        ),
        ({"type": "subject-list"}, f"{GROUP}.population.subjectResults", "MeasureReport.group[0].population[0]"),
        ({"type": "data-collection"}, f"{GROUP}.measureScore", "MeasureReport.group[0].measureScore"),
        ({"group": [{"measureScore": {"value": 1}}]}, f"{GROUP}.population", "MeasureReport.group[0]"),
    ],
)
def test_what_does_not_fit_is_an_error(validator, valid, measure, row):
    """The issue names the part of the report."""
    edits, rule, place = row
    report = valid("quality")
    for path, value in edits.items():
        put(report, path, value)
    assert (rule, place, "error") in judged(validator, report, measure)


@pytest.mark.parametrize(("value", "fits"), [(0, True), (1, True), (Decimal("-0.1"), False), (Decimal("1.1"), False)])
def test_a_proportion_lies_between_0_and_1(validator, valid, measure, value, fits):
    """None and all are proportions, too."""
    report = valid("quality")
    put(report, "group/0/measureScore/value", value)
    assert (judged(validator, report, measure) == set()) is fits


def test_a_cohort_has_no_score(validator, valid, measure):
    """Counting subjects gives no score."""
    measure["scoring"] = coded(SCORING, "cohort")
    assert (f"{GROUP}.measureScore", "MeasureReport.group[0].measureScore", "error") in judged(
        validator, valid("quality"), measure
    )


def test_a_report_of_collected_data_has_no_groups(validator, valid, measure):
    """mrp-1 forbids the groups that the Measure would ask for."""
    report = valid("quality")
    put(report, "type", "data-collection")
    put(report, "group", GONE)
    assert judged(validator, report, measure) == set()


def test_parts_may_be_told_by_id(validator, valid, measure):
    """Where there is no code, ids tell groups apart."""
    report = valid("quality")
    put(report, "group/0/code", GONE)
    put(measure, "group/0/code", GONE)
    put(measure, "group/0/id", "main")
    assert judged(validator, report, measure) == set()
    put(report, "group/0/id", "other")
    assert judged(validator, report, measure)


def test_counts_are_compared_with_lists_of_subjects(validator, valid, measure):
    """A list that is at hand has as many entries as the count says."""
    report = valid("quality")
    report["contained"] = [
        {
            "resourceType": "List",
            "id": "l",
            "status": "current",
            "mode": "snapshot",
            "entry": [{"item": {"display": "a"}}],
        }
    ]
    put(report, "group/0/population/2/subjectResults", {"reference": "#l"})
    where = "MeasureReport.group[0].population[2].subjectResults"
    assert judged(validator, report, measure) == {(f"{GROUP}.population.subjectResults", where, "error")}
    report["type"] = "subject-list"
    for path in ("population/0", "population/1", "stratifier/0/stratum/0/population/0"):
        put(report, f"group/0/{path}/count", 0)
    assert (f"{GROUP}.population.count", "MeasureReport.group[0].population[2].count", "error") in judged(
        validator, report, measure
    )
    put(report, "group/0/population/2/count", 1)
    assert judged(validator, report, measure) == set()


def test_a_measure_without_groups_gives_nothing_to_compare(validator, valid, measure):
    """As the guide's own Measures."""
    put(measure, "group", GONE)
    assert judged(validator, valid("quality"), measure) == set()


def test_a_population_that_the_scoring_is_made_of_but_nobody_defines_is_a_warning(validator, valid, measure):
    """The Measure is at fault, not the report."""
    report = valid("quality")
    put(report, "group/0/population/2", GONE)
    put(measure, "group/0/population/2", GONE)
    for each in (report, measure):
        put(each, "group/0/stratifier", GONE)
    assert judged(validator, report, measure) == {(f"{GROUP}.population", "MeasureReport.group[0]", "warning")}
