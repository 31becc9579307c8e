"""Invariants about which elements may stand together, read off their FHIRPath expression.

Most invariants of FHIR that bind several elements have one of four shapes: exactly one of two sides, at least one
side, one side only with the other, and the first of these `all(...)` of some repeating element. They are met while
a payload is made; an expression of any other shape is left to the validator's check of the whole.
"""

from __future__ import annotations

from dataclasses import dataclass

from vbpr_conformance.fhir.fhirpath.expression_error import ExpressionError
from vbpr_conformance.fhir.fhirpath.expression_paths import bare, extension_url, names, operands
from vbpr_conformance.fhir.fhirpath.parser import parse
from vbpr_conformance.fhir.fhirpath.syntax import Binary, Call, Invoke, Literal, Syntax
from vbpr_conformance.ig.model import Constraint

EXACTLY_ONE, AT_LEAST_ONE, ONLY_WITH = "exactly-one", "at-least-one", "only-with"


@dataclass(frozen=True, slots=True)
class Term:
    """Something that is there or not: an element by its path, or the extension with this URL."""

    path: tuple[str, ...] = ()
    url: str = ""


@dataclass(frozen=True, slots=True)
class ExistenceRule:
    """A rule about sides, each of them terms of which any makes the side present.

    `kind` is exactly-one, at-least-one, or only-with (the first side needs the second). `prefix` leads from the
    element that has the constraint to the one whose parts the rule is about.
    """

    kind: str
    sides: tuple[tuple[Term, ...], ...]
    prefix: tuple[str, ...] = ()
    key: str = ""


def shape(constraint: Constraint) -> ExistenceRule | None:
    """Read the shape of an invariant, or None where it has none of the known ones."""
    try:
        tree = parse(constraint.expression)
    except ExpressionError:
        return None
    prefix: tuple[str, ...] = ()
    match bare(tree):
        case Invoke(left=left, right=Call(name="all", args=(criterion,))) if path := names(left):
            prefix, tree = path, criterion
    kind, found = _sides(bare(tree))
    sides = [each for each in found if each is not None]
    return ExistenceRule(kind, tuple(sides), prefix, constraint.key) if kind and len(sides) == len(found) else None


def _sides(tree: Syntax) -> tuple[str, list[_Side | None]]:
    match tree:
        case Binary(operator="xor" | "!=", left=left, right=right):
            return EXACTLY_ONE, [_asked(left, "exists"), _asked(right, "exists")]
        case Binary(operator="implies", left=left, right=right):
            return ONLY_WITH, [_asked(left, "exists"), _asked(right, "exists")]
        case Binary(operator="or", left=left, right=right) if _asked(left, "empty"):
            return ONLY_WITH, [_asked(left, "empty"), _asked(right, "exists")]
        case Binary(operator="or"):
            return AT_LEAST_ONE, [_asked(each, "exists") or _terms(each) for each in operands(tree, "or")]
        case Binary(operator=">", left=total, right=Literal(values=(0,))) if len(operands(total, "+")) > 1:
            return AT_LEAST_ONE, [_asked(each, "count") for each in operands(total, "+")]
    return "", []


_Side = tuple[Term, ...]


def _asked(node: Syntax, question: str) -> _Side | None:
    """The terms of which a function is asked: `(a | b).exists()`."""
    match bare(node):
        case Invoke(left=left, right=Call(name=name, args=())) if name == question:
            return _terms(left)
    return None


def _terms(node: Syntax) -> _Side | None:
    """A path, an extension, or a union of them."""
    terms = [_term(each) for each in operands(node, "|")]
    return tuple(each for each in terms if each is not None) if None not in terms else None


def _term(node: Syntax) -> Term | None:
    url = extension_url(node)
    if url:
        return Term(url=url)
    path = names(node)
    return Term(path) if path else None
