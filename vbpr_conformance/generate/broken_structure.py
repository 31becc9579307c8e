"""Edits that break how a resource is put together: counts, types, shapes, formats, properties, ids of elements."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from operator import setitem
from typing import Any

from vbpr_conformance.generate import values
from vbpr_conformance.generate.case import Case, Edit
from vbpr_conformance.generate.datatypes import TYPES
from vbpr_conformance.generate.members import Object
from vbpr_conformance.generate.plan import foreign_extension
from vbpr_conformance.generate.spots import Spot, holders, without_ids
from vbpr_conformance.generate.wrong_values import SHAPES, TYPES_TO_TRY, WRONG


def too_few(case: Case) -> Iterator[Edit]:
    """Values are taken out, down to one less than the element must have."""
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


def too_many(case: Case) -> Iterator[Edit]:
    """A value is repeated until there is one too many; what may not be there at all already is."""
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


def _without_value(extension: Object) -> None:
    for key in [key for key in extension if key.startswith("value")]:
        del extension[key]


def other_type(case: Case) -> Iterator[Edit]:
    """A choice gets another of the types, in place of its own."""
    for holder, name, keys in choices(case):
        for kind in TYPES_TO_TRY:
            key = name + kind[0].upper() + kind[1:]
            if key not in keys:
                yield partial(_swap, holder, keys, key, case, kind)


def two_types(case: Case) -> Iterator[Edit]:
    """A choice gets another type beside its own."""
    allowed = {ref.code for ref in element.types} if (element := case.element()) is not None else set()
    for holder, name, keys in choices(case):
        for kind in (*(each for each in TYPES_TO_TRY if each in allowed), *TYPES_TO_TRY):
            key = name + kind[0].upper() + kind[1:]
            if key not in keys:
                yield partial(_swap, holder, (), key, case, kind)


def choices(case: Case) -> Iterator[tuple[Object, str, tuple[str, ...]]]:
    """Where the rule's choice of types stands: what holds it, its name, and the properties that make it up."""
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


def array(case: Case) -> Iterator[Edit]:
    """What stands in an array comes out of it, what does not goes into one."""
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


def other_shape(case: Case) -> Iterator[Edit]:
    """A value of another JSON shape takes the place, or stands beside it."""
    spot = case.spot()
    if spot is None:
        yield from _put_bare(case, [])
    if spot is not None:
        for value in SHAPES:
            yield partial(spot.replace, copy.deepcopy(value))
        for value in SHAPES:
            yield partial(setitem, spot.holder, spot.key, copy.deepcopy(value))
            yield partial(setitem, spot.holder, f"_{spot.key}", copy.deepcopy(value))


def wrong_format(case: Case) -> Iterator[Edit]:
    """A primitive gets a value that its type does not allow."""
    spot = case.spot()
    if spot is not None:
        kind = case.rule.detail if isinstance(case.rule.detail, str) else "string"
        for value in WRONG.get(kind, ("", 1)):
            yield partial(spot.replace, value)


def too_long(case: Case) -> Iterator[Edit]:
    """A string gets one character too many."""
    spot = case.spot()
    if spot is not None and isinstance(case.rule.detail, int):
        yield lambda: spot.replace("x" * (case.rule.detail + 1))


def out_of_range(case: Case) -> Iterator[Edit]:
    """A number gets past its bounds."""
    spot = case.spot()
    if spot is not None:
        for bound in case.rule.detail if isinstance(case.rule.detail, tuple) else ():
            if isinstance(bound, (int, Decimal)):
                yield partial(spot.replace, bound + 1)
                yield partial(spot.replace, bound - 1)


def unknown_property(case: Case) -> Iterator[Edit]:
    """An object gets a property that no type has."""
    for each in case.objects()[:2]:
        yield partial(setitem, each, "unknownProperty", "x")
    spot = case.spot()
    if spot is not None and not isinstance(spot.value, dict):
        yield partial(setitem, spot.holder, f"_{spot.key}", {"unknownProperty": "x"})


def repeated_id(case: Case) -> Iterator[Edit]:
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
