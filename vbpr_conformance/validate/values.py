"""Fixed values and patterns, as checks."""

from __future__ import annotations

from typing import Any

from vbpr_conformance.validate.issue import Findings, shown
from vbpr_conformance.validate.limits import equal, matches
from vbpr_conformance.validate.node import Check, Node, Tell
from vbpr_conformance.validate.scope import Scope
from vbpr_conformance.validate.views import Views


def value_checks(node: Node, views: Views, step: str = "") -> list[Check]:
    """Give the checks for fixed value and pattern."""
    checks: list[Check] = []
    for view in views:
        element = view.element
        if element.fixed is not None:
            checks.append(
                _fixed(element.fixed, node.rule("fixed", view, detail=element.fixed, code="value", step=step))
            )
        if element.pattern is not None:
            tell = node.rule("pattern", view, detail=element.pattern, code="value", step=step)
            checks.append(_pattern(element.pattern, tell))
    return checks


def _fixed(fixed: Any, tell: Tell) -> Check:
    if type(fixed) is str:
        return lambda value, _: None if value == fixed else tell(_FIXED.format(_said(value), _said(fixed)))

    def check(value: Any, _: Scope) -> Findings | None:
        return None if equal(fixed, value) else tell(_FIXED.format(_said(value), _said(fixed)))

    return check


_FIXED = "{} found, but the value is fixed to {}."


def _pattern(pattern: Any, tell: Tell) -> Check:
    def check(value: Any, _: Scope) -> Findings | None:
        return None if matches(pattern, value) else tell(f"{_said(value)} found, but expected with {_said(pattern)}.")

    return check


def _said(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_said(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_said, value)) + "]"
    return shown(value)
