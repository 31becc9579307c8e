"""How a rule of each kind is broken: edits that are tried in turn on a conformant payload.

Whether an edit breaks the rule it is meant to, and no other, is for the validator to say; here stand likely ones.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from operator import setitem
from typing import Any

from vbpr_conformance.generate import terms, values
from vbpr_conformance.generate.case import Case, Edit
from vbpr_conformance.generate.choices import MINIMAL, Choices
from vbpr_conformance.generate.compiler import planner
from vbpr_conformance.generate.datatypes import TYPES
from vbpr_conformance.generate.members import Object
from vbpr_conformance.generate.plan import foreign_extension
from vbpr_conformance.generate.spots import Spot, holders, without_ids

Mutation = Callable[[Case], Iterator[Edit]]
"""Yields edits of the case's resource; each is applied to a fresh copy, so that only one takes effect."""

_TYPES = (
    "string",
    "boolean",
    "integer",
    "decimal",
    "dateTime",
    "uri",
    "Period",
    "Quantity",
    "CodeableConcept",
    "Range",
)
_WRONG: dict[str, tuple[Any, ...]] = {
    "base64Binary": ("*", "abc", 1),
    "boolean": ("true", 1),
    "canonical": ("has space", "", 1),
    "code": (" two  spaces ", "", 1),
    "date": ("2024-13-45", "2024-1-1", "yesterday"),
    "dateTime": ("2024-02-30T25:61:00Z", "2024-01-01T10:00:00", "yesterday"),
    "decimal": ("1.5", True),
    "id": ("no spaces allowed", "x" * 65, "_"),
    "instant": ("2024-01-01", "now"),
    "integer": ("1", Decimal("1.5"), 2**31),
    "markdown": ("", 1),
    "oid": ("urn:oid:x",),
    "positiveInt": (0, "1"),
    "string": ("", 1),
    "time": ("25:00:00", "10:00"),
    "unsignedInt": (-1, "1"),
    "uri": ("has space", "", 1),
    "url": ("has space", "", 1),
    "uuid": ("urn:uuid:x",),
    "xhtml": ("no element", 1),
}
_SHAPES: tuple[Any, ...] = ("text", 1, {}, [], None, [None], True)


def _min(case: Case) -> Iterator[Edit]:
    found = case.spots()
    if not found:
        return
    one = case.b.pick(found)
    least = case.rule.detail if isinstance(case.rule.detail, int) else 1
    same = [spot for spot in found if spot.holder is one.holder]

    def fewer(chosen: list[Spot], *, keep: bool) -> None:
        for spot in reversed(chosen):
            spot.remove()
        if keep and one.key not in one.holder:
            one.holder[one.key] = [foreign_extension(case.b)]

    if case.rule.element_id.rpartition(".")[2].startswith("extension:"):
        yield lambda: fewer(same[least - 1 :], keep=True)
    yield lambda: fewer(same[least - 1 :], keep=False)
    yield lambda: fewer(found, keep=False)


def _max(case: Case) -> Iterator[Edit]:
    if case.path is None:
        return
    spot = case.spot()
    if case.rule.detail == 0 and spot is not None:
        yield lambda: None
        yield partial(_without_value, spot.holder)
        return
    if spot is None or spot.index is None:
        yield lambda: None
        return
    items = spot.holder[spot.key]
    most = case.rule.detail if isinstance(case.rule.detail, int) else len(items)
    missing = most + 1 - sum(1 for each in case.spots() if each.holder is spot.holder)

    def more(*, bare: bool) -> None:
        for _ in range(missing):
            item = copy.deepcopy(spot.value)
            if bare and isinstance(item, dict):
                without_ids(item)
            items.append(item)

    if missing > 0:
        yield lambda: more(bare=True)
        yield lambda: more(bare=False)
    else:
        yield lambda: None


def _other_value(case: Case) -> Iterator[Edit]:
    spot = case.spot()
    if spot is not None:
        system = case.edition.code_system(str(spot.holder.get("system", "")))
        for code in list(system.codes)[:6] if system is not None and isinstance(spot.value, str) else ():
            if code != spot.value:
                yield partial(_with_code, spot.holder, code)
        for value in _others(spot.value, case):
            yield partial(spot.replace, value)


def _others(value: Any, case: Case) -> Iterator[Any]:
    """Values like the given one, but different in one leaf."""
    if isinstance(value, dict):
        for key, part in value.items():
            for other in _others(part, case):
                yield {**value, key: other}
            yield {name: each for name, each in value.items() if name != key}
    elif isinstance(value, list):
        for number, part in enumerate(value):
            for other in _others(part, case):
                yield [*value[:number], other, *value[number + 1 :]]
    elif isinstance(value, str):
        element = case.element()
        pool = terms.pool(case.edition, element) if element is not None else None
        yield from (each["code"] for each in (pool.codings if pool else ())[:6] if each["code"] != value)
        yield from ("http://example.org/other", "other")
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, (int, Decimal)):
        yield value + 1


