"""Edits that break what a resource says: values, codes, references, extensions, profiles."""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from typing import Any

from vbpr_conformance.generate import terms
from vbpr_conformance.generate.broken_structure import choices, other_type
from vbpr_conformance.generate.drawn_choices import MINIMAL, Choices
from vbpr_conformance.generate.fault_case import Edit, FaultCase
from vbpr_conformance.generate.json_location import holders
from vbpr_conformance.generate.members import Object
from vbpr_conformance.generate.payload_planner import planner
from vbpr_conformance.generate.wrong_values import CODES, REFERENCES, SYSTEMS, TARGETS, UNKNOWN_CODE


def other_value(case: FaultCase) -> Iterator[Edit]:
    """A value differs in one leaf."""
    location = case.location()
    if location is not None:
        system = case.edition.code_system(str(location.holder.get("system", "")))
        for code in list(system.codes)[:6] if system is not None and isinstance(location.value, str) else ():
            if code != location.value:
                yield partial(_with_code, location.holder, code)
        for value in _others(location.value, case):
            yield partial(location.replace, value)


def _others(value: Any, case: FaultCase) -> Iterator[Any]:
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


def outside_slices(case: FaultCase) -> Iterator[Edit]:
    """An item no longer fits its slice."""
    yield from other_value(case)
    yield from other_type(case)


def outside_value_set(case: FaultCase) -> Iterator[Edit]:
    """A code is one that the value set does not have."""
    location = case.location()
    if location is None:
        return
    value = location.value
    for code in CODES:
        coding = {"system": terms.FOREIGN_SYSTEM, "code": code}
        if isinstance(value, str):
            yield partial(location.replace, code)
        elif isinstance(value, dict) and ("coding" in value or "text" in value):
            yield partial(location.replace, {"coding": [coding]})
        elif isinstance(value, dict):
            yield partial(location.replace, {**value, **coding} if "value" in value else coding)
    if isinstance(value, dict) and "coding" in value:
        yield lambda: location.replace({"text": "Synthetic text alone"})


def unknown_code(case: FaultCase) -> Iterator[Edit]:
    """A code is one that its system does not have."""
    for each in case.objects():
        if case.edition.code_system(each.get("system", "")) is not None:
            yield partial(_with_code, each, "not-a-code")
    for each in case.objects():
        yield partial(each.update, **UNKNOWN_CODE)
    for holder, name, keys in choices(case):
        yield partial(_replace, holder, keys, f"{name}Coding", UNKNOWN_CODE)


def _replace(holder: Object, gone: tuple[str, ...], key: str, value: Object) -> None:
    for each in gone:
        holder.pop(each, None)
    holder[key] = dict(value)


def _with_code(coding: Object, code: str) -> None:
    coding.pop("display", None)
    coding["code"] = code


def no_system(case: FaultCase) -> Iterator[Edit]:
    """A code system is none."""
    location = case.location()
    if location is not None:
        for value in SYSTEMS:
            yield partial(location.replace, value)


def wrong_target(case: FaultCase) -> Iterator[Edit]:
    """A reference or canonical leads to what it may not."""
    location = case.location()
    if location is None:
        return
    for known in (case.profile.url, "http://hl7.org/fhir/ValueSet/measure-report-status"):
        if isinstance(location.value, str):
            yield partial(location.replace, known)
            yield partial(location.replace, f"{known}|1.0.0")
    for kind in TARGETS:
        if isinstance(location.value, dict):
            yield partial(location.replace, {**_kept(location.value), "reference": f"{kind}/syn-1"})
        else:
            yield partial(location.replace, kind)
            yield partial(location.holder.update, {location.key: kind, "reference": "Organization/syn-1"})
            yield partial(location.replace, f"http://hl7.org/fhir/{kind}/syn-1")


def _kept(reference: Object) -> Object:
    return {key: part for key, part in reference.items() if key not in ("reference", "type", "identifier")}


def no_reference(case: FaultCase) -> Iterator[Edit]:
    """A reference is none, or leads to nothing."""
    location = case.location()
    if location is not None:
        for value in REFERENCES:
            yield partial(location.replace, value)


def undefined_extension(case: FaultCase) -> Iterator[Edit]:
    """An extension is added that is not defined."""
    if case.path is None:
        return
    key = case.path.steps[-1].key or "extension"
    for holder in list(holders(case.resource, case.path))[:3]:
        for url in (f"{case.edition.own}/StructureDefinition/not-defined", "relative"):
            item = {"url": url, "valueString": "x"}
            yield partial(_append, holder, key, item)


def misplaced_extension(case: FaultCase) -> Iterator[Edit]:
    """An extension is added where it may not stand."""
    if case.path is None:
        return
    key = case.path.steps[-1].key or "extension"
    known = [each for each in case.edition.own_structures if each.is_extension]
    for holder in list(holders(case.resource, case.path))[:2]:
        for each in known:
            item = planner(case.edition).resource(each).make(Choices(random.Random(case.b.below(2**32)), size=MINIMAL))
            yield partial(_append, holder, key, item)


def wrong_profile(case: FaultCase) -> Iterator[Edit]:
    """A profile is claimed that is not there, or is not about this."""
    meta = case.resource.setdefault("meta", {})
    for url in (f"{case.edition.own}/StructureDefinition/not-defined", *(each.url for each in case.edition.profiles)):
        yield partial(_append, meta, "profile", url)


def _append(holder: Object, key: str, item: Any) -> None:
    holder[key] = [*holder.get(key, ()), item]
