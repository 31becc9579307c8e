"""Search values, what a resource holds for a parameter, and whether the one finds the other."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vbpr_conformance.fhir.match import Match, all_of, any_of
from vbpr_conformance.fhir.search_index import ReferenceValue, TokenValue, index_values, search_env
from vbpr_conformance.fhir.search_match import matches
from vbpr_conformance.fhir.search_values import (
    ParameterName,
    ReferenceTarget,
    SearchToken,
    SearchValueError,
    alternatives,
    escape,
    parse_canonical,
    parse_date,
    parse_number,
    parse_quantity,
    parse_target,
    parse_token,
    unescape,
)

YES, NO, UNDECIDED = Match.YES, Match.NO, Match.UNDECIDED


@dataclass(frozen=True)
class Parameter:
    type: str
    expression: str
    code: str = "x"
    targets: tuple[str, ...] = ()


REPORT = {
    "resourceType": "MeasureReport",
    "id": "r1",
    "meta": {"profile": ["http://example.org/p|1.0"], "tag": [{"system": "urn:run", "code": "8f2"}]},
    "extension": [
        {
            "url": "http://example.org/category",
            "valueCodeableConcept": {
                "coding": [{"system": "http://example.org/cs", "code": "vbp", "display": "Value based"}],
                "text": "Contract",
            },
        }
    ],
    "identifier": [
        {
            "type": {"coding": [{"system": "urn:types", "code": "MR"}], "text": "Record"},
            "system": "urn:ids",
            "value": "A,1",
        },
        {"value": "plain"},
    ],
    "status": "complete",
    "measure": "http://example.org/Measure/m|2.0",
    "date": "2024-03-15",
    "period": {"start": "2024-01-01", "end": "2024-12-31"},
    "subject": {"extension": [{"url": "http://example.org/org", "valueReference": {"reference": "Organization/o1"}}]},
    "reporter": {"reference": "Organization/payer", "identifier": {"system": "urn:npi", "value": "123"}},
    "evaluatedResource": [
        {"reference": "MeasureReport/q1"},
        {"reference": "http://other.example/fhir/MeasureReport/q2/_history/3"},
        {"reference": "#c"},
    ],
    "group": [{"measureScore": {"value": Decimal("0.80"), "unit": "%", "system": "http://unitsofmeasure.org"}}],
}

IDENTIFIER = Parameter("token", "MeasureReport.identifier")
STATUS = Parameter("token", "MeasureReport.status")
CATEGORY = Parameter("token", "MeasureReport.extension('http://example.org/category').value")
CATEGORY_TEXT = Parameter("string", "MeasureReport.extension.where(url='http://example.org/category').value")
MEASURE = Parameter("reference", "MeasureReport.measure")
REPORTER = Parameter("reference", "MeasureReport.reporter")
SUBJECT = Parameter("reference", "MeasureReport.subject")
SUBJECT_ORGANIZATION = Parameter("reference", "MeasureReport.subject.extension('http://example.org/org').value")
EVALUATED = Parameter("reference", "MeasureReport.evaluatedResource")
PATIENT = Parameter("reference", "MeasureReport.reporter.where(resolve() is Patient)")
ORGANIZATION = Parameter("reference", "MeasureReport.reporter.where(resolve() is Organization)")
DATE = Parameter("date", "MeasureReport.date")
PERIOD = Parameter("date", "MeasureReport.period")
SCORE = Parameter("quantity", "MeasureReport.group.measureScore")
PROFILE = Parameter("uri", "MeasureReport.meta.profile")


def test_values_may_contain_what_separates_them():
    """A backslash takes their meaning from commas, bars, dollars and itself."""
    assert alternatives(r"a\,b,c\\,d") == [r"a\,b", r"c\\", "d"]
    assert [unescape(part) for part in alternatives(r"a\,b,c\\,d")] == ["a,b", "c\\", "d"]
    assert parse_token(r"urn:x|a\|b") == SearchToken("urn:x", "a|b")


@given(st.lists(st.text(min_size=1), min_size=1))
def test_escaped_texts_stand_for_themselves(texts):
    """Whatever is escaped comes back, alone and in a list."""
    assert [unescape(part) for part in alternatives(",".join(map(escape, texts)))] == texts


@given(st.text(min_size=1), st.text(min_size=1))
def test_escaped_tokens_stand_for_themselves(system, code):
    """A token of any system and code can be written and read."""
    assert parse_token(f"{escape(system)}|{escape(code)}") == SearchToken(system, code)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("code", ParameterName("code")),
        ("code:not", ParameterName("code", "not")),
        ("subject:Organization.name:exact", ParameterName("subject", "Organization", "name:exact")),
    ],
)
def test_parameter_names(text, name):
    """A name has a modifier, and may go on with a chain."""
    assert ParameterName.parse(text) == name


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("a", SearchToken(None, "a")),
        ("s|a", SearchToken("s", "a")),
        ("|a", SearchToken("", "a")),
        ("s|", SearchToken("s", None)),
    ],
)
def test_token_forms(text, token):
    """The four forms of a token."""
    assert parse_token(text) == token


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("o1", ReferenceTarget("o1", None, "o1")),
        ("Organization/o1", ReferenceTarget("Organization/o1", "Organization", "o1")),
        ("Organization/o1/_history/2", ReferenceTarget("Organization/o1/_history/2", "Organization", "o1", None, "2")),
        ("http://a.b/fhir/Group/1", ReferenceTarget("http://a.b/fhir/Group/1", "Group", "1", "http://a.b/fhir")),
        ("urn:uuid:1-2", ReferenceTarget("urn:uuid:1-2")),
    ],
)
def test_reference_forms(text, target):
    """References by id, by type and id, and by URL."""
    assert parse_target(text) == target


def test_canonical_forms():
    """A canonical has a version and perhaps a fragment behind it."""
    assert parse_canonical("http://a|1.0#x") == ReferenceTarget("http://a", version="1.0")
    assert parse_canonical("http://a") == ReferenceTarget("http://a")


def test_numbers_stand_for_what_they_round():
    """The digits of a number say how exactly it is meant."""
    assert (parse_number("100").low, parse_number("100").high) == (Decimal("99.5"), Decimal("100.5"))
    assert (parse_number("1e2").low, parse_number("1e2").high) == (Decimal(50), Decimal(150))
    assert parse_quantity("ge5.4|http://unitsofmeasure.org|mg").code == "mg"


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (parse_token, ""),
        (parse_token, "|"),
        (parse_date, "ge24"),
        (parse_date, "xx2024"),
        (parse_number, "five"),
        (parse_number, "NaN"),
        (parse_quantity, "5|mg"),
    ],
)
def test_wrong_values_are_refused(parse, text):
    """What is not of the form of its type is refused in a sentence that says what is expected."""
    with pytest.raises(SearchValueError, match="is expected"):
        parse(text)


def test_plus_that_became_a_space():
    """A zone whose `+` was read as a space is still a zone."""
    assert parse_date("2024-03-15T10:00:00 02:00") == parse_date("2024-03-15T10:00:00+02:00")


def test_index_holds_typed_values():
    """What a resource holds for a parameter is given as values of the parameter's type."""
    env = search_env(REPORT)
    assert index_values(CATEGORY, REPORT, env) == [
        TokenValue("http://example.org/cs", "vbp", texts=("Value based", "Contract"))
    ]
    assert index_values(MEASURE, REPORT, env) == [
        ReferenceValue(ReferenceTarget("http://example.org/Measure/m", version="2.0"), canonical=True)
    ]
    assert index_values(SUBJECT, REPORT, env) == []
    assert [each.text for each in index_values(CATEGORY_TEXT, REPORT, env)] == ["Contract", "Value based"]