def _other_type(case: Case) -> Iterator[Edit]:
    for holder, name, keys in _choices(case):
        for kind in _TYPES:
            key = name + kind[0].upper() + kind[1:]
            if key not in keys:
                yield partial(_swap, holder, keys, key, case, kind)


def _two_types(case: Case) -> Iterator[Edit]:
    allowed = {ref.code for ref in element.types} if (element := case.element()) is not None else set()
    for holder, name, keys in _choices(case):
        for kind in (*(each for each in _TYPES if each in allowed), *_TYPES):
            key = name + kind[0].upper() + kind[1:]
            if key not in keys:
                yield partial(_swap, holder, (), key, case, kind)


def _choices(case: Case) -> Iterator[tuple[Object, str, tuple[str, ...]]]:
    if case.path is None:
        return
    name = case.rule.element_id.rpartition(".")[2].partition(":")[0].removesuffix("[x]")
    for spot in case.spots()[:3]:
        keys = tuple(key for key in spot.holder if key.lstrip("_").startswith(name) and key.lstrip("_") != name)
        yield spot.holder, name, keys


def _swap(holder: Object, gone: tuple[str, ...], key: str, case: Case, kind: str) -> None:
    for each in gone:
        holder.pop(each, None)
    maker = TYPES.get(kind) or values.PRIMITIVES[kind]
    holder[key] = maker(case.b)


def _array(case: Case) -> Iterator[Edit]:
    spot = case.spot()
    if spot is None:
        yield from _put_bare(case, {"resourceType": "Organization"})
        return
    inside = spot.holder[spot.key]
    wrapped = inside[0] if isinstance(inside, list) else [inside]
    yield partial(setitem, spot.holder, spot.key, wrapped)
    under = f"_{spot.key}"
    yield partial(setitem, spot.holder, under, {"id": "x"} if isinstance(inside, list) else [None, {"id": "x"}])


def _put_bare(case: Case, value: Any) -> Iterator[Edit]:
    """Put a value where nothing is."""
    if case.path is not None and case.path.steps[-1].key is not None:
        key = case.path.steps[-1].key
        for holder in list(holders(case.resource, case.path))[:1]:
            yield partial(setitem, holder, key, value)


def _shape(case: Case) -> Iterator[Edit]:
    spot = case.spot()
    if spot is None:
        yield from _put_bare(case, [])
    if spot is not None:
        for value in _SHAPES:
            yield partial(spot.replace, copy.deepcopy(value))
        for value in _SHAPES:
            yield partial(setitem, spot.holder, spot.key, copy.deepcopy(value))
            yield partial(setitem, spot.holder, f"_{spot.key}", copy.deepcopy(value))


def _format(case: Case) -> Iterator[Edit]:
    spot = case.spot()
    if spot is not None:
        kind = case.rule.detail if isinstance(case.rule.detail, str) else "string"
        for value in _WRONG.get(kind, ("", 1)):
            yield partial(spot.replace, value)


def _length(case: Case) -> Iterator[Edit]:
    spot = case.spot()
    if spot is not None and isinstance(case.rule.detail, int):
        yield lambda: spot.replace("x" * (case.rule.detail + 1))


def _range(case: Case) -> Iterator[Edit]:
    spot = case.spot()
    if spot is not None:
        for bound in case.rule.detail if isinstance(case.rule.detail, tuple) else ():
            if isinstance(bound, (int, Decimal)):
                yield partial(spot.replace, bound + 1)
                yield partial(spot.replace, bound - 1)


def _unknown_property(case: Case) -> Iterator[Edit]:
    for each in case.objects()[:2]:
        yield partial(setitem, each, "unknownProperty", "x")
    spot = case.spot()
    if spot is not None and not isinstance(spot.value, dict):
        yield partial(setitem, spot.holder, f"_{spot.key}", {"unknownProperty": "x"})


def _binding(case: Case) -> Iterator[Edit]:
    spot = case.spot()
    if spot is None:
        return
    value = spot.value
    for code in ("not-a-code", "zz", "ZZZ", "x/not-a-type"):
        coding = {"system": terms.FOREIGN_SYSTEM, "code": code}
        if isinstance(value, str):
            yield partial(spot.replace, code)
        elif isinstance(value, dict) and ("coding" in value or "text" in value):
            yield partial(spot.replace, {"coding": [coding]})
        elif isinstance(value, dict):
            yield partial(spot.replace, {**value, **coding} if "value" in value else coding)
    if isinstance(value, dict) and "coding" in value:
        yield lambda: spot.replace({"text": "Synthetic text alone"})


