"""Coded values and identifiers found fine before are not judged again: payloads repeat a few of them all the time.

What is remembered is judged by itself alone: texts only, without ids and extensions.
"""

from __future__ import annotations

from typing import Any

from vbpr_conformance.validate.issue import Findings
from vbpr_conformance.validate.node import Check
from vbpr_conformance.validate.scope import Scope

_MOST = 2000


def remembering(type_name: str, check: Check) -> Check:
    """Let the check of a coded type or of identifiers remember; give any other as it is."""
    if type_name in {"Coding", "Identifier"}:
        return _flat(check)
    if type_name == "CodeableConcept":
        return _concept(check)
    return check


def _flat(check: Check) -> Check:
    fine: set[tuple[Any, ...]] = set()

    def remembered(value: Any, scope: Scope) -> Findings | None:
        try:
            key = (*value, *value.values())
            if key in fine:
                return None
        except (AttributeError, TypeError):
            return check(value, scope)
        bad = check(value, scope)
        if not bad and len(fine) < _MOST and _texts(value):
            fine.add(key)
        return bad

    return remembered


def _concept(check: Check) -> Check:
    fine: set[tuple[Any, ...]] = set()

    def remembered(value: Any, scope: Scope) -> Findings | None:
        codings = value.get("coding") if type(value) is dict else None
        if type(codings) is not list or len(value) > (2 if "text" in value else 1):
            return check(value, scope)
        try:
            key = (value.get("text"), *[part for each in codings for part in (*each, *each.values(), None)])
            if key in fine:
                return None
        except (AttributeError, TypeError):
            return check(value, scope)
        bad = check(value, scope)
        text = value.get("text", "")
        if not bad and len(fine) < _MOST and type(text) is str and all(map(_texts, codings)):
            fine.add(key)
        return bad

    return remembered


def _texts(value: dict[str, Any]) -> bool:
    """Whether it holds nothing but texts, and no id: numbers and true are equal to one another, texts only to texts."""
    return "id" not in value and all(type(each) is str for each in value.values())
