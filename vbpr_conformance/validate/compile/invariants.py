"""The invariants of profiles and types (https://hl7.org/fhir/R4/conformance-rules.html#constraints)."""

from __future__ import annotations

from typing import Any

from vbpr_conformance.fhir import fhirpath
from vbpr_conformance.ig.model import Constraint
from vbpr_conformance.validate.compile.base_invariants import CLOSURES, Holds, narrative_faults
from vbpr_conformance.validate.compile.element_node import Check, ElementNode, MakeIssue, ObjectRule, needing
from vbpr_conformance.validate.compile.object_properties import PropertySlot
from vbpr_conformance.validate.element_ref import ElementRef, ElementRefs
from vbpr_conformance.validate.issue import Drafts, Severity
from vbpr_conformance.validate.judge.scope import Scope

_IN_THE_WALK = frozenset({"ele-1", "ext-1"})
"""Invariants that the walk itself checks, on every node."""


def object_rules(node: ElementNode, contents: ElementRefs) -> list[ObjectRule]:
    """Give the checks of the invariants of an object."""
    of = contents[0].element
    kind = of.base_path if node.type in {"BackboneElement", "Element"} else node.type
    found: list[ObjectRule] = []
    for view, constraint in node.known.constraints(node.type, node.views, contents):
        if constraint.key in _IN_THE_WALK or not constraint.expression:
            continue
        check = _Invariant(node, view, constraint, "").check(kind)
        closure = CLOSURES.get((constraint.key, constraint.expression))
        found.append(needing(closure.needs, check) if closure is not None else ObjectRule(check))
    return found


def primitive_checks(slot: PropertySlot) -> list[Check]:
    """Give the checks of the invariants of a primitive element."""
    found: list[Check] = []
    for view, constraint in slot.known.constraints(slot.type, slot.views, ()):
        if constraint.key in _IN_THE_WALK or not constraint.expression:
            continue
        found.append(_Invariant(slot.node, view, constraint, slot.name.label).check(slot.type))
    return found


class _Invariant:
    """One invariant at one element: its rule, and what is told of it."""

    def __init__(self, node: ElementNode, view: ElementRef, constraint: Constraint, step: str) -> None:
        self._node = node
        self._constraint = constraint
        severity: Severity = "error" if constraint.severity == "error" else "warning"
        key = constraint.key
        detail = constraint.expression
        self._tell = node.rule(
            "invariant", view, key=key, severity=severity, code="invariant", detail=detail, step=step
        )
        self._doubt = node.issue_maker("invariant", view, key=key, severity="warning", code="invariant")
        self._quiet = node.issue_maker("invariant", view, key=key, severity="information", code="not-supported")

    def check(self, kind: str) -> Check:
        """Make the check; where the edition reads the invariant differently, both readings count."""
        constraint = self._constraint
        closure = CLOSURES.get((constraint.key, constraint.expression))
        try:
            published = closure.holds if closure is not None else _evaluated(constraint.expression, kind)
        except fhirpath.ExpressionError as error:
            return self._unreadable(str(error))
        reading = self._node.known.readings.get((constraint.key, constraint.expression))
        if reading is not None:
            return self._both(published, _evaluated(reading.means, kind), reading.defect)
        text = (constraint.human or constraint.expression).removesuffix(".")
        return _simple(published, self._tell, f"{constraint.key} is not met: {text}.", constraint.key in _NARRATIVE)

    def _both(self, published: Holds, meant: Holds, defect: str) -> Check:
        key = self._constraint.key

        def check(value: Any, scope: Scope) -> Drafts | None:
            by_text, by_expression = meant(value, scope), published(value, scope)
            if by_text and by_expression:
                return None
            if by_text == by_expression:
                return self._tell(f"{key} is not met: {self._constraint.human or self._constraint.expression}")
            met, unmet = ("text", "expression") if by_text else ("expression", "text")
            return self._doubt(f"{key} is met by its {met}, not by its {unmet}: {defect}")

        return check

    def _unreadable(self, error: str) -> Check:
        message = f"Not checked: {self._constraint.key} cannot be read as FHIRPath: {error}"
        return lambda _value, _scope: self._quiet(message)


_NARRATIVE = frozenset({"txt-1", "txt-2"})


def _simple(holds: Holds, make_issue: MakeIssue, message: str, narrative: bool) -> Check:  # noqa: FBT001 - private
    if narrative:
        return lambda value, scope: (
            None if holds(value, scope) else make_issue(f"{message} Found: {narrative_faults(value)}.")
        )

    def check(value: Any, scope: Scope) -> Drafts | None:
        return None if holds(value, scope) else make_issue(message)

    return check


def _evaluated(expression: str, kind: str) -> Holds:
    compiled = fhirpath.compile(expression)

    def holds(value: Any, scope: Scope) -> bool:
        try:
            return compiled.holds(fhirpath.TypedElement(value, kind), scope.env())
        except fhirpath.UndecidedError:
            return True
        except fhirpath.ExpressionError:
            return False

    return holds
