"""Fills in `{{name.path}}`, the only templating of the suite language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from vbpr_conformance.errors import VbprError

_PLACE = re.compile(r"\{\{\s*([A-Za-z][\w-]*(?:\.[\w\[\]-]+)*)\s*\}\}")


class MissingValueError(VbprError):
    """A `{{name.path}}` has no value; `name` is what it was about, `path` the whole between the braces."""

    def __init__(self, name: str, path: str) -> None:
        super().__init__(f"{{{{{path}}}}} has no value")
        self.name = name
        self.path = path


def fill(value: Any, scope: Mapping[str, Any]) -> Any:
    """Fill in every `{{name.path}}` in texts, lists and mappings; a text of one place alone keeps the value's type."""
    if isinstance(value, str):
        return _fill_text(value, scope)
    if isinstance(value, dict):
        return {_fill_text(key, scope): fill(each, scope) for key, each in value.items()}
    if isinstance(value, list):
        return [fill(each, scope) for each in value]
    return value


def text(value: str, scope: Mapping[str, Any]) -> str:
    """Fill in a text."""
    return str(_fill_text(value, scope))


def names_in(value: Any) -> set[str]:
    """The names that the places in `value` begin with."""
    if isinstance(value, str):
        return {path.partition(".")[0] for path in _PLACE.findall(value)}
    if isinstance(value, dict):
        return {name for pair in value.items() for part in pair for name in names_in(part)}
    if isinstance(value, list):
        return {name for each in value for name in names_in(each)}
    return set()


def _fill_text(value: str, scope: Mapping[str, Any]) -> Any:
    if "{{" not in value:
        return value
    whole = _PLACE.fullmatch(value)
    if whole:
        return _look_up(whole[1], scope)
    return _PLACE.sub(lambda place: str(_look_up(place[1], scope)), value)


def _look_up(path: str, scope: Mapping[str, Any]) -> Any:
    name, *steps = path.split(".")
    found: Any = scope.get(name)
    for step in steps:
        if isinstance(found, Mapping):
            found = found.get(step)
        elif isinstance(found, list) and step.isdigit() and int(step) < len(found):
            found = found[int(step)]
        else:
            found = None
    if found is None:
        raise MissingValueError(name, path)
    return found
