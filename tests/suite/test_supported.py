"""Which parts of a resource a server has to keep, and which it only should."""

from __future__ import annotations

from decimal import Decimal

import pytest

from vbpr_conformance.fhir.compare import ContentDifference
from vbpr_conformance.suite.supported import only_should, only_should_inside

COUNT_QUANTITY = "http://hl7.org/fhir/StructureDefinition/measurereport-countQuantity"
ORGANIZATION = "http://hl7.org/fhir/us/davinci-vbpr/StructureDefinition/organization-subject"


@pytest.mark.parametrize(
    "difference",
    [
        ContentDifference("identifier[0]", {"value": "x"}, None),
        ContentDifference("text", {"status": "generated"}, None),
        ContentDifference("contained[0]", {"resourceType": "Organization"}, None),
        ContentDifference("group[0].extension[1]", {"url": "http://payer.example/foreign", "valueString": "x"}, None),
        ContentDifference("extension", [{"url": "http://payer.example/foreign", "valueString": "x"}], None),
        ContentDifference("date", {"extension": [{"url": "http://payer.example/foreign", "valueString": "x"}]}, None),
        ContentDifference("period.extension", [{"url": "http://payer.example/foreign", "valueString": "x"}], None),
        ContentDifference("group[0].population", [{"extension": [{"url": "http://payer.example/foreign"}]}], None),
        ContentDifference(
            "evaluatedResource[0].extension[1]", {"url": "http://payer.example/f", "valueCode": "x"}, None
        ),
    ],
)
def test_what_no_profile_asks_to_support_may_be_left_out(edition, difference):
    """R4 lets a server take less than it was sent: that it should not is a SHOULD."""
    assert only_should(difference, "MeasureReport", edition)


@pytest.mark.parametrize(
    "difference",
    [
        ContentDifference("date", "2024-03", None),
        ContentDifference("group[1]", {"code": {}}, None),
        ContentDifference(
            "group[1].population", [{"count": 1}, {"extension": [{"url": "http://payer.example/f"}]}], None
        ),
        ContentDifference("group[0].code.text", "x", None),
        ContentDifference("group[0].measureScore.value", Decimal("0.10"), None),
        ContentDifference("group[0].stratifier[0].stratum[1].value", {"text": "x"}, None),
        ContentDifference("subject.extension[0]", {"url": ORGANIZATION}, None),
        ContentDifference("subject.extension", [{"url": "http://payer.example/foreign"}, {"url": ORGANIZATION}], None),
        ContentDifference("subject", {"extension": [{"url": ORGANIZATION}]}, None),
        ContentDifference("group[0].population[0].extension[0]", {"url": COUNT_QUANTITY}, None),
        ContentDifference("extension[0].extension[1]", {"url": "amount", "valueMoney": {"value": 1}}, None),
        ContentDifference("extension[0].value.text", "x", None),
        ContentDifference("modifierExtension", [{"url": "http://payer.example/foreign"}], None),
        ContentDifference("evaluatedResource[0].reference", "MeasureReport/1", None),
    ],
)
def test_what_a_profile_requires_or_flags_has_to_be_kept(edition, difference):
    """Must Support and mandatory elements are kept, with the whole value they are part of."""
    assert not only_should(difference, "MeasureReport", edition)


@pytest.mark.parametrize(
    "difference",
    [
        ContentDifference("identifier[0].value", "x", "y"),
        ContentDifference("group[0].population[0].count", 7, 8),
        ContentDifference("language", None, "en"),
    ],
)
def test_what_is_kept_is_kept_unchanged(edition, difference):
    """Leaving out is one thing; another value, or one that nobody sent, is another."""
    assert not only_should(difference, "MeasureReport", edition)


FOREIGN = {"url": "http://payer.example/foreign", "valueString": "x"}


@pytest.mark.parametrize(
    ("element", "difference", "allowed"),
    [
        ("group", ContentDifference("MeasureReport.group[0].extension[2]", FOREIGN, None), True),
        ("group", ContentDifference("MeasureReport.group[0].extension", [FOREIGN], None), True),
        ("group", ContentDifference("MeasureReport.group[0].population[1].id", "x", None), True),
        ("group", ContentDifference("MeasureReport.group[0].code.text", "x", None), False),
        ("group", ContentDifference("MeasureReport.group[0].measureScore", {"value": 1}, None), False),
        ("period", ContentDifference("MeasureReport.period.extension[0]", FOREIGN, None), True),
        ("period", ContentDifference("MeasureReport.period.end", "2024", None), False),
        ("date", ContentDifference("MeasureReport._date", {"extension": [FOREIGN]}, None), True),
        ("group.code", ContentDifference("MeasureReport.group[0].code.text", "x", "y"), False),
    ],
)
def test_inside_an_element_that_has_to_be_supported(edition, element, difference, allowed):
    """Of a data type nothing may go but extensions nobody asks for; of a part of the report, what nobody asks for."""
    supported = edition.profile("vbp-performance-measurereport").by_id[f"MeasureReport.{element}"]
    assert only_should_inside(supported, difference, "MeasureReport", edition) == allowed
