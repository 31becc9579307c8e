"""Values of FHIR's complex data types whose parts must agree with each other.

Each keeps the invariants of its type (https://hl7.org/fhir/R4/datatypes.html) by the way it is made: a period ends
after it starts, a unit's code has its system, a range is in order.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from vbpr_conformance.generate import sample_values
from vbpr_conformance.generate.drawn_choices import Choices
from vbpr_conformance.generate.sample_values import DAYS, Maker
from vbpr_conformance.generate.terms import UCUM, foreign_coding

Object = dict[str, Any]

_UNITS = (("%", "percent"), ("1", "1"), ("d", "day"), ("mo", "month"), ("{score}", "score"), ("{patient}", "patients"))
_LENGTHS = (0, 30, 89, 364)


def quantity(b: Choices) -> Object:
    """A quantity: a bare number, with a unit in words, or with a coded unit."""
    made: Object = {"value": sample_values.decimal(b)}
    roll = b.rnd()
    if roll < 0.6:
        code, unit = b.pick(_UNITS)
        made |= {"unit": unit, "system": UCUM, "code": code}
    elif roll < 0.75:
        made["unit"] = "synthetic unit"
    return made


def compared_quantity(b: Choices) -> Object:
    """A quantity that may be a bound, such as `< 5`."""
    made = quantity(b)
    if b.rnd() < 0.08:
        made["comparator"] = b.pick(("<", "<=", ">=", ">"))
    return made


def duration(b: Choices) -> Object:
    """A length of time in a UCUM unit."""
    code, unit = b.pick((("d", "days"), ("mo", "months"), ("a", "years"), ("h", "hours")))
    return {"value": Decimal(b.between(1, 48)), "unit": unit, "system": UCUM, "code": code}


def money(b: Choices) -> Object:
    """An amount of money in cents."""
    made: Object = {"value": Decimal(int(b.rnd() * 100000000)).scaleb(-2)}
    if b.rnd() < 0.95:
        made["currency"] = b.pick(("USD", "USD", "USD", "CAD", "EUR", "MXN", "JPY"))
    return made


def span(b: Choices) -> tuple[str, str]:
    """The first and the last day of a stretch of time."""
    first = int(b.rnd() * 2600)
    return DAYS[first], DAYS[first + b.pick(_LENGTHS)]


def whole_period(b: Choices) -> Object:
    """A period with both ends, each to the day or closer."""
    start, end = span(b)
    if b.rnd() < 0.75:
        return {"start": start, "end": end}
    zone = b.pick(sample_values.ZONES)
    return {"start": f"{start}T00:00:00{zone}", "end": f"{end}T23:59:59{zone}"}


def period(b: Choices) -> Object:
    """A period, also of months or years, or with one end open."""
    roll = b.rnd()
    if roll < 0.8:
        return whole_period(b)
    start, end = span(b)
    if roll < 0.87:
        return {"start": start[:7], "end": end[:7]}
    if roll < 0.92:
        return {"start": start[:4], "end": end[:4]}
    return {"start": start} if roll < 0.97 else {"end": end}


def value_range(b: Choices) -> Object:
    """A range in order, or one that is open at an end."""
    unit = quantity(b)
    low, high = Decimal(int(b.rnd() * 5000)).scaleb(-2), Decimal(5000 + int(b.rnd() * 5000)).scaleb(-2)
    roll = b.rnd()
    made = {}
    if roll < 0.85:
        made["low"] = {**unit, "value": low}
    if roll < 0.7 or roll >= 0.85:
        made["high"] = {**unit, "value": high}
    return made


def ratio(b: Choices) -> Object:
    """A numerator over a denominator."""
    below = b.between(1, 500)
    return {"numerator": {"value": Decimal(b.between(0, below))}, "denominator": {"value": Decimal(below)}}


def concept(b: Choices) -> Object:
    """A concept nobody has bound: a foreign coding, text, or both."""
    roll = b.rnd()
    if roll < 0.2:
        return {"text": sample_values.text(b)}
    made: Object = {"coding": [foreign_coding(b)]}
    if roll > 0.8:
        made["text"] = sample_values.text(b)
    return made


def identifier(b: Choices) -> Object:
    """An identifier of a system that is nobody's."""
    made: Object = {"system": "urn:synthetic:identifiers", "value": f"SYN-{int(b.rnd() * 1000000):06d}"}
    roll = b.rnd()
    if roll < 0.2:
        made["use"] = b.pick(("usual", "official", "temp", "secondary", "old"))
    elif roll < 0.26:
        made["period"] = whole_period(b)
    elif roll < 0.3:
        made["type"] = {"text": "Synthetic number"}
    elif roll < 0.34:
        made["assigner"] = {"display": "Synthetic Registry"}
    return made


