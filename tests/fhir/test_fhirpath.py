"""FHIRPath on plain JSON: what the official suite does not ask, and what the project relies on."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vbpr_conformance.errors import UsageError
from vbpr_conformance.fhir import fhirpath
from vbpr_conformance.fhir.fhirpath import Environment, ExpressionError, TypedElement, UndecidedError, evaluate

PERIOD = "start.hasValue().not() or end.hasValue().not() or (start <= end)"
REFERENCE = (
    "reference.startsWith('#').not() or "
    "(reference.substring(1).trace('url') in %rootResource.contained.id.trace('ids'))"
)


def holds(expression, node, resource=None):
    return fhirpath.compile(expression).holds(node, Environment(resource or node))


@pytest.mark.parametrize(
    ("expression", "where"),
    [
        ("", "at 1"),
        ("name.", "at 6"),
        ("name.where(use = 'x'", "at 21"),
        ("a = = b", "at 5"),
        ("'open", "a string is not closed"),
        ("2 + 2 /* open", "a comment is not closed"),
        ("name # family", "'#' means nothing"),
        ("@2024-13", "at 1"),
        ("name.frobnicate()", "there is no function frobnicate()"),
        ("name.first(2)", "first() takes 0 arguments, not 1"),
        ("value is 3", "the name of a type is expected"),
    ],
)
def test_unreadable_expression_is_one_sentence(expression, where):
    """What is wrong with an expression is said in one sentence with its place."""
    with pytest.raises(UsageError) as error:
        fhirpath.compile(expression)
    assert where in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "expression",
    [
        "(" * 5000 + "1" + ")" * 5000,
        "@9999-12-31 + 1 year",
        "'a' - 1",
        "1 < 'a'",
        "(1 | 2).single()",
        "'a'.matches('(')",
    ],
)
def test_what_cannot_be_evaluated_is_one_error(expression):
    """Whatever is wrong, the error is an `ExpressionError`."""
    with pytest.raises(ExpressionError):
        evaluate(expression, {})


@pytest.mark.parametrize(
    "expression", ["1 / 0", "2.power(1000000000000000000000)", "(-1).sqrt()", "'x'.toInteger()", "5 mod 0"]
)
def test_what_has_no_result_is_empty(expression):
    """Arithmetic without a result is empty and no error."""
    assert evaluate(expression, {}) == []


def test_compiling_is_cached():
    """The same text is compiled once."""
    assert fhirpath.compile("name.given") is fhirpath.compile("name.given")


@pytest.mark.parametrize(
    ("expression", "node", "answer"),
    [
        ("{}", {}, False),
        ("active", {"active": False}, False),
        ("active", {"active": True}, True),
        ("name", {"name": "x"}, True),
        ("name", {"name": ["x", "y"]}, True),
        ("a implies b", {"a": True}, False),
    ],
)
def test_invariant_that_yields_nothing_is_not_met(expression, node, answer):
    """An empty result breaks an invariant, anything but false meets it: as HL7's validator has it."""
    assert holds(expression, node) is answer


def test_truth_tells_empty_from_false():
    """The three values of a condition can be told apart."""
    compiled = fhirpath.compile("a = 1")
    assert [compiled.truth(node, Environment(node)) for node in ({"a": 1}, {"a": 2}, {})] == [True, False, None]


def test_numbers_of_any_notation_are_equal():
    """Decimals are compared by value, and keep the digits they were written with."""
    node = {"value": Decimal("10.50")}
    assert evaluate("value = 10.5 and value in (10.5 | 3)", node) == [True]
    assert str(evaluate("value", node)[0]) == "10.50"
    assert evaluate("(value | 10.5 | 10.500).count()", node) == [1]
    assert evaluate("(true | 1).count()", node) == [2]


