"""Fixed values and patterns, as checks."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from vbpr_conformance.validate.compile.element_node import Check, ElementNode, MakeIssue, ObjectCheck
from vbpr_conformance.validate.element_ref import ElementRef, ElementRefs
from vbpr_conformance.validate.issue import Drafts, shown
from vbpr_conformance.validate.judge.scope import Scope
from vbpr_conformance.validate.pattern_match import equal, matches


def value_checks(node: ElementNode, views: ElementRefs, step: str = "") -> list[Check]:
    """Give the checks for fixed value and pattern."""
    checks: list[Check] = []
    for view in views:
        element = view.element
        if element.fixed is not None:
            checks.append(
                _fixed(element.fixed, node.rule("fixed", view, detail=element.fixed, code="value", step=step))
            )
        if element.pattern is not None:
            make_issue = node.rule("pattern", view, detail=element.pattern, code="value", step=step)
            checks.append(_pattern(element.pattern, make_issue))
    return checks


def _fixed(fixed: Any, make_issue: MakeIssue) -> Check:
    if type(fixed) is str:
        return lambda value, _: None if value == fixed else make_issue(_FIXED.format(_said(value), _said(fixed)))

    def check(value: Any, _: Scope) -> Drafts | None:
        return None if equal(fixed, value) else make_issue(_FIXED.format(_said(value), _said(fixed)))

    return check


_FIXED = "{} found, but the value is fixed to {}."


def _pattern(pattern: Any, make_issue: MakeIssue) -> Check:
    def check(value: Any, _: Scope) -> Drafts | None:
        return (
            None
            if matches(pattern, value)
            else make_issue(f"{_said(value)} found, but expected with {_said(pattern)}.")
        )

    return check


def _said(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_said(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_said, value)) + "]"
    return shown(value)


def quantity_ranges(node: ElementNode, views: ElementRefs) -> list[ObjectCheck]:
    """Give the checks for minValueQuantity and maxValueQuantity; amounts in other units are said to be not checked."""
    checks: list[ObjectCheck] = []
    for view in views:
        for bound, is_least in ((view.element.min_value, True), (view.element.max_value, False)):
            if isinstance(bound, dict):
                checks.append(_quantity_range(node, view, bound, is_least=is_least))
    return checks


def _quantity_range(node: ElementNode, view: ElementRef, bound: dict[str, Any], *, is_least: bool) -> ObjectCheck:
    make_issue = node.rule("range", view, detail=bound, code="value")
    undecided = node.issue_maker("range", view, severity="information", code="not-supported")
    limit, word = bound.get("value"), "least" if is_least else "most"

    def check(value: dict[str, Any], _: Scope) -> Drafts | None:
        amount = value.get("value")
        if not isinstance(amount, int | Decimal) or not isinstance(limit, int | Decimal):
            return None
        if any(value.get(name) != bound.get(name) for name in _UNIT if name in bound):
            return undecided(f"Not checked: whether {amount} {value.get('code')} is within {_said(bound)}.")
        if amount < limit if is_least else amount > limit:
            return make_issue(f"{amount} found, the {word} allowed is {limit}.")
        return None

    return check


_UNIT = ("system", "code")
