"""Invariants about which elements may stand together, read off their FHIRPath expression.

Most invariants of FHIR that bind several elements have one of four shapes: exactly one of two sides, at least one
side, one side only with the other, and the first of these `all(...)` of some repeating element. They are met while
a payload is made; an expression of any other shape is left to the validator's check of the whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

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


_NAME = r"[A-Za-z][A-Za-z0-9]*"
_PATH = rf"{_NAME}(?:\.{_NAME})*"
_TERM = rf"(?:{_PATH}|\(\s*{_PATH}(?:\s*\|\s*{_PATH})+\s*\)|extension\('[^']+'\))"
_SIDE = rf"(?:{_TERM}\.exists\(\)|\(\s*{_TERM}\.exists\(\)\s*\))"
_ALL = re.compile(rf"^({_PATH})\.all\((.*)\)$")
_XOR = re.compile(rf"^({_SIDE})\s+xor\s+({_SIDE})$")
_NOT_EQUAL = re.compile(rf"^({_SIDE})\s*!=\s*({_SIDE})$")
_NEEDS = re.compile(rf"^({_TERM})\.empty\(\)\s+or\s+({_TERM})\.exists\(\)$")
_IMPLIES = re.compile(rf"^({_TERM})\.exists\(\)\s+implies\s+({_TERM})\.exists\(\)$")
_EITHER = re.compile(rf"^(?:{_TERM}(?:\.exists\(\))?)(?:\s+or\s+{_TERM}(?:\.exists\(\))?)+$")
_COUNTS = re.compile(rf"^\(?({_PATH})\.count\(\)\s*\+\s*({_PATH})\.count\(\)\)?\s*>\s*0$")
_URL = re.compile(r"^extension\('([^']+)'\)$")


def shape(constraint: Constraint) -> ExistenceRule | None:
    """Read the shape of an invariant, or None where it has none of the known ones."""
    expression = constraint.expression.strip()
    prefix: tuple[str, ...] = ()
    found = _ALL.match(expression)
    if found:
        prefix, expression = tuple(found[1].split(".")), found[2].strip()
    kind, sides = _parts(expression)
    return ExistenceRule(kind, tuple(_side(each) for each in sides), prefix, constraint.key) if kind else None


def _parts(expression: str) -> tuple[str, tuple[str, ...]]:
    for pattern in (_XOR, _NOT_EQUAL):
        found = pattern.match(expression)
        if found:
            return EXACTLY_ONE, (found[1], found[2])
    found = _NEEDS.match(expression) or _IMPLIES.match(expression)
    if found:
        return ONLY_WITH, (found[1], found[2])
    found = _COUNTS.match(expression)
    if found:
        return AT_LEAST_ONE, (found[1], found[2])
    if _EITHER.match(expression):
        return AT_LEAST_ONE, tuple(re.split(r"\s+or\s+", expression))
    return "", ()


def _side(text: str) -> tuple[Term, ...]:
    text = text.strip()
    if text.startswith("(") and text.endswith(".exists())"):
        text = text[1:-1]
    text = text.strip().removesuffix(".exists()")
    url = _URL.match(text)
    if url:
        return (Term(url=url[1]),)
    return tuple(Term(tuple(each.strip().split("."))) for each in text.strip("() ").split("|"))
