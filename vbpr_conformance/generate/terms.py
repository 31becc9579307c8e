"""Codes of bound value sets, in the form that each type holds them.

Which code a binding allows is the edition's; codes of standards that no edition lists (currencies, languages, MIME
types, units) are a few well-known ones, enough to fill an element.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vbpr_conformance.generate import sample_values
from vbpr_conformance.generate.drawn_choices import Choices
from vbpr_conformance.generate.sample_values import Maker
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import Element

UCUM = "http://unitsofmeasure.org"
STANDARD_CODES: dict[str, tuple[str, ...]] = {
    "urn:iso:std:iso:4217": ("USD", "CAD", "EUR", "MXN", "JPY"),
    "urn:ietf:bcp:47": ("en", "en-US", "es", "de-CH"),
    "urn:ietf:bcp:13": ("text/plain", "application/pdf", "text/html", "image/png"),
    "urn:iso:std:iso:3166": ("US", "CA"),
    UCUM: ("%", "1", "d", "mo", "h", "kg"),
}
"""Some codes of standards outside FHIR, by code system (https://hl7.org/fhir/R4/terminologies-systems.html)."""

R4_VALUE_SETS = {
    "http://hl7.org/fhir/ValueSet/currencies": "urn:iso:std:iso:4217",
    "http://hl7.org/fhir/ValueSet/all-languages": "urn:ietf:bcp:47",
    "http://hl7.org/fhir/ValueSet/mimetypes": "urn:ietf:bcp:13",
    "http://hl7.org/fhir/ValueSet/jurisdiction": "urn:iso:std:iso:3166",
    "http://hl7.org/fhir/ValueSet/ucum-units": UCUM,
}
"""The standard behind those value sets of FHIR R4 that are defined by one."""

FOREIGN_SYSTEM = "http://example.org/CodeSystem/synthetic"
_CODED_PRIMITIVES = frozenset({"code", "uri", "string", "url", "canonical"})


class Pool:
    """The codings that a binding takes, and whether others are fine too."""

    __slots__ = ("codings", "free")

    def __init__(self, codings: list[dict[str, str]], *, free: bool) -> None:
        self.codings = tuple(codings)
        self.free = free

    def coding(self, b: Choices) -> dict[str, Any]:
        """One coding, as the terminology has it."""
        return dict(self.codings[int(b.rnd() * len(self.codings))]) if self.codings else foreign_coding(b)

    def code(self, b: Choices) -> str:
        """One code alone."""
        return self.codings[int(b.rnd() * len(self.codings))]["code"]

    def concept(self, b: Choices) -> dict[str, Any]:
        """A concept: mostly one coding, else with text, with a foreign coding beside it, or text alone."""
        if not self.codings and b.rnd() < 0.5:
            return {"text": sample_values.text(b)}
        made: dict[str, Any] = {"coding": [self.coding(b)]}
        roll = b.rnd()
        if roll > 0.7:
            made["text"] = sample_values.text(b)
            if roll > 0.93:
                made["coding"].append(foreign_coding(b))
                if roll > 0.97 and self.free:
                    del made["coding"]
        return made


def foreign_coding(b: Choices) -> dict[str, Any]:
    """A coding of a code system that is nobody's."""
    number = int(b.rnd() * 100)
    made = {"system": FOREIGN_SYSTEM, "code": f"code-{number}"}
    if b.rnd() < 0.5:
        made["display"] = f"Synthetic code {number}"
    return made


def pool(edition: Edition, element: Element) -> Pool | None:
    """The codings that an element's binding takes, narrowed to what the profile fixes below it; None without any."""
    if element.binding is None:
        return None
    named = (element.binding.value_set, element.binding.max_value_set)
    codings = next((found for each in named if each is not None and (found := _codings(edition, each))), [])
    if not any(named):
        return None
    fixed = _fixed_coding(element)
    if fixed:
        codings = [each for each in codings if fixed.items() <= each.items()]
        if not codings:
            codings = [{"system": FOREIGN_SYSTEM, **fixed}] if "code" in fixed else []
    return Pool(codings, free=element.binding.strength != "required" and not element.binding.max_value_set)


def _codings(edition: Edition, canonical: str) -> list[dict[str, str]]:
    value_set = edition.value_set(canonical)
    if value_set is not None and value_set.codes:
        return [_coding(edition, *each, display) for each, display in value_set.codes.items()]
    standard = R4_VALUE_SETS.get(canonical.partition("|")[0])
    systems = [standard] if standard else sorted(value_set.open_systems) if value_set is not None else []
    return [{"system": system, "code": code} for system in systems for code in STANDARD_CODES.get(system, ())]


def _coding(edition: Edition, system: str, code: str, display: str) -> dict[str, str]:
    """A coding with the display of its code system, which has the last word over that of a value set."""
    held = edition.code_system(system)
    display = (held.codes.get(code) if held is not None else None) or display
    made = {"system": system, "code": code} if system else {"code": code}
    return {**made, "display": display} if display else made


def _fixed_coding(element: Element) -> dict[str, str]:
    """What fixed values and patterns below a concept or coding say of its system and code."""
    for below in (element, *element.children, *(each for child in element.children for each in child.slices)):
        named = {each.name: each.fixed if each.fixed is not None else each.pattern for each in below.children}
        found = {name: str(named[name]) for name in ("system", "code") if named.get(name) is not None}
        if found:
            return found
    return {}


def coded(edition: Edition, element: Element, type_code: str) -> Maker | None:
    """A maker of values of the type that meet the element's binding; None where the binding says nothing here."""
    found = pool(edition, element)
    if found is None:
        return None
    if type_code in _CODED_PRIMITIVES:
        return found.code if found.codings else None
    return {"Coding": found.coding, "CodeableConcept": found.concept}.get(type_code)


def quantity(edition: Edition, element: Element, base: Callable[[Choices], dict[str, Any]]) -> Maker | None:
    """A maker of quantities whose unit comes from the element's binding."""
    found = pool(edition, element)
    if found is None or not found.codings:
        return None

    def make(b: Choices) -> dict[str, Any]:
        unit = found.coding(b)
        made = {**base(b), "system": unit["system"], "code": unit["code"]}
        made["unit"] = unit.get("display", unit["code"])
        return made

    return make