def test_primitive_extensions_are_seen():
    """A primitive without value but with an extension exists, has no value, and shows its extension."""
    extension = {"url": "http://example.org/why", "valueCode": "unknown"}
    node = {"resourceType": "Patient", "_birthDate": {"extension": [extension]}, "gender": "male"}
    assert evaluate("birthDate.exists()", node) == [True]
    assert evaluate("birthDate.hasValue()", node) == [False]
    assert evaluate("birthDate.extension('http://example.org/why').value", node) == ["unknown"]
    assert evaluate("birthDate.extension.where(url = 'http://example.org/why').valueCode", node) == ["unknown"]
    assert evaluate("children().count()", node) == [2]
    assert evaluate("descendants().where($this = 'unknown').count()", node) == [1]


def test_repeated_primitives_keep_their_companions():
    """Values and `_values` that stand side by side, with nulls, are joined."""
    node = {"given": ["Ann", None], "_given": [None, {"extension": [{"url": "u", "valueString": "x"}]}]}
    assert evaluate("given.count()", node) == [2]
    assert evaluate("given.select(hasValue())", node) == [True, False]
    assert evaluate("given.extension('u').value", node) == ["x"]


def test_choice_elements_are_found_by_their_name():
    """`value` finds whatever type it has; the name with the type is taken too."""
    node = {"valueQuantity": {"value": 3}}
    assert evaluate("value.value", node) == [3]
    assert evaluate("valueQuantity.value", node) == [3]
    assert evaluate("value.exists()", {"_valueString": {"id": "a"}}) == [True]
    assert evaluate("value.exists()", {"valueSet": "http://example.org"}) == [False]
    assert evaluate("reference", {"referenceRange": [{}]}) == []


def test_types_without_a_model():
    """Types follow from the names of choices and from resources, even if nothing else is known."""
    node = {"resourceType": "Observation", "valueQuantity": {"value": 3}, "contained": [{"resourceType": "Patient"}]}
    assert evaluate("value is Quantity", node) == [True]
    assert evaluate("value.ofType(string).exists()", node) == [False]
    assert evaluate("contained.ofType(Patient).count()", node) == [1]
    assert evaluate("Observation.value.exists() and Patient.exists().not()", node) == [True]


def test_type_of_the_node_can_be_said():
    """An element that is no resource is of the type the caller says."""
    compiled = fhirpath.compile("($this as dateTime).toString().length() >= 8")
    assert compiled.holds("2024-03-15", Environment(), "dateTime")
    assert not compiled.holds("2024", Environment(), "dateTime")


def test_value_sets_and_extensions_have_names():
    """`%vs-…` and `%ext-…` are canonicals, quoted or not."""
    for name in ("%vs-x-y", "%`vs-x-y`", "%'vs-x-y'", '%"vs-x-y"'):
        assert evaluate(name, {}) == ["http://hl7.org/fhir/ValueSet/x-y"]
    assert evaluate("%ext-a", {}) == ["http://hl7.org/fhir/StructureDefinition/a"]


def test_nodes_carry_types():
    """`nodes` gives each item with its type."""
    node = {"resourceType": "Observation", "valueDateTime": "2024"}
    assert fhirpath.compile("value").nodes(node, Environment(node)) == [TypedElement("2024", "dateTime")]


@pytest.mark.parametrize(
    ("period", "answer"),
    [
        ({}, True),
        ({"start": "2024"}, True),
        ({"start": "2024-01-01", "end": "2024-01-01"}, True),
        ({"start": "2024-01-02", "end": "2024-01-01"}, False),
        ({"start": "2024", "end": "2024-03-01"}, True),
        ({"start": "2024-04", "end": "2024-03-01"}, False),
        ({"start": "2024-03-01T10:00:00+02:00", "end": "2024-03-01T09:00:00Z"}, True),
        ({"start": "2024-03-01T10:00:00Z", "end": "2024-03-01T10:30:00+02:00"}, False),
        ({"_start": {"extension": [{"url": "u", "valueCode": "x"}]}, "end": "2024"}, True),
    ],
)
def test_period_is_in_order(period, answer):
    """per-1: the start is not after the end, as far as the stated precision tells."""
    assert holds(PERIOD, period) is answer


@pytest.mark.parametrize(
    ("reference", "answer"),
    [
        ({"reference": "Organization/1"}, True),
        ({"reference": "#here"}, True),
        ({"reference": "#there"}, False),
        ({"reference": "#"}, True),
        ({"display": "somebody"}, True),
    ],
)
def test_local_reference_is_contained(reference, answer):
    """ref-1: a local reference has its resource in `contained`; nothing is said of a reference without target."""
    assert holds(REFERENCE, reference, {"contained": [{"resourceType": "Organization", "id": "here"}]}) is answer


