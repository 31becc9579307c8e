"""The invariants of profiles and types (https://hl7.org/fhir/R4/conformance-rules.html#constraints)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vbpr_conformance.fhir import fhirpath
from vbpr_conformance.ig.model import Constraint
from vbpr_conformance.validate.base_invariants import CLOSURES, Holds, narrative_faults
from vbpr_conformance.validate.issue import Findings, Severity
from vbpr_conformance.validate.node import Check, Node, ObjectCheck, Tell
from vbpr_conformance.validate.scope import Scope
from vbpr_conformance.validate.shape import Name
from vbpr_conformance.validate.views import View, Views

if TYPE_CHECKING:
    from vbpr_conformance.validate.compiler import Compiler

_IN_THE_WALK = frozenset({"ele-1", "ext-1"})
"""Invariants that the walk itself checks, on every node."""


def object_checks(compiler: Compiler, node: Node, contents: Views) -> list[ObjectCheck]:
    """Give the checks of the invariants of an object."""
    of = contents[0].element
    kind = of.base_path if node.type in {"BackboneElement", "Element"} else node.type
    found: list[ObjectCheck] = []
    for view, constraint in compiler.lens.constraints(node.type, node.views, contents):
        if constraint.key in _IN_THE_WALK or not constraint.expression:
            continue
        found.append(_check(compiler, node, view, constraint, kind, ""))
    return found


def primitive_checks(compiler: Compiler, node: Node, name: Name, type_name: str, views: Views) -> list[Check]:
    """Give the checks of the invariants of a primitive element."""
    found: list[Check] = []
    for view, constraint in compiler.lens.constraints(type_name, views, ()):
        if constraint.key in _IN_THE_WALK or not constraint.expression:
            continue
        found.append(_check(compiler, node, view, constraint, type_name, name.label))
    return found


def _check(compiler: Compiler, node: Node, view: View, constraint: Constraint, kind: str, step: str) -> Check:
    """Make the check of one invariant; where the edition reads it differently, both readings count."""
    reading = compiler.readings.get((constraint.key, constraint.expression))
    severity: Severity = "error" if constraint.severity == "error" else "warning"
    tell = node.rule(
        "invariant",
        view,
        key=constraint.key,
        severity=severity,
        code="invariant",
        detail=constraint.expression,
        step=step,
    )
    said = constraint.human or constraint.expression
    published = _holds(constraint, kind, tell, node, view)
    if isinstance(published, Unreadable):
        return published.check
    message = f"{constraint.key} is not met: {said}" + ("" if said.endswith(".") else ".")
    if reading is None:
        return _simple(published, tell, message, narrative=constraint.key in {"txt-1", "txt-2"})
    meant = _evaluated(reading.means, kind)
    doubt = node.rule("invariant", view, key=constraint.key, severity="warning", code="invariant", step=step)
    node.rules.pop()

    def check(value: Any, scope: Scope) -> Findings | None:
        by_text, by_expression = meant(value, scope), published(value, scope)
        if by_text and by_expression:
            return None
        if by_text == by_expression:
            return tell(message)
        met, unmet = ("text", "expression") if by_text else ("expression", "text")
        return doubt(f"{constraint.key} is met by its {met}, not by its {unmet}: {reading.defect}")

    return check


def _simple(holds: Holds, tell: Tell, message: str, *, narrative: bool) -> Check:
    if narrative:
        return lambda value, scope: (
            None if holds(value, scope) else tell(f"{message} Found: {narrative_faults(value)}.")
        )

    def check(value: Any, scope: Scope) -> Findings | None:
        return None if holds(value, scope) else tell(message)

    return check


class Unreadable:
    """An invariant that cannot be evaluated: its check says so."""

    def __init__(self, tell: Tell, message: str) -> None:
        self._tell = tell
        self._message = message

    def check(self, _: Any, __: Scope) -> Findings | None:
        """Say that it was not checked."""
        return self._tell(self._message)


def _holds(constraint: Constraint, kind: str, tell: Tell, node: Node, view: View) -> Holds | Unreadable:
    closure = CLOSURES.get((constraint.key, constraint.expression))
    if closure is not None:
        return closure
    try:
        return _evaluated(constraint.expression, kind)
    except fhirpath.ExpressionError as error:
        quiet = node.rule("invariant", view, key=constraint.key, severity="information", code="not-supported")
        node.rules.pop()
        return Unreadable(quiet, f"Not checked: {constraint.key} cannot be read as FHIRPath: {error}")


def _evaluated(expression: str, kind: str) -> Holds:
    compiled = fhirpath.compile(expression)

    def holds(value: Any, scope: Scope) -> bool:
        try:
            return compiled.holds(fhirpath.Node(value, kind), scope.env())
        except fhirpath.UndecidedError:
            return True
        except fhirpath.ExpressionError:
            return False

    return holds