def _code(case: Case) -> Iterator[Edit]:
    for each in case.objects():
        if case.edition.code_system(each.get("system", "")) is not None:
            yield partial(_with_code, each, "not-a-code")
    for each in case.objects():
        yield partial(each.update, system="http://hl7.org/fhir/administrative-gender", code="not-a-code")


def _system(case: Case) -> Iterator[Edit]:
    spot = case.spot()
    if spot is not None:
        for value in ("relative-system", "http://hl7.org/fhir/ValueSet/administrative-gender"):
            yield partial(spot.replace, value)


def _target(case: Case) -> Iterator[Edit]:
    spot = case.spot()
    if spot is None:
        return
    for known in (case.profile.url, "http://hl7.org/fhir/ValueSet/measure-report-status"):
        if isinstance(spot.value, str):
            yield partial(spot.replace, known)
            yield partial(spot.replace, f"{known}|1.0.0")
    for kind in ("Patient", "Observation", "Medication", "Questionnaire", "StructureDefinition"):
        if isinstance(spot.value, dict):
            yield partial(spot.replace, {**_kept(spot.value), "reference": f"{kind}/syn-1"})
        else:
            yield partial(spot.replace, kind)
            yield partial(spot.holder.update, {spot.key: kind, "reference": "Organization/syn-1"})
            yield partial(spot.replace, f"http://hl7.org/fhir/{kind}/syn-1")


def _kept(reference: Object) -> Object:
    return {key: part for key, part in reference.items() if key not in ("reference", "type", "identifier")}


def _reference(case: Case) -> Iterator[Edit]:
    spot = case.spot()
    if spot is not None:
        for value in (
            "Organization/no spaces",
            "Organization/",
            "Organization/1/2",
            "nothing",
            "#nowhere",
            "",
            "urn:uuid:x",
            "no/canonical|1.0.0",
        ):
            yield partial(spot.replace, value)


def _slice(case: Case) -> Iterator[Edit]:
    yield from _other_value(case)
    yield from _other_type(case)


def _extension(case: Case) -> Iterator[Edit]:
    if case.path is None:
        return
    key = case.path.steps[-1].key or "extension"
    for holder in list(holders(case.resource, case.path))[:3]:
        for url in (f"{case.edition.own}/StructureDefinition/not-defined", "relative"):
            item = {"url": url, "valueString": "x"}
            yield partial(_append, holder, key, item)


def _extension_context(case: Case) -> Iterator[Edit]:
    if case.path is None:
        return
    key = case.path.steps[-1].key or "extension"
    known = [each for each in case.edition.own_structures if each.is_extension]
    for holder in list(holders(case.resource, case.path))[:2]:
        for each in known:
            item = planner(case.edition).resource(each).make(Choices(random.Random(case.b.below(2**32)), size=MINIMAL))
            yield partial(_append, holder, key, item)


def _profile(case: Case) -> Iterator[Edit]:
    meta = case.resource.setdefault("meta", {})
    for url in (f"{case.edition.own}/StructureDefinition/not-defined", *(each.url for each in case.edition.profiles)):
        yield partial(_append, meta, "profile", url)


def _element_id(case: Case) -> Iterator[Edit]:
    """The id of the place, used once before it: what stands at the top of the resource is moved behind the rest."""
    spot = case.spot()
    if spot is None or case.path is None:
        return
    for each in _elements(case.resource, top=True):
        if each is not spot.holder:

            def edit(each: Object = each) -> None:
                each["id"] = spot.value
                top = str(case.path.steps[0].key) if case.path is not None else ""
                for key in (top, f"_{top}"):
                    if key in case.resource:
                        case.resource[key] = case.resource.pop(key)

            yield edit


def _elements(value: Any, *, top: bool = False) -> Iterator[Object]:
    if isinstance(value, dict):
        if not top:
            yield value
        for key, each in value.items():
            if key not in ("contained", "meta", "text"):
                yield from _elements(each)
    elif isinstance(value, list):
        for each in value:
            yield from _elements(each)


def _append(holder: Object, key: str, item: Any) -> None:
    holder[key] = [*holder.get(key, ()), item]


def _with_code(coding: Object, code: str) -> None:
    coding.pop("display", None)
    coding["code"] = code


def _without_value(extension: Object) -> None:
    for key in [key for key in extension if key.startswith("value")]:
        del extension[key]


MUTATIONS: dict[str, Mutation] = {
    "array": _array,
    "binding": _binding,
    "choice": _two_types,
    "code": _code,
    "element-id": _element_id,
    "extension": _extension,
    "extension-context": _extension_context,
    "fixed": _other_value,
    "format": _format,
    "length": _length,
    "max": _max,
    "min": _min,
    "pattern": _other_value,
    "profile": _profile,
    "range": _range,
    "reference": _reference,
    "shape": _shape,
    "slice": _slice,
    "system": _system,
    "target": _target,
    "type": _other_type,
    "unknown-property": _unknown_property,
}
"""What to try, by the kind of the rule."""
