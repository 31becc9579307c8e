"""Actions on resources: parts of a payload that do not come back as they were sent.

Each works on any resource by its form alone; none knows a guide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from html import escape
from typing import Any

from vbpr_conformance.reference.behaviour import Resource
from vbpr_conformance.reference.changes.object_edits import action, as_list, without
from vbpr_conformance.reference.literal_references import literal_references, local_key, redirected

Member = Callable[[str, Any], Any]
"""Takes the name and the value of a member and gives the value that it shall have; None removes it."""
_ZERO_OFFSET = re.compile(r"^(\d{4}-\d\d-\d\dT[\d:.]+)\+00:00$")
_WITH_OFFSET = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+[-+]\d\d:\d\d")
_FRACTION = re.compile(r"(?<=T\d\d:\d\d:\d\d)\.\d+")
_CANONICAL_VERSION = re.compile(r"(?<=[A-Za-z])\|[\d.]+$")
_ASTRAL = 0x10000
"""The first character that UTF-16 writes as two."""
_WITH_CLOCK = re.compile(r"^(\d{4}-\d\d-\d\d)T[\d:.]+(Z|[-+]\d\d:\d\d)$")


def stored_point(given: Mapping[str, Any]) -> Callable[[Resource], Resource]:
    """Edit each member of each object of a resource before it is stored, but what the server itself sets."""
    edits = [action(MEMBER_EDITS, name)(argument) for name, argument in given.items()]

    def stored(resource: Resource) -> Resource:
        kept: Resource = {name: resource[name] for name in ("resourceType", "id", "meta") if name in resource}
        rest: Any = {name: value for name, value in resource.items() if name not in kept}
        for each in edits:
            rest = _walked(each, rest)
        return kept | (rest if isinstance(rest, dict) else {})

    return stored


def sent_point(given: Mapping[str, Any]) -> Callable[[str, Resource], Resource]:
    """Edit stored resources before they are sent."""
    edits = [action(_SENT_EDITS, name)(argument) for name, argument in given.items()]

    def sent(base: str, resource: Resource) -> Resource:
        for each in edits:
            resource = each(base, resource)
        return resource

    return sent


def _walked(edit: Member, value: Any) -> Any:
    """Apply an edit to each member of each object, innermost first; what is then empty goes too."""
    if isinstance(value, dict):
        found = {name: edit(name, _walked(edit, inner)) for name, inner in value.items()}
        return {name: inner for name, inner in found.items() if inner is not None} or None
    if isinstance(value, list):
        items = [each for each in (_walked(edit, inner) for inner in value) if each is not None]
        return items or None
    return value


def _drop(names: Any) -> Member:
    return lambda name, value: None if name in as_list(names) else value


def _drop_texts_named(name: str) -> Member:
    """Lose members of this name that hold text."""
    return lambda member, value: None if member == name and isinstance(value, str) else value


def _drop_single(name: str) -> Member:
    """Lose members of this name that hold one object and not a list."""
    return lambda member, value: None if member == name and isinstance(value, dict) else value


def _only_extensions(name: str, value: Any) -> Any:
    """Lose an element that holds nothing but extensions."""
    return None if name != "extension" and isinstance(value, dict) and set(value) == {"extension"} else value


def _first_of_same_extensions(name: str, value: Any) -> Any:
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


def _decimals_without_zeros(_: str, value: Any) -> Any:
    if isinstance(value, Decimal):
        text = format(value, "f")
        return Decimal(text.rstrip("0").rstrip(".")) if "." in text else value
    return value


def _round_decimals(digits: int) -> Member:
    return lambda _, value: Decimal(f"{value:.{digits}f}") if isinstance(value, Decimal) else value


def _money_as_quantity(_: str, value: Any) -> Any:
    """Turn a Money of a choice into a Quantity."""
    if isinstance(value, list):
        return [_money_as_quantity("", each) for each in value]
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
            found[name] = inner
    return found


def _reversed_order(name: str, value: Any) -> Any:
    """Turn round the order of inner elements that hold others (strata, groups), not of codings or extensions."""
    if isinstance(value, list) and name not in {"extension", "coding"} and any(_holds_others(each) for each in value):
        return value[::-1]
    return value


def _holds_others(value: Any) -> bool:
    return isinstance(value, dict) and any(
        isinstance(inner, list) and name != "coding" for name, inner in value.items()
    )


def _first_item(name: str, value: Any) -> Any:
    return value[:1] if isinstance(value, list) and name != "extension" and len(value) > 1 else value


def _no_identifier_beside_url(_: str, value: Any) -> Any:
    """Lose the identifier of a reference that names a URL as well."""
    return without(value, "identifier") if isinstance(value, dict) and "reference" in value else value


def _first_contained(name: str, value: Any) -> Any:
    return value[:1] if name == "contained" else value


def _first_coding(name: str, value: Any) -> Any:
    return value[:1] if name == "coding" and isinstance(value, list) else value


def _months_as_days(_: str, value: Any) -> Any:
    return f"{value}-01" if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d", value) else value


def _texts(change: Callable[[str], str]) -> Callable[[Any], Member]:
    return lambda _: lambda _name, value: change(value) if isinstance(value, str) else value


def _plainly(edit: Member) -> Callable[[Any], Member]:
    """An edit that takes no argument."""
    return lambda _: edit


def _same_items_once(_: str, value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return [each for place, each in enumerate(value) if each not in value[:place]]


def _sorted_references(_: str, value: Any) -> Any:
    """Sort references that stand side by side by where they lead."""
    if isinstance(value, list) and all(isinstance(each, dict) and "reference" in each for each in value):
        return sorted(value, key=lambda each: str(each["reference"]))
    return value


def _in_utc(text: str) -> str:
    """Write a moment that has an offset from UTC as one in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC).isoformat() if _WITH_OFFSET.fullmatch(text) else text