@pytest.mark.parametrize(
    ("parameter", "modifier", "value", "answer"),
    [
        (STATUS, None, "complete", YES),
        (STATUS, None, "pending", NO),
        (STATUS, None, "pending,complete", YES),
        (STATUS, None, "http://hl7.org/fhir/measure-report-status|complete", UNDECIDED),
        (STATUS, None, "http://hl7.org/fhir/measure-report-status|pending", NO),
        (STATUS, None, "COMPLETE", UNDECIDED),
        (STATUS, "not", "complete", NO),
        (STATUS, "not", "pending,error", YES),
        (STATUS, "missing", "false", YES),
        (STATUS, "missing", "true", NO),
        (CATEGORY, None, "vbp", YES),
        (CATEGORY, None, "http://example.org/cs|vbp", YES),
        (CATEGORY, None, "http://example.org/cs|", YES),
        (CATEGORY, None, "http://example.org/other|vbp", NO),
        (CATEGORY, None, "|vbp", NO),
        (CATEGORY, "text", "value", YES),
        (CATEGORY, "text", "based", NO),
        (CATEGORY, "in", "http://example.org/vs", UNDECIDED),
        (CATEGORY_TEXT, None, "cont", YES),
        (CATEGORY_TEXT, None, "tract", NO),
        (CATEGORY_TEXT, "contains", "TRACT", YES),
        (CATEGORY_TEXT, "exact", "Contract", YES),
        (CATEGORY_TEXT, "exact", "contract", NO),
        (IDENTIFIER, None, r"urn:ids|A\,1", YES),
        (IDENTIFIER, None, "urn:ids|A,1", NO),
        (IDENTIFIER, None, "|plain", YES),
        (IDENTIFIER, None, "urn:ids|plain", NO),
        (IDENTIFIER, "of-type", r"urn:types|MR|A\,1", YES),
        (IDENTIFIER, "of-type", r"urn:types|XX|A\,1", NO),
        (MEASURE, None, "http://example.org/Measure/m", YES),
        (MEASURE, None, "http://example.org/Measure/m|2.0", YES),
        (MEASURE, None, "http://example.org/Measure/m|1.0", NO),
        (MEASURE, None, "http://example.org/Measure/other", NO),
        (MEASURE, None, "Measure/m", UNDECIDED),
        (REPORTER, None, "Organization/payer", YES),
        (REPORTER, None, "payer", YES),
        (REPORTER, None, "Practitioner/payer", NO),
        (REPORTER, "Organization", "payer", YES),
        (REPORTER, "Practitioner", "payer", NO),
        (REPORTER, None, "http://here.example/fhir/Organization/payer", YES),
        (REPORTER, None, "http://other.example/fhir/Organization/payer", NO),
        (REPORTER, "identifier", "urn:npi|123", YES),
        (REPORTER, "identifier", "urn:npi|124", NO),
        (PATIENT, None, "payer", NO),
        (ORGANIZATION, None, "payer", YES),
        (EVALUATED, None, "MeasureReport/q1", YES),
        (EVALUATED, None, "MeasureReport/q2", NO),
        (EVALUATED, None, "http://other.example/fhir/MeasureReport/q2/_history/3", YES),
        (EVALUATED, None, "http://other.example/fhir/MeasureReport/q2", UNDECIDED),
        (SUBJECT_ORGANIZATION, None, "Organization/o1", YES),
        (SUBJECT_ORGANIZATION, None, "Organization/o2", NO),
        (SUBJECT, "missing", "false", YES),
        (DATE, None, "2024-03", YES),
        (DATE, None, "gt2024-03-15", NO),
        (DATE, None, "lt2024,2024-03-15", YES),
        (PERIOD, None, "2024", YES),
        (PERIOD, None, "2024-03", NO),
        (PERIOD, None, "sa2023", YES),
        (PERIOD, "missing", "true", NO),
        (SCORE, None, "0.8", YES),
        (SCORE, None, "gt0.8", NO),
        (SCORE, None, "ge0.8|http://unitsofmeasure.org|%", YES),
        (SCORE, None, "0.8||kg", UNDECIDED),
        (SCORE, None, "0.8|http://example.org|%", NO),
        (PROFILE, None, "http://example.org/p|1.0", YES),
        (PROFILE, None, "http://example.org/p", UNDECIDED),
        (PROFILE, None, "http://example.org/q", NO),
        (PROFILE, "below", "http://example.org", YES),
        (Parameter("composite", "MeasureReport.group"), None, "a$b", UNDECIDED),
    ],
)
def test_what_a_criterion_finds(parameter, modifier, value, answer):
    """A criterion finds what R4 says, misses what it says, and is undecided where R4 leaves it open."""
    assert matches(parameter, modifier, value, REPORT, base="http://here.example/fhir") is answer