def narrative(b: Choices) -> Object:
    """A paragraph of XHTML."""
    return {"status": b.pick(("generated", "additional")), "div": sample_values.PRIMITIVES["xhtml"](b)}


def expression(b: Choices) -> Object:
    """An expression in one of FHIR's languages; CQL by the name of a definition in a library."""
    roll = b.rnd()
    if roll < 0.5:
        return {"language": "text/fhirpath", "expression": "Patient.active"}
    if roll < 0.65:
        return {"language": "application/x-fhir-query", "expression": "Encounter?status=finished"}
    return {"language": "text/cql", "expression": "Initial Population"}


def telecom(b: Choices) -> Object:
    """A telephone number or address that cannot be reached."""
    if b.rnd() < 0.6:
        return {"system": "phone", "value": f"+1 555 01{int(b.rnd() * 100):02d}", "use": "work"}
    return {"system": "email", "value": f"synthetic{int(b.rnd() * 1000)}@example.org"}


def address(b: Choices) -> Object:
    """A place that does not exist."""
    made: Object = {"line": [f"{b.between(1, 999)} Synthetic Street"], "city": "Sampleton", "state": "ZZ"}
    return made | {"postalCode": f"{int(b.rnd() * 100000):05d}", "country": "US"}


def human_name(b: Choices) -> Object:
    """A person nobody is."""
    return {"family": b.pick(("Synthetic", "Sämple", "O'Sample")), "given": [b.pick(("Ada", "Jörg", "Test"))]}


def contact_detail(b: Choices) -> Object:
    """Whom to ask, and how."""
    return {"name": "Synthetic Contact", "telecom": [telecom(b)]}


def attachment(b: Choices) -> Object:
    """A document by its address, or a short text in place."""
    if b.rnd() < 0.6:
        return {"contentType": "application/pdf", "url": sample_values.url(b), "title": sample_values.text(b)}
    return {"contentType": "text/plain", "data": sample_values.PRIMITIVES["base64Binary"](b)}


def meta(b: Choices) -> Object:
    """Metadata without what a server assigns."""
    return {"tag": [foreign_coding(b)]}


def later(day: str, days: int) -> str:
    """The day so many days after another."""
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


TYPES: dict[str, Maker] = {
    "Address": address,
    "Age": duration,
    "Attachment": attachment,
    "CodeableConcept": concept,
    "Coding": foreign_coding,
    "ContactDetail": contact_detail,
    "ContactPoint": telecom,
    "Count": lambda b: {"value": Decimal(b.between(0, 999)), "unit": "1", "system": UCUM, "code": "1"},
    "Distance": lambda b: {"value": Decimal(b.between(1, 999)), "unit": "km", "system": UCUM, "code": "km"},
    "Duration": duration,
    "Expression": expression,
    "HumanName": human_name,
    "Identifier": identifier,
    "Meta": meta,
    "Money": money,
    "Narrative": narrative,
    "Period": period,
    "Quantity": compared_quantity,
    "Range": value_range,
    "Ratio": ratio,
    "SimpleQuantity": quantity,
}
"""A maker for each complex type whose parts must agree."""
