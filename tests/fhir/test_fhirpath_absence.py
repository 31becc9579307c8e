"""What the names of an object's properties alone tell of an invariant is what evaluating it gives."""

from __future__ import annotations

from itertools import chain, combinations

import pytest

from vbpr_conformance.fhir import fhirpath
from vbpr_conformance.fhir.fhirpath.absence import is_met
from vbpr_conformance.fhir.fhirpath.parser import parse
from vbpr_conformance.fhir.fhirpath.syntax import MemberName, walk


@pytest.mark.parametrize(
    ("expression", "names", "met"),
    [
        ("code.empty() or system.exists()", ["value"], True),
        ("code.empty() or system.exists()", ["value", "code"], False),
        ("code.empty() or system.exists()", ["value", "_code"], False),
        ("code.empty() or system.exists()", ["code", "system"], True),
        ("value.empty().not()", ["value"], True),
        ("code.exists(use = 'a')", ["code"], False),
        ("start.hasValue().not() or end.hasValue().not() or (start <= end)", ["start"], True),
        ("start.hasValue().not() or end.hasValue().not() or (start <= end)", ["start", "end"], False),
        ("group.stratifier.all(value.exists() xor component.exists())", ["type"], True),
        ("where(use = 'home').empty()", ["city"], True),
        ("where(use = 'home').empty()", ["use"], False),
        ("value.exists() implies unit.exists()", ["valueString"], False),
        ("text.`div`.exists()", [], False),
        ("(identifier.count() + name.count()) > 0", [], False),
    ],
)
def test_absent_elements_are_understood(expression, names, met):
    """An invariant about what is absent is known to be met; where it may be broken, nothing is claimed."""
    assert is_met(parse(expression), names) is met


def test_names_never_claim_what_evaluation_denies(edition):
    """Every invariant of the profiles that is met by the names is met by whatever object has these names."""
    expressions = {
        constraint.expression
        for profile in edition.profiles
        for element in profile.by_id.values()
        for constraint in element.constraints
        if constraint.expression
    }
    claimed = 0
    for text in sorted(expressions):
        expression = fhirpath.compile(text)
        named = sorted(
            {node.name for node in walk(parse(text)) if isinstance(node, MemberName) and node.name.islower()}
        )[:5]
        for names in chain.from_iterable(combinations(named, count) for count in range(len(named) + 1)):
            if not expression.is_met_by_names(names):
                continue
            claimed += 1
            for value in ("a", 1, {"id": "a"}, [{"id": "#a"}]):
                thing = dict.fromkeys(names, value)
                try:
                    assert expression.holds(thing, fhirpath.Environment(thing)), (text, thing)
                except (fhirpath.UndecidedError, fhirpath.ExpressionError):
                    continue
    assert claimed > len(expressions)
