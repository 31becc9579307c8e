"""What is read off a finding: the interaction that was judged, and the cause without its particulars."""

from __future__ import annotations

from decimal import Decimal

import pytest

from vbpr_conformance.fhir.compare import ContentDifference
from vbpr_conformance.rest.exchange import Exchange
from vbpr_conformance.rest.headers import Headers
from vbpr_conformance.suite.failed_check import cause_of, failed_check, general
from vbpr_conformance.suite.findings import Finding

BASE = "https://payer.example/FHIR/R4"


def exchange(interaction: str, path: str, *, status: int = 200, body: bytes = b"", sent: bytes = b"") -> Exchange:
    return Exchange(
        interaction=interaction,
        method="GET",
        url=f"{BASE}/{path}",
        request_headers=Headers({"Accept": "application/fhir+xml"}),
        request_body=sent,
        status=status,
        headers=Headers({"Content-Type": "application/fhir+json"}),
        body=body,
        elapsed=0.0,
    )


@pytest.mark.parametrize(
    ("interaction", "path", "expected"),
    [
        ("read", "MeasureReport/Abc", ("read", "MeasureReport")),
        ("vread", "MeasureReport/1/_history/2", ("vread", "MeasureReport")),
        ("create", "MeasureReport", ("create", "MeasureReport")),
        ("search", "MeasureReport?date=2024", ("search-type", "MeasureReport")),
        ("search", "MeasureReport/_search", ("search-type", "MeasureReport")),
        ("search", "?_type=Measure", ("search-system", "")),
        ("history", "MeasureReport/1/_history", ("history-instance", "MeasureReport")),
        ("history", "MeasureReport/_history", ("history-type", "MeasureReport")),
        ("conditional_update", "MeasureReport?identifier=x", ("conditional-update", "MeasureReport")),
        ("transaction", "", ("transaction", "")),
    ],
)
def test_the_interaction_has_the_name_that_fhir_gives_it(interaction, path, expected):
    """With the type that it is about, wherever the base URL ends."""
    made = failed_check(Finding("said", exchanges=[exchange(interaction, path, status=404)]))
    assert (made.interaction, made.resource) == expected
    assert made.formats == ("xml",)


def test_the_parameters_of_a_search_are_known_without_modifiers_and_without_the_runs_own():
    """Also where they were posted."""
    got = exchange("search", "MeasureReport?date:missing=true&reporter.name=x&identifier=run|1")
    assert failed_check(Finding("said", exchanges=[got])).parameters == ("date", "reporter")
    posted = exchange("search", "MeasureReport/_search", sent=b"status=complete&identifier=run%7C1")
    assert failed_check(Finding("said", exchanges=[posted])).parameters == ("status",)
    alone = exchange("search", "MeasureReport?identifier=run|1")
    assert failed_check(Finding("said", exchanges=[alone])).parameters == ("identifier",)


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        (
            "MeasureReport?date=ge2024-03&identifier=x returned 1 of 2 reports",
            "MeasureReport?date returned … of … reports",
        ),
        (
            "GET MeasureReport/b7 answered 404, expected 200 or 201",
            "GET MeasureReport/… answered 404, expected 200 or 201",
        ),
        ("https://a.example/fhir/MeasureReport/b7/_history/2 is gone", "MeasureReport/… is gone"),
        ("group[0].stratifier[12].code is wrong", "group.stratifier.code is wrong"),
    ],
)
def test_a_sentence_is_made_general(sentence, expected):
    """Ids, hosts, values and counts differ from case to case; statuses tell defects apart."""
    assert general(sentence) == expected


@pytest.mark.parametrize(
    ("sent", "got", "expected"),
    [
        (Decimal("12.50"), Decimal("12.5"), "Decimals lose zeros at their end"),
        (Decimal("12.5"), Decimal("12.50"), "Decimals change their precision"),
        (Decimal("12.50"), Decimal("12.6"), "value comes back changed"),
        ({"a": 1}, None, "value is lost"),
        (None, {"a": 1}, "value comes from nowhere"),
        ("a", "b", "value comes back changed"),
    ],
)
def test_a_difference_is_named_by_what_became_of_the_element(sent, got, expected):
    """Not by the values, which differ in each payload."""
    assert cause_of(ContentDifference("MeasureReport.group[2].value", sent, got)) == expected


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (500, b"", "read of a MeasureReport is answered 500"),
        (200, b'{"resourceType": "Bundle"}', "read of a MeasureReport is answered with a Bundle"),
        (200, b"<html>", "read of a MeasureReport is answered without a resource"),
        (200, b'{"resourceType": "MeasureReport"}', "said"),
        (404, b"", "said"),
    ],
)
def test_an_answer_that_is_wrong_as_a_whole_is_the_cause_whichever_check_met_it(status, body, expected):
    """A server that wraps every read in a Bundle has one defect, not as many as there are expectations."""
    got = exchange("read", "MeasureReport/1", status=status, body=body)
    assert failed_check(Finding("said", exchanges=[got], cause="")).cause == expected
