"""References and canonicals: to what the caller has, else to synthetic targets or to contained resources."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from vbpr_conformance.generate import sample_values
from vbpr_conformance.generate.drawn_choices import Choices
from vbpr_conformance.generate.sample_values import Maker

Object = dict[str, Any]
Target = tuple[str, str]
"""A resource type and the profile that is asked of it."""

ANY_TARGETS: tuple[Target, ...] = (("Organization", ""), ("Group", ""), ("Location", ""))
"""Where a reference points that may point anywhere."""


def reference_maker(targets: Sequence[Target] | None, contain: Callable[[Choices, Target], Object | None]) -> Maker:
    """A maker of references to any of the targets, or to anything where that is None.

    `contain` makes a resource that can travel inside the payload. Targets of which nothing is known are spoken of,
    not referred to.
    """
    known = ANY_TARGETS if targets is None else tuple(targets)
    if not known:
        return lambda b: {"display": sample_values.text(b)}

    def make(b: Choices) -> Object:
        if b.references:
            given = [held for target in known for held in _held(b, target)]
            if given:
                return {"reference": b.pick(given)}
        target = b.pick(known)
        roll = b.rnd()
        if roll < 0.05:
            inside = contain(b, target) if b.containable else None
            if inside is not None:
                return {"reference": f"#{inside['id']}"}
        if roll < 0.12 or not b.outward:
            number = int(b.rnd() * 1000)
            return {"type": target[0], "identifier": {"system": "urn:synthetic:references", "value": f"REF-{number}"}}
        made: Object = {"reference": _literal(b, target[0], roll)}
        if roll > 0.8:
            made["display"] = sample_values.text(b)
            if roll > 0.92:
                made["type"] = target[0]
        return made

    return make


def _held(b: Choices, target: Target) -> Sequence[str]:
    return b.references.get(target[1]) or b.references.get(target[0]) or ()


def _literal(b: Choices, kind: str, roll: float) -> str:
    number = int(b.rnd() * 1000)
    if roll < 0.17:
        return f"https://payer.example.org/fhir/{kind}/syn-{number}"
    return f"{kind}/syn-{number}" if roll < 0.97 else f"{kind}/syn-{number}/_history/1"


def canonical_maker(targets: Sequence[Target] | None, *, versioned: bool) -> Maker:
    """A maker of canonicals of the targets, always or mostly with a version."""
    known = tuple(targets or ()) or (("StructureDefinition", ""),)

    def make(b: Choices) -> str:
        if b.references:
            given = [held for target in known for held in _held(b, target) if "://" in held or held.startswith("urn:")]
            if given:
                return b.pick(given)
        kind = b.pick(known)[0]
        url = f"http://example.org/fhir/{kind}/synthetic-{int(b.rnd() * 100)}"
        return f"{url}|1.0.{int(b.rnd() * 10)}" if versioned or b.rnd() < 0.6 else url

    return make
