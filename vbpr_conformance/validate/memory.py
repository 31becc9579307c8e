"""Coded values that were found fine before are not judged again: payloads repeat a few of them all the time.

What is remembered is judged by itself alone: texts only, without ids and extensions.
"""

from __future__ import annotations

from typing import Any

from vbpr_conformance.validate.issue import Findings
from vbpr_conformance.validate.node import Check
from vbpr_conformance.validate.scope import Scope

_MOST = 2000


def remembering(type_name: str, check: Check) -> Check:
    """Let the check of a coded type remember; give any other as it is."""
    if type_name == "Coding":
        return _coding(check)
    if type_name == "CodeableConcept":
        return _concept(check)
    return check


def _coding(check: Check) -> Check:
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
        if type(value) is dict and (len(value) == 1 or (len(value) == _WITH_TEXT and type(value.get("text")) is str)):
            codings = value.get("coding")
            if type(codings) is list and len(codings) == 1 and type(codings[0]) is dict:
                try:
                    key = (value.get("text"), *codings[0].items())
                    if key in fine:
                        return None
                except TypeError:
                    return check(value, scope)
                bad = check(value, scope)
                if not bad and len(fine) < _MOST and _texts(codings[0]):
                    fine.add(key)
                return bad
        return check(value, scope)

    return remembered


_WITH_TEXT = 2


def _texts(value: dict[str, Any]) -> bool:
    """Whether it holds nothing but texts, and no id: numbers and true are equal to one another, texts only to texts."""
    return "id" not in value and all(type(each) is str for each in value.values())