def test_constant_behind_a_dot_is_the_constant():
    """`extension.('url')`, as an invariant of DEQM 3.1.0 is published, is the text: HL7's engine reads it so."""
    assert evaluate("extension.('http://example.org')", {"extension": [{}, {}]}) == ["http://example.org"]
    assert evaluate("extension.('http://example.org').valueCodeableConcept", {}) == []
    broken = "extension.('http://example.org').valueCodeableConcept.coding.code in ('a') implies b.exists()"
    assert holds(broken, {}) is False
    assert holds(broken, {"b": 1}) is True


def test_several_items_as_a_type_are_filtered():
    """`as` on several items gives those of the type, as R4's dom-3 needs it."""
    node = {"extension": [{"url": "a", "valueCanonical": "http://c"}, {"url": "b", "valueString": "s"}]}
    assert evaluate("extension.value.as(canonical)", node) == ["http://c"]


def test_contained_resource_nobody_refers_to():
    """dom-3 finds the contained resource without a reference to it."""
    dom_3 = (
        "contained.where((('#'+id in (%resource.descendants().reference | %resource.descendants().as(canonical) | "
        "%resource.descendants().as(uri) | %resource.descendants().as(url))) or descendants().where(reference = '#')"
        ".exists() or descendants().where(as(canonical) = '#').exists() or descendants().where(as(canonical) = '#')"
        ".exists()).not()).trace('unmatched', id).empty()"
    )
    resource = {
        "resourceType": "MeasureReport",
        "contained": [{"resourceType": "Organization", "id": "a"}],
        "reporter": {"reference": "#a"},
    }
    assert holds(dom_3, resource)
    assert not holds(dom_3, resource | {"reporter": {"reference": "Organization/a"}})


def test_references_are_resolved_by_the_environment():
    """`resolve()` asks the environment, and finds contained resources by itself."""
    patient, contained = {"resourceType": "Patient", "id": "1"}, {"resourceType": "Group", "id": "g"}
    node = {"subject": {"reference": "Patient/1"}, "author": {"reference": "#g"}, "contained": [contained]}
    env = Environment(node, resolve={"Patient/1": patient}.get)
    assert fhirpath.compile("subject.resolve()").evaluate(node, env) == [patient]
    assert fhirpath.compile("subject.resolve() is Patient").evaluate(node, env) == [True]
    assert fhirpath.compile("author.resolve().is(Group)").evaluate(node, env) == [True]
    assert fhirpath.compile("(subject | author).where(resolve() is Patient).count()").evaluate(node, env) == [1]
    assert evaluate("subject.resolve()", node) == []


def test_terminology_that_is_not_at_hand_is_undecided():
    """`memberOf` without an answer is neither true nor false."""
    node = {"code": "a"}
    with pytest.raises(UndecidedError):
        evaluate("code.memberOf('http://example.org/vs')", node)
    env = Environment(node, member_of=lambda code, _url: code == "a")
    assert fhirpath.compile("code.memberOf('http://example.org/vs')").evaluate(node, env) == [True]


def test_variables():
    """The environment's names can be used, unknown ones are refused."""
    node = {"a": {"b": 1}}
    env = Environment(node, variables={"limit": 3})
    assert fhirpath.compile("%limit + %context.b").evaluate(node["a"], env) == [4]
    assert fhirpath.compile("%resource.a.b = %rootResource.a.b").evaluate(node["a"], env) == [True]
    with pytest.raises(ExpressionError, match="there is no variable %nothing"):
        evaluate("%nothing", node)


