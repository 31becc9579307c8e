"""What values a profile leaves: minValue and maxValue, fixed amounts (https://hl7.org/fhir/R4/elementdefinition.html)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from vbpr_conformance.fhir import json_codec
from vbpr_conformance.validate.validator import Validator

BASE = "http://hl7.org/fhir/StructureDefinition/"
URL = "https://payer.example.org/StructureDefinition/limited"


@pytest.fixture
def judged(edition, tmp_path):
    """Judge a report by a profile that says this of one element; the kinds of rule that are broken, or left open."""

    def judge(path, said, **more):
        definition = {"resourceType": "StructureDefinition", "url": URL, "name": "Limited", "status": "draft"}
        definition |= {"kind": "resource", "abstract": False, "type": "MeasureReport", "derivation": "constraint"}
        definition |= {"baseDefinition": BASE + "MeasureReport"}
        definition |= {"differential": {"element": [{"id": path, "path": path, **said}]}}
        (tmp_path / "limited.json").write_text(json_codec.dumps(definition))
        report = {"resourceType": "MeasureReport", "status": "complete", "type": "summary"}
        report |= {"period": {"start": "2024"}, "measure": "http://payer.example.org/Measure/m"} | more
        issues = Validator(edition.with_packages([tmp_path / "limited.json"])).issues(report, [URL])
        return [(each.rule.partition(":")[0], each.severity) for each in issues if path in each.rule]

    return judge


BROKEN = [("range", "error")]


@pytest.mark.parametrize(
    ("low", "high", "date", "found"),
    [
        ("2024-03-15", "2024-06-15", "2024-03-15", []),
        ("2024-03-15", "2024-06-15", "2024-06-15", []),
        ("2024-03-15", "2024-06-15", "2024-03-14", BROKEN),
        ("2024-03-15", "2024-06-15", "2024-06-16", BROKEN),
        # a partial date is refused where all that it may mean lies outside
        ("2024-03-15", "2024-06-15", "2024-03", []),
        ("2024-03-15", "2024-06-15", "2024-02", BROKEN),
        ("2024-03-15", "2024-06-15", "2024-06", []),
        ("2024-03-15", "2024-06-15", "2024-07", BROKEN),
        ("2024-03-15", "2024-06-15", "2024", []),
        ("2024-03-15", "2024-06-15", "2023", BROKEN),
        ("2024-03-15", "2024-06-15", "2025", BROKEN),
        ("2024", "2024", "2024-12-31", []),
        ("2024", "2024", "2025-01-01", BROKEN),
        # the same moment in another zone
        ("2024-03-15T10:00:00Z", "2024-03-15T12:00:00Z", "2024-03-15T12:30:00+01:00", []),
        ("2024-03-15T10:00:00Z", "2024-03-15T12:00:00Z", "2024-03-15T10:30:00+01:00", BROKEN),
        ("2024-03-15T10:00:00Z", "2024-03-15T12:00:00Z", "2024-03-15T12:30:00-01:00", BROKEN),
        # a day names no zone
        ("2024-03-15T10:00:00Z", "2024-03-15T12:00:00Z", "2024-03-15", []),
        ("2024-03-15T10:00:00Z", "2024-03-15T12:00:00Z", "2024-03-12", BROKEN),
    ],
)
def test_dates_lie_within_their_limits(judged, low, high, date, found):
    """All moments that a date may mean decide, whatever its precision and time zone."""
    said = {"minValueDateTime": low, "maxValueDateTime": high}
    assert judged("MeasureReport.date", said, date=date) == found


def score(value, **more):
    """Give a group with a score."""
    return [{"measureScore": {"value": value, **more}}]


UNIT = {"system": "http://unitsofmeasure.org", "code": "g"}
LIMITS = {"minValueQuantity": {"value": 1, **UNIT}, "maxValueQuantity": {"value": 2, **UNIT}}


@pytest.mark.parametrize(
    ("value", "unit", "found"),
    [
        (1, UNIT, []),
        (2, UNIT, []),
        (Decimal("0.9"), UNIT, BROKEN),
        (Decimal("2.1"), UNIT, BROKEN),
        (1500, UNIT | {"code": "mg"}, [("range", "information")] * 2),
        (1, {}, [("range", "information")] * 2),
    ],
)
def test_amounts_lie_within_their_limits(judged, value, unit, found):
    """Where units are equal; what would have to be converted is told as not checked."""
    assert judged("MeasureReport.group.measureScore", LIMITS, group=score(value, **unit)) == found


@pytest.mark.parametrize(("count", "found"), [(2, []), (3, []), (4, []), (1, BROKEN), (5, BROKEN)])
def test_numbers_lie_within_their_limits(judged, count, found):
    """Both limits belong to what is allowed."""
    said = {"minValueInteger": 2, "maxValueInteger": 4}
    group = [{"population": [{"count": count}]}]
    assert judged("MeasureReport.group.population.count", said, group=group) == found


@pytest.mark.parametrize(
    ("value", "found"), [("1.50", []), ("1.5", [("fixed", "error")]), ("1.51", [("fixed", "error")])]
)
def test_a_fixed_amount_is_as_precise(judged, value, found):
    """1.5 is another value than 1.50 (https://hl7.org/fhir/R4/datatypes.html#decimal)."""
    group = score(Decimal(value))
    path = "MeasureReport.group.measureScore.value"
    assert judged(path, {"fixedDecimal": Decimal("1.50")}, group=group) == found


@pytest.mark.parametrize(("text", "found"), [("abc", []), ("abcd", [("length", "error")]), ("äöü", [])])
def test_a_text_is_as_long_as_it_may_be(judged, text, found):
    """Characters count, not bytes."""
    said = {"maxLength": 3}
    identifier = [{"value": text}]
    assert judged("MeasureReport.identifier.value", said, identifier=identifier) == found
