"""The concepts of a code system, and the filters of a value set that can be applied to them.

https://hl7.org/fhir/R4/valueset-filter-operator.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

_PARENTS = frozenset({"parent", "subsumedBy"})


@dataclass(frozen=True, slots=True)
class Concept:
    """A concept: its code and display, the codes right above it, and its properties as text."""

    code: str
    display: str
    parents: tuple[str, ...]
    properties: tuple[tuple[str, str], ...]


def concepts(code_system: dict[str, Any]) -> Iterator[Concept]:
    """The concepts of a CodeSystem resource, in order."""
    yield from _below(code_system, ())


def _below(holder: dict[str, Any], above: tuple[str, ...]) -> Iterator[Concept]:
    for each in holder.get("concept", ()):
        properties = tuple((str(one["code"]), _text(one)) for one in each.get("property", ()))
        stated = tuple(value for name, value in properties if name in _PARENTS)
        yield Concept(str(each["code"]), str(each.get("display", "")), above + stated, properties)
        yield from _below(each, (str(each["code"]),))


def _text(one: dict[str, Any]) -> str:
    value = next((value for key, value in one.items() if key.startswith("value")), "")
    if isinstance(value, dict):
        return str(value.get("code", ""))
    return str(value).lower() if isinstance(value, bool) else str(value)


def selected(known: Sequence[Concept], filters: Iterable[dict[str, Any]]) -> list[Concept] | None:
    """The concepts that pass all filters, or None where one of them cannot be applied here."""
    chosen = list(known)
    for each in filters:
        test = _test(known, str(each.get("property", "")), str(each.get("op", "")), str(each.get("value", "")))
        if test is None:
            return None
        chosen = [concept for concept in chosen if test(concept)]
    return chosen


def _test(known: Sequence[Concept], name: str, operator: str, value: str) -> Callable[[Concept], bool] | None:
    if operator in ("is-a", "descendent-of", "is-not-a"):
        below = _descendants(known, value)
        if operator == "descendent-of":
            return lambda concept: concept.code in below
        if operator == "is-a":
            return lambda concept: concept.code in below or concept.code == value
        return lambda concept: concept.code not in below and concept.code != value
    if operator == "generalizes":
        return lambda concept: concept.code == value or value in _descendants(known, concept.code)
    listed = [each.strip() for each in value.split(",")]
    tests: dict[str, Callable[[Concept], bool]] = {
        "=": lambda concept: value in _values(concept, name),
        "in": lambda concept: any(each in listed for each in _values(concept, name)),
        "not-in": lambda concept: not any(each in listed for each in _values(concept, name)),
        "exists": lambda concept: bool(_values(concept, name)) == (value == "true"),
    }
    if operator == "regex":
        try:
            pattern = re.compile(value)
        except re.error:
            return None
        return lambda concept: any(pattern.fullmatch(each) for each in _values(concept, name))
    return tests.get(operator)


def _values(concept: Concept, name: str) -> list[str]:
    if name in ("code", "concept"):
        return [concept.code]
    if name == "display":
        return [concept.display]
    return [value for key, value in concept.properties if key == name] or (
        list(concept.parents) if name == "parent" else []
    )


def _descendants(known: Sequence[Concept], code: str) -> set[str]:
    below: set[str] = set()
    todo = [code]
    while todo:
        above = todo.pop()
        for each in known:
            if above in each.parents and each.code not in below:
                below.add(each.code)
                todo.append(each.code)
    return below
