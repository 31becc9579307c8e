"""Faults of what is kept: parts of a payload that do not come back as they were sent.

Each works on any resource by its form alone; none knows a guide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from vbpr_conformance.reference.behaviour import Resource
from vbpr_conformance.reference.faults.fault import Fault, at

_SHORT = 255
"""The length at which many databases cut text."""


def faults(main: str) -> Iterator[Fault]:
    """Yield the faults; each is seen by comparing what was sent with what comes back."""
    about = {"resource": main, "interaction": "create"}
    for name, words, edit in _EDITS:
        yield Fault(f"create-{name}", about, f"after a write, {words}", at(incoming=_below_meta(edit)))
    for name, words, edit in _OF_REFERENCES:
        change = at(incoming=_below_meta(edit))
        yield Fault(f"references-{name}", {"topic": "references"}, f"after a write, {words}", change)


def _below_meta(edit: Callable[[Any], Any]) -> Callable[[Resource], Resource]:
    """Apply an edit to all of a resource but what the server itself sets."""

    def incoming(resource: Resource) -> Resource:
        kept: Resource = {name: resource[name] for name in ("resourceType", "id", "meta") if name in resource}
        edited = edit({name: value for name, value in resource.items() if name not in kept})
        return kept | (edited if isinstance(edited, dict) else {})

    return incoming


def _members(edit: Callable[[str, Any], Any]) -> Callable[[Any], Any]:
    """Apply an edit to each member of each object, innermost first; None removes it, and what is then empty."""

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            found = {name: edit(name, walk(inner)) for name, inner in value.items()}
            return {name: inner for name, inner in found.items() if inner is not None} or None
        if isinstance(value, list):
            items = [each for each in (walk(inner) for inner in value) if each is not None]
            return items or None
        return value

    return walk


def _only_extensions(name: str, value: Any) -> Any:
    """Lose an element that holds nothing but extensions."""
    return None if name != "extension" and isinstance(value, dict) and set(value) == {"extension"} else value


def _second_of_same(name: str, value: Any) -> Any:
    """Keep the first of several extensions with the same URL."""
    if name != "extension" or not isinstance(value, list):
        return value
    first: dict[str, Any] = {}
    for each in value:
        first.setdefault(each.get("url"), each)
    return list(first.values())


def _nested_extensions(name: str, value: Any) -> Any:
    """Lose what a complex extension consists of."""
    if name != "extension" or not isinstance(value, list):
        return value
    return [each for each in value if "extension" not in each] or None


def _zeros(_: str, value: Any) -> Any:
    """Lose the zeros at the end of a decimal."""
    if isinstance(value, Decimal):
        text = format(value, "f")
        return Decimal(text.rstrip("0").rstrip(".")) if "." in text else value
    return value


def _rounded(_: str, value: Any) -> Any:
    return Decimal(f"{value:.1f}") if isinstance(value, Decimal) else value


def _money_as_quantity(value: Any) -> Any:
    """Turn a Money of a choice into a Quantity."""
    if isinstance(value, list):
        return [_money_as_quantity(each) for each in value]
    if not isinstance(value, Mapping):
        return value
    found = {}
    for name, inner in value.items():
        if name.endswith("Money") and isinstance(inner, dict):
            amount = {key: each for key, each in inner.items() if key != "currency"}
            if "currency" in inner:
                amount |= {"system": "urn:iso:std:iso:4217", "code": inner["currency"]}
            found[f"{name.removesuffix('Money')}Quantity"] = amount
        else:
            found[name] = _money_as_quantity(inner)
    return found


def _order(name: str, value: Any) -> Any:
    """Turn round the order of inner elements that hold others (strata, groups), not of codings or extensions."""
    if isinstance(value, list) and name not in {"extension", "coding"} and any(_holds_others(each) for each in value):
        return value[::-1]
    return value


def _holds_others(value: Any) -> bool:
    return isinstance(value, dict) and any(
        isinstance(inner, list) and name != "coding" for name, inner in value.items()
    )


def _second_item(name: str, value: Any) -> Any:
    """Keep the first of several inner elements."""
    return value[:1] if isinstance(value, list) and name != "extension" and len(value) > 1 else value


def _second_coding(name: str, value: Any) -> Any:
    return value[:1] if name == "coding" and isinstance(value, list) else value


def _partial_dates(_: str, value: Any) -> Any:
    """Fill up dates of month or year precision."""
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d", value):
        return f"{value}-01"
    return value


def _clock(_: str, value: Any) -> Any:
    """Cut the time of day off."""
    return re.sub(r"^(\d{4}-\d\d-\d\d)T[\d:.]+(Z|[-+]\d\d:\d\d)$", r"\1", value) if isinstance(value, str) else value


def _companions(name: str, _value: Any) -> Any:
    """Lose the extensions and ids of primitives."""
    return None if name.startswith("_") else _value


def _literal(name: str, value: Any) -> Any:
    return None if name == "reference" and isinstance(value, str) else value


def _logical(name: str, value: Any) -> Any:
    """Lose a single identifier: those of resources are lists."""
    return None if name == "identifier" and isinstance(value, dict) else value


def _without(*names: str) -> Callable[[str, Any], Any]:
    return lambda name, value: None if name in names else value


def _ascii(_: str, value: Any) -> Any:
    return value.encode("ascii", "replace").decode() if isinstance(value, str) else value


def _cut(_: str, value: Any) -> Any:
    return value[:_SHORT] if isinstance(value, str) else value


def _trimmed(_: str, value: Any) -> Any:
    return " ".join(value.split()) if isinstance(value, str) else value


_EDITS: tuple[tuple[str, str, Callable[[Any], Any]], ...] = (
    ("drops-extension", "an element that holds only extensions is gone", _members(_only_extensions)),
    ("drops-all-extensions", "all extensions are gone", _members(_without("extension"))),
    (
        "drops-repeated-extension",
        "of several extensions with one URL only the first is there",
        _members(_second_of_same),
    ),
    ("drops-nested-extension", "extensions that consist of extensions are gone", _members(_nested_extensions)),
    ("drops-primitive-extension", "extensions of primitive values are gone", _members(_companions)),
    ("drops-repetitions", "of several inner elements only the first is there", _members(_second_item)),
    ("drops-second-coding", "of several codings only the first is there", _members(_second_coding)),
    ("drops-display", "displays are gone", _members(_without("display"))),
    ("drops-text", "texts and narratives are gone", _members(_without("text"))),
    ("drops-contained", "contained resources are gone", _members(_without("contained"))),
    ("drops-element-ids", "ids of inner elements are gone", _members(_without("id"))),
    ("decimal-loses-zeros", "decimals have lost the zeros at their end", _members(_zeros)),
    ("decimal-rounded", "decimals are rounded to one digit", _members(_rounded)),
    ("money-as-quantity", "amounts of money have become quantities", _money_as_quantity),
    ("order-changed", "inner elements stand in another order", _members(_order)),
    ("fills-partial-dates", "dates of month precision have become days", _members(_partial_dates)),
    ("cuts-time", "times of day are gone", _members(_clock)),
    ("mangles-unicode", "letters outside ASCII have become question marks", _members(_ascii)),
    ("cuts-long-text", "text is cut after 255 characters", _members(_cut)),
    ("trims-space", "white space inside text has changed", _members(_trimmed)),
)
_OF_REFERENCES: tuple[tuple[str, str, Callable[[Any], Any]], ...] = (
    ("literal-lost", "references name no URL", _members(_literal)),
    ("logical-lost", "references name no identifier", _members(_logical)),
)
