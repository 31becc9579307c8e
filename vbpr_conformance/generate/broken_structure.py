"""Edits that break how a resource is put together: counts, types, shapes, formats, properties, ids of elements."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from operator import setitem
from typing import Any

from vbpr_conformance.generate import sample_values
from vbpr_conformance.generate.compiled_profile import foreign_extension
from vbpr_conformance.generate.datatypes import TYPES
from vbpr_conformance.generate.fault_case import Edit, FaultCase
from vbpr_conformance.generate.json_location import JsonLocation, holders, without_ids
from vbpr_conformance.generate.members import Object
from vbpr_conformance.generate.wrong_values import SHAPES, TYPES_TO_TRY, WRONG


def too_few(case: FaultCase) -> Iterator[Edit]:
    """Values are taken out, down to one less than the element must have."""
    found = case.locations()
    if not found:
        return
    one = case.b.pick(found)
    least = case.rule.detail if isinstance(case.rule.detail, int) else 1
    same = [location for location in found if location.holder is one.holder]

    def fewer(chosen: list[JsonLocation], *, keep: bool) -> None:
        for location in reversed(chosen):
            location.remove()
        if keep and one.key not in one.holder:
            one.holder[one.key] = [foreign_extension(case.b)]

    if case.rule.element_id.rpartition(".")[2].startswith("extension:"):
        yield lambda: fewer(same[least - 1 :], keep=True)
    yield lambda: fewer(same[least - 1 :], keep=False)
    yield lambda: fewer(found, keep=False)


def too_many(case: FaultCase) -> Iterator[Edit]:
    """A value is repeated until there is one too many; what may not be there at all already is."""
    if case.path is None:
        return
    location = case.location()
    if case.rule.detail == 0 and location is not None:
        yield lambda: None
        yield partial(_without_value, location.holder)
        return
    if location is None or location.index is None:
        yield lambda: None
        return
    items = location.holder[location.key]
    most = case.rule.detail if isinstance(case.rule.detail, int) else len(items)
    missing = most + 1 - sum(1 for each in case.locations() if each.holder is location.holder)

    def more(*, bare: bool) -> None:
        for _ in range(missing):
            item = copy.deepcopy(location.value)
            if bare and isinstance(item, dict):
                without_ids(item)
            items.append(item)

    if missing > 0:
        yield lambda: more(bare=True)
        yield lambda: more(bare=False)
    else:
        yield lambda: None


def _without_value(extension: Object) -> None:
    for key in [key for key in extension if key.startswith("value")]:
        del extension[key]


def other_type(case: FaultCase) -> Iterator[Edit]:
    """A choice gets another of the types, in place of its own."""
    for holder, name, keys in choices(case):
        for kind in TYPES_TO_TRY:
            key = name + kind[0].upper() + kind[1:]
            if key not in keys:
                yield partial(_swap, holder, keys, key, case, kind)


def two_types(case: FaultCase) -> Iterator[Edit]:
    """A choice gets another type beside its own."""
    allowed = {ref.code for ref in element.types} if (element := case.element()) is not None else set()
    for holder, name, keys in choices(case):
        for kind in (*(each for each in TYPES_TO_TRY if each in allowed), *TYPES_TO_TRY):
            key = name + kind[0].upper() + kind[1:]
            if key not in keys:
                yield partial(_swap, holder, (), key, case, kind)


def choices(case: FaultCase) -> Iterator[tuple[Object, str, tuple[str, ...]]]:
    """Where the rule's choice of types stands: what holds it, its name, and the properties that make it up."""
    if case.path is None:
        return
    name = case.rule.element_id.rpartition(".")[2].partition(":")[0].removesuffix("[x]")
    for location in case.locations()[:3]:
        keys = tuple(key for key in location.holder if key.lstrip("_").startswith(name) and key.lstrip("_") != name)
        yield location.holder, name, keys


def _swap(holder: Object, gone: tuple[str, ...], key: str, case: FaultCase, kind: str) -> None:
    for each in gone:
        holder.pop(each, None)
    maker = TYPES.get(kind) or sample_values.PRIMITIVES[kind]
    holder[key] = maker(case.b)


def array(case: FaultCase) -> Iterator[Edit]:
    """What stands in an array comes out of it, what does not goes into one."""
    location = case.location()
    if location is None:
        yield from _put_bare(case, {"resourceType": "Organization"})
        return
    inside = location.holder[location.key]
    wrapped = inside[0] if isinstance(inside, list) else [inside]
    yield partial(setitem, location.holder, location.key, wrapped)
    under = f"_{location.key}"
    yield partial(setitem, location.holder, under, {"id": "x"} if isinstance(inside, list) else [None, {"id": "x"}])


def _put_bare(case: FaultCase, value: Any) -> Iterator[Edit]:
    """Put a value where nothing is."""
    if case.path is not None and case.path.steps[-1].key is not None:
        key = case.path.steps[-1].key
        for holder in list(holders(case.resource, case.path))[:1]:
            yield partial(setitem, holder, key, value)


def other_shape(case: FaultCase) -> Iterator[Edit]:
    """A value of another JSON shape takes the place, or stands beside it."""
    location = case.location()
    if location is None:
        yield from _put_bare(case, [])
    if location is not None:
        for value in SHAPES:
            yield partial(location.replace, copy.deepcopy(value))
        for value in SHAPES:
            yield partial(setitem, location.holder, location.key, copy.deepcopy(value))
            yield partial(setitem, location.holder, f"_{location.key}", copy.deepcopy(value))


def wrong_format(case: FaultCase) -> Iterator[Edit]:
    """A primitive gets a value that its type does not allow."""
    location = case.location()
    if location is not None:
        kind = case.rule.detail if isinstance(case.rule.detail, str) else "string"
        for value in WRONG.get(kind, ("", 1)):
            yield partial(location.replace, value)


def too_long(case: FaultCase) -> Iterator[Edit]:
    """A string gets one character too many."""
    location = case.location()
    if location is not None and isinstance(case.rule.detail, int):
        yield lambda: location.replace("x" * (case.rule.detail + 1))


def out_of_range(case: FaultCase) -> Iterator[Edit]:
    """A number gets past its bounds."""
    location = case.location()
    if location is not None:
        for bound in case.rule.detail if isinstance(case.rule.detail, tuple) else ():
            if isinstance(bound, (int, Decimal)):
                yield partial(location.replace, bound + 1)
                yield partial(location.replace, bound - 1)


def unknown_property(case: FaultCase) -> Iterator[Edit]:
    """An object gets a property that no type has."""
    for each in case.objects()[:2]:
        yield partial(setitem, each, "unknownProperty", "x")
    location = case.location()
    if location is not None and not isinstance(location.value, dict):
        yield partial(setitem, location.holder, f"_{location.key}", {"unknownProperty": "x"})


def repeated_id(case: FaultCase) -> Iterator[Edit]:
    """The id of the place, used once before it: what stands at the top of the resource is moved behind the rest."""
    location = case.location()
    if location is None or case.path is None:
        return
    for each in _elements(case.resource, top=True):
        if each is not location.holder:

            def edit(each: Object = each) -> None:
                each["id"] = location.value
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
