"""Actions on the parameters of searches, whatever they are of: what of a query is overlooked or misread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote_plus

from vbpr_conformance.reference.changes.object_edits import action
from vbpr_conformance.reference.http_messages import Pairs


def query_point(given: Mapping[str, Any]) -> Callable[[str, Pairs], Pairs]:
    """Misread the parameters of searches."""
    actions = [action(_QUERIES, name)(argument) for name, argument in given.items()]

    def query(_: str, asked: Pairs) -> Pairs:
        for each in actions:
            asked = each(asked)
        return asked

    return query


def _first_criteria(most: int) -> Callable[[Pairs], Pairs]:
    """Look only at so many of the parameters that filter."""

    def query(asked: Pairs) -> Pairs:
        criteria = [pair for pair in asked if not pair[0].startswith("_")]
        return [pair for pair in asked if pair[0].startswith("_") or pair in criteria[:most]]

    return query


def _overlook_modifiers_but(known: Any) -> Callable[[Pairs], Pairs]:
    """Overlook every modifier that is not among those known."""

    def query(asked: Pairs) -> Pairs:
        parts = [(*name.partition(":"), value) for name, value in asked]
        return [(f"{code}{colon}{rest}" if rest in known else code, value) for code, colon, rest, value in parts]

    return query


def _drop_with_modifiers_but(known: Any) -> Callable[[Pairs], Pairs]:
    """Pass over parameters with a modifier that is not among those known, as if nobody knew them."""
    return lambda asked: [pair for pair in asked if pair[0].partition(":")[2] in {"", *known}]


def _lower_case_values_of(wanted: str) -> Callable[[Pairs], Pairs]:
    return lambda asked: [(name, value.lower() if name == wanted else value) for name, value in asked]


def _missing_inverted(_: Any) -> Callable[[Pairs], Pairs]:
    other = {"true": "false", "false": "true"}
    return lambda asked: [
        (name, other.get(value, value) if name.endswith(":missing") else value) for name, value in asked
    ]


_QUERIES: Mapping[str, Callable[[Any], Callable[[Pairs], Pairs]]] = {
    "first-criteria": _first_criteria,
    "last-of-same": lambda _: lambda asked: list(dict(asked).items()),
    "overlook-modifier": lambda name: lambda asked: [pair for pair in asked if not pair[0].endswith(f":{name}")],
    "overlook-modifiers-but": _overlook_modifiers_but,
    "drop-with-modifiers-but": _drop_with_modifiers_but,
    "lower-case-values-of": _lower_case_values_of,
    "missing-inverted": _missing_inverted,
    "take-for": lambda names: lambda asked: [(names.get(name, name), value) for name, value in asked],
    "overlook-chains": lambda _: lambda asked: [pair for pair in asked if "." not in pair[0]],
    "decode-again": lambda _: lambda asked: [(name, unquote_plus(value)) for name, value in asked],
    "read-as-latin": lambda _: lambda asked: [(name, value.encode().decode("latin-1")) for name, value in asked],
    "overlook-escapes": lambda sign: lambda asked: [(name, value.replace(f"\\{sign}", sign)) for name, value in asked],
}
