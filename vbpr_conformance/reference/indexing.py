"""The search index of a resource: the values of each search parameter, as the search will compare them.

https://hl7.org/fhir/R4/search.html#ptypes
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import SearchParameter
from vbpr_conformance.reference import date_ranges
from vbpr_conformance.reference.expressions import Evaluate, evaluator
from vbpr_conformance.reference.literal_references import local_key
from vbpr_conformance.reference.store import IndexRow

WAY = "1"
"""Raised whenever resources are indexed in another way, so that files written before are indexed anew."""
ISO_4217 = "urn:iso:std:iso:4217"
_CONTACT_SYSTEMS = {"phone", "fax", "email", "pager", "url", "sms", "other"}

Rows = Iterator[IndexRow]


class Indexer:
    """Evaluates the expressions of all search parameters and turns what they find into rows."""

    def __init__(self, edition: Edition, parameters: Mapping[str, Mapping[str, SearchParameter]]) -> None:
        self._plans: dict[str, list[tuple[SearchParameter, str, Evaluate, str | None]]] = {
            name: [
                (each, f"{name}.{each.code}", evaluator(each.expression, name), _implied_system(edition, each, name))
                for each in of_type.values()
            ]
            for name, of_type in parameters.items()
        }
        told = [
            (name, each.code, each.type, each.expression) for name, plan in self._plans.items() for each, *_ in plan
        ]
        self.signature = hashlib.sha256(repr((WAY, sorted(told))).encode()).hexdigest()

    @property
    def names(self) -> list[str]:
        """The names under which rows are made: `Type.code`, and `Type.code:identifier` for references."""
        plans = [(parameter, name) for plan in self._plans.values() for parameter, name, *_ in plan]
        return [
            each
            for parameter, name in plans
            for each in (name, f"{name}:identifier")[: 1 + (parameter.type == "reference")]
        ]

    def rows(self, resource: dict[str, Any], base: str) -> list[IndexRow]:
        """Give the index rows of a resource; `base` is the URL below which absolute references are local."""
        found: list[IndexRow] = []
        for parameter, name, evaluate, system in self._plans[resource["resourceType"]]:
            values = evaluate(resource)
            if values:
                made = list(_WAYS[parameter.type](name, values, system if parameter.type == "token" else base))
                found += made
                if not any(row.param == name for row in made):
                    found.append(IndexRow(name))
        return found


def _implied_system(edition: Edition, parameter: SearchParameter, resource_type: str) -> str | None:
    """Give the code system that a `code` element implies by its required binding.

    https://hl7.org/fhir/R4/search.html#token
    """
    base = edition.find_profile(resource_type)
    element = base.by_id.get(parameter.expression) if base is not None else None
    if element is None or element.binding is None or element.binding.value_set is None:
        return None
    bound = edition.value_set(element.binding.value_set)
    systems = {system for system, _ in bound.codes} if bound is not None else set()
    return systems.pop() if len(systems) == 1 else None


def normalised(text: str) -> str:
    """Give text as string search compares it: without case, accents and surplus white space.

    https://hl7.org/fhir/R4/search.html#string
    """
    apart = unicodedata.normalize("NFKD", text)
    return " ".join("".join(each for each in apart if not unicodedata.combining(each)).casefold().split())


def _tokens(name: str, values: Iterable[Any], implied: str | None) -> Rows:
    for value in values:
        if isinstance(value, bool):
            yield IndexRow(name, None, str(value).lower())
        elif isinstance(value, str):
            yield IndexRow(name, implied, value)
        elif isinstance(value, dict):
            yield from _complex_token(name, value)


def _complex_token(name: str, value: Mapping[str, Any]) -> Rows:
    if "coding" in value or set(value) & {"text"}:
        text = value.get("text", "")
        codings = value.get("coding") or [{}]
        for coding in codings:
            shown = normalised(f"{text} {coding.get('display', '')}")
            yield IndexRow(name, coding.get("system"), coding.get("code"), shown)
    elif "value" in value and value.get("system") in _CONTACT_SYSTEMS:
        yield IndexRow(name, None, value["value"])
    elif "value" in value:
        yield IndexRow(name, value.get("system"), str(value["value"]), normalised(_type_text(value)))
    else:
        yield IndexRow(name, value.get("system"), value.get("code"), normalised(value.get("display", "")))


def _type_text(identifier: Mapping[str, Any]) -> str:
    kind = identifier.get("type")
    return str(kind.get("text", "")) if isinstance(kind, dict) else ""


def _strings(name: str, values: Iterable[Any], _base: str | None) -> Rows:
    for value in values:
        for text in _texts(value):
            yield IndexRow(name, None, normalised(text), text)


def _texts(value: Any) -> Iterator[str]:
    """All text in a value: itself, or the parts of a name, an address or a coded value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, dict):
        for member, inner in value.items():
            if member not in {"use", "type", "period", "extension", "id", "system"} and not member.startswith("_"):
                yield from _texts(inner)


def _uris(name: str, values: Iterable[Any], _base: str | None) -> Rows:
    for value in values:
        if isinstance(value, str):
            yield IndexRow(name, exact=value)


def _references(name: str, values: Iterable[Any], base: str | None) -> Rows:
    for value in values:
        if isinstance(value, str):
            yield _reference(name, value, base or "")
        elif isinstance(value, dict):
            if isinstance(value.get("reference"), str):
                yield _reference(name, value["reference"], base or "")
            if isinstance(value.get("identifier"), dict):
                yield from _tokens(f"{name}:identifier", [value["identifier"]], None)


def _reference(name: str, text: str, base: str) -> IndexRow:
    key = local_key(text, base)
    if key is not None:
        target, _, target_id = key.partition("/")
        return IndexRow(name, target, target_id, key)
    url, _, version = text.partition("|")
    return IndexRow(name, None, version or None, url)


def _dates(name: str, values: Iterable[Any], _base: str | None) -> Rows:
    for value in values:
        found = date_ranges.range_of(value)
        if found is not None:
            yield IndexRow(name, low=found[0], high=found[1])


def _numbers(name: str, values: Iterable[Any], _base: str | None) -> Rows:
    for value in values:
        if isinstance(value, int | Decimal):
            yield IndexRow(name, low=float(value), high=float(value))


def _quantities(name: str, values: Iterable[Any], _base: str | None) -> Rows:
    for value in values:
        if not isinstance(value, dict):
            continue
        if "low" in value or "high" in value:
            low, high = value.get("low", {}), value.get("high", {})
            either = low or high
            ends = (float(low.get("value", "-inf")), float(high.get("value", "inf")))
            yield IndexRow(name, either.get("system"), either.get("code"), either.get("unit"), *ends)
        elif "currency" in value and "value" in value:
            number = float(value["value"])
            yield IndexRow(name, ISO_4217, value["currency"], value["currency"], number, number)
        elif "value" in value:
            number = float(value["value"])
            yield IndexRow(name, value.get("system"), value.get("code"), value.get("unit"), number, number)


_WAYS: Mapping[str, Callable[[str, Iterable[Any], str | None], Rows]] = {
    "token": _tokens,
    "string": _strings,
    "uri": _uris,
    "reference": _references,
    "date": _dates,
    "number": _numbers,
    "quantity": _quantities,
}