def test_time_of_evaluation_is_one():
    """`now()` and `today()` are what the environment says."""
    env = Environment({}, now=datetime(2024, 3, 15, 10, 30, tzinfo=UTC))
    assert [str(each) for each in fhirpath.compile("now() | today()").evaluate({}, env)] == [
        "2024-03-15T10:30:00.000Z",
        "2024-03-15",
    ]


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("@2024-01-31 + 1 month", "2024-02-29"),
        ("@2024-03 - 1 year", "2023-03"),
        ("@2024-03-15T10:00:00Z + 90 minutes", "2024-03-15T11:30:00Z"),
        ("@T23:30 + 1 hour", "00:30"),
        ("3 'g' + 200 'mg'", "3.200 'g'"),
    ],
)
def test_arithmetic_of_dates_and_quantities(expression, result):
    """Durations are added by the calendar, quantities in the unit of the first."""
    assert [str(each) for each in evaluate(expression, {})] == [result]


@pytest.mark.parametrize(
    ("div", "fine"),
    [
        ('<div xmlns="http://www.w3.org/1999/xhtml"><p>Text&#160;&amp; more</p></div>', True),
        ('<div xmlns="http://www.w3.org/1999/xhtml"><p>Text&nbsp;&amp; more</p></div>', False),
        ('<div xmlns="http://www.w3.org/1999/xhtml"><img src="a.png" alt=""/></div>', True),
        ('<div xmlns="http://www.w3.org/1999/xhtml"> </div>', False),
        ("<div><p>no namespace</p></div>", False),
        ('<div xmlns="http://www.w3.org/1999/xhtml"><p xmlns="">no namespace</p></div>', False),
        ('<div xmlns="http://www.w3.org/1999/xhtml"><bdo dir="rtl">x</bdo></div>', True),
        ('<div xmlns="http://www.w3.org/1999/xhtml"><ins>x</ins></div>', False),
        ('<div xmlns="http://www.w3.org/1999/xhtml"><del>x</del></div>', False),
        ('<div xmlns="http://www.w3.org/1999/xhtml"><label>x</label></div>', False),
        ('<div xmlns="http://www.w3.org/1999/xhtml"><center>x</center></div>', False),
        ('<div xmlns="http://www.w3.org/1999/xhtml"><script>x</script></div>', False),
        ('<div xmlns="http://www.w3.org/1999/xhtml"><p onclick="x()">x</p></div>', False),
        ('<div xmlns="http://www.w3.org/1999/xhtml"><a href="javascript:x()">x</a></div>', False),
        ("<div xmlns='http://www.w3.org/1999/xhtml'><p>open</div>", False),
    ],
)
def test_narrative(div, fine):
    """txt-1: only what XHTML of FHIR may hold, and something to read."""
    assert holds("htmlChecks()", div) is fine


def test_payload_is_never_changed():
    """Evaluation leaves the lists of the payload alone."""
    node = {"given": ["a", "b"], "family": ["c"]}
    for expression in ("given | family", "given.combine(family)", "children()", "given.union(family).tail()"):
        evaluate(expression, node)
    assert node == {"given": ["a", "b"], "family": ["c"]}


WORDS = (
    "extension url value valueString _valueString valueQuantity code system unit start end _start reference contained "
    "id resourceType coding low high text div group population count"
)
NAMES = st.sampled_from(WORDS.split())
SCALARS = st.sampled_from([None, True, 0, -5, Decimal("1.50"), "", "x", "2024", "2024-03-15T10:00:00Z", "#a"])
WRONG = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5))


@given(
    WRONG,
    st.sampled_from(
        [
            PERIOD,
            REFERENCE,
            "low.empty() or high.empty() or (low <= high)",
            "hasValue() or (children().count() > id.count())",
            "extension.exists() != value.exists()",
            "value.coding.code in ('a' | 'b') implies descendants().distinct().count() > 1",
            "extension('x').value is Quantity or value.as(string).length() > 3 or text.`div`.htmlChecks()",
            "group.population.select(code & text).isDistinct() and (value | low | high).repeat(extension).exists()",
            "start + 1 month > end or value.toQuantity() = 3 'mg' or start.lowBoundary() ~ end",
        ]
    ),
)
def test_any_json_gives_an_answer_or_one_error(node, expression):
    """Payloads of any shape, however wrong, are evaluated or refused with an `ExpressionError`."""
    with contextlib.suppress(ExpressionError):
        assert holds(expression, node) in {True, False}