def _lower_case(names: Any) -> Member:
    return lambda name, value: value.lower() if name in as_list(names) and isinstance(value, str) else value


def _as_double(_: str, value: Any) -> Any:
    """Read a decimal as a binary float of 64 bits, and write as many digits behind the point as before."""
    if not isinstance(value, Decimal):
        return value
    exponent = value.as_tuple().exponent
    return Decimal(f"{float(value):.{-exponent if isinstance(exponent, int) and exponent < 0 else 0}f}")


def _without_version(name: str, value: Any) -> Any:
    return value.partition("/_history/")[0] if name == "reference" and isinstance(value, str) else value


def _moved(name: str, value: Any) -> Any:
    """Lead what is said to be on a server elsewhere."""
    return (
        re.sub(r"^https?://[^/]+/fhir/", "https://elsewhere.example.org/fhir/", value) if name == "reference" else value
    )


_NUMBERS = (int, Decimal)
MEMBER_EDITS: Mapping[str, Callable[[Any], Member]] = {
    "drop": _drop,
    "drop-texts-named": _drop_texts_named,
    "drop-single": _drop_single,
    "drop-only-extensions": _plainly(_only_extensions),
    "first-of-same-extensions": _plainly(_first_of_same_extensions),
    "drop-nested-extensions": _plainly(_nested_extensions),
    "drop-primitive-extensions": _plainly(lambda name, value: None if name.startswith("_") else value),
    "decimals-without-zeros": _plainly(_decimals_without_zeros),
    "round-decimals": _round_decimals,
    "decimals-as-doubles": _plainly(_as_double),
    "absolute-references-moved": _plainly(_moved),
    "references-without-version": _plainly(_without_version),
    "money-as-quantity": _plainly(_money_as_quantity),
    "reverse-order": _plainly(_reversed_order),
    "drop-zeros": _plainly(lambda _, value: None if type(value) in _NUMBERS and value == 0 else value),
    "first-item": _plainly(_first_item),
    "no-identifier-beside-url": _plainly(_no_identifier_beside_url),
    "first-contained": _plainly(_first_contained),
    "first-coding": _plainly(_first_coding),
    "months-as-days": _plainly(_months_as_days),
    "times-as-days": _texts(lambda text: _WITH_CLOCK.sub(r"\1", text)),
    "cut-fractions": _texts(lambda text: _FRACTION.sub("", text)),
    "zero-offset-as-z": _texts(lambda text: _ZERO_OFFSET.sub(r"\1Z", text)),
    "ascii-only": _texts(lambda text: text.encode("ascii", "replace").decode()),
    "trim-space": _texts(lambda text: " ".join(text.split())),
    "escape-markup": _texts(escape),
    "drop-astral": _texts(lambda text: "".join(each if ord(each) < _ASTRAL else "\ufffd" for each in text)),
    "times-in-utc": _texts(_in_utc),
    "canonicals-without-version": _texts(lambda text: _CANONICAL_VERSION.sub("", text)),
    "numbers-as-text": _plainly(lambda _, value: str(value) if type(value) in _NUMBERS else value),
    "last-item": _plainly(lambda name, value: value[-1:] if isinstance(value, list) and name != "extension" else value),
    "same-items-once": _plainly(_same_items_once),
    "sort-references": _plainly(_sorted_references),
    "lower-case": _lower_case,
    "cut-text": lambda most: lambda _, value: value[:most] if isinstance(value, str) else value,
}


def _absolute_references(base: str, resource: Resource) -> Resource:
    keys = {each: local_key(each, "") for each in literal_references(resource)}
    found: Resource = redirected(resource, {each: f"{base}/{each}" for each, key in keys.items() if key is not None})
    return found


def _narrative(_: str, resource: Resource) -> Resource:
    text = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">generated</div>'}
    return {"resourceType": resource["resourceType"], "text": text} | resource


def _add_to_meta(more: Mapping[str, Any]) -> Callable[[str, Resource], Resource]:
    def sent(_: str, resource: Resource) -> Resource:
        meta = dict(resource["meta"])
        for name, value in more.items():
            meta[name] = [*meta.get(name, ()), *value] if isinstance(value, list) else value
        return resource | {"meta": meta}

    return sent


def _last_updated_now(_: str, resource: Resource) -> Resource:
    now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return resource | {"meta": resource["meta"] | {"lastUpdated": now}}


def _sorted_members(_: str, resource: Resource) -> Resource:
    def ordered(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: ordered(value[name]) for name in sorted(value)}
        return [ordered(each) for each in value] if isinstance(value, list) else value

    found: Resource = ordered(resource)
    return found


_SENT_EDITS: Mapping[str, Callable[[Any], Callable[[str, Resource], Resource]]] = {
    "absolute-references": lambda _: _absolute_references,
    "narrative": lambda _: _narrative,
    "sorted-members": lambda _: _sorted_members,
    "last-updated-now": lambda _: _last_updated_now,
    "add-to-meta": _add_to_meta,
}