def test_without_the_base_another_server_is_undecided():
    """Whether an absolute reference is to the server itself can only be told by the server's base."""
    assert matches(REPORTER, None, "http://here.example/fhir/Organization/payer", REPORT) is UNDECIDED


@pytest.mark.parametrize(
    ("parameter", "modifier", "value"),
    [
        (STATUS, "exact", "x"),
        (DATE, "not", "2024"),
        (STATUS, "missing", "perhaps"),
        (DATE, None, "soon"),
        (REPORTER, "exact", "x"),
        (CATEGORY_TEXT, "Organization", "x"),
    ],
)
def test_impossible_criteria_are_refused(parameter, modifier, value):
    """A modifier that the type does not have, or a value of another form, is an error and no mismatch."""
    for resource in (REPORT, {"resourceType": "MeasureReport"}):
        with pytest.raises(SearchValueError):
            matches(parameter, modifier, value, resource)


def test_accents_do_not_matter():
    """Text is compared without regard to case and accents."""
    organization = {"resourceType": "Organization", "name": "École  Sainte-Anne"}
    name = Parameter("string", "Organization.name")
    assert matches(name, None, "ecole", organization) is YES
    assert matches(name, None, "ecole sainte anne", organization) is UNDECIDED
    assert matches(name, "contains", "sainteanne", organization) is UNDECIDED
    assert matches(name, "contains", "anna", organization) is NO
    assert [matches(name, modifier, "!", organization) for modifier in (None, "contains")] == [NO, NO]


def test_three_answers_combine():
    """One yes is enough for any, one no spoils all, and what is undecided stays so."""
    assert any_of([NO, UNDECIDED, YES]) is YES
    assert any_of([NO, UNDECIDED]) is UNDECIDED
    assert all_of([YES, UNDECIDED, NO]) is NO
    assert all_of([YES, UNDECIDED]) is UNDECIDED
    with pytest.raises(TypeError, match="three values"):
        bool(YES)
