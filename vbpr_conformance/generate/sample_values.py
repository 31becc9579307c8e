"""Values of FHIR's primitive types, with what makes trouble in practice among them.

The forms are those of https://hl7.org/fhir/R4/datatypes.html#primitive: partial dates, time zones, trailing zeros
and exponents, long and non-ASCII text. All names and identifiers are recognisably synthetic.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from vbpr_conformance.fhir.json_codec import WrittenDecimal
from vbpr_conformance.generate.drawn_choices import Choices

Maker = Callable[[Choices], Any]

_FIRST_DAY = date(2019, 1, 1)
DAYS = tuple((_FIRST_DAY + timedelta(days=number)).isoformat() for number in range(3000))
"""The days that dates are taken from, in order."""

ZONES = ("Z", "+00:00", "-05:00", "-08:00", "+05:30", "+14:00", "-00:00")
TEXTS = tuple(
    f"Synthetic {adjective} {noun}"
    for adjective in ("blue", "quiet", "annual", "Zürich", "naïve", "Łódź", "東京", "Ελλάδα", "עברית", "second")
    for noun in ("sample", "report", "measure", "clinic", "program", "payer", "café", "Straße", "😀", "& <practice>")
)
_LONG = "Synthetic long text - Größe, 長さ, размер. "
_DECIMALS = tuple(
    WrittenDecimal(text) if "e" in text.lower() else Decimal(text)
    for text in (
        "0", "0.0", "0.00", "1", "1.0", "1.50", "10.50", "100", "99.990", "0.000001", "12345678.90", "-3.25",
        "1E+2", "1.5E+3", "2.50E-3", "1e-7", "123456789012.345678", "0.875", "42", "7.0",
    )
)  # fmt: skip


def text(b: Choices) -> str:
    """A short text, now and then a long one or one with line breaks."""
    roll = b.rnd()
    if roll < 0.985:
        return b.pick(TEXTS)
    if roll < 0.99:
        return _LONG * b.between(10, 60) + "end"
    if roll < 0.995:
        return "Synthetic first line\nsecond line\twith a tab"
    return "S"


def day(b: Choices) -> str:
    """A whole date."""
    return DAYS[int(b.rnd() * 2900)]


def partial_date(b: Choices) -> str:
    """A date, mostly whole, else of a month or a year."""
    whole = day(b)
    roll = b.rnd()
    return whole if roll < 0.8 else whole[:7] if roll < 0.92 else whole[:4]


def clock(b: Choices) -> str:
    """A time of day, with or without fractions of a second."""
    roll = b.rnd()
    if roll < 0.1:
        return "00:00:00"
    whole = f"{b.below(24):02d}:{b.below(60):02d}:{b.below(60):02d}"
    return whole if roll < 0.7 else f"{whole}.{b.below(1000):03d}" if roll < 0.97 else f"{whole}.{b.below(10)}"


def instant(b: Choices) -> str:
    """A moment, with its time zone."""
    return f"{day(b)}T{clock(b)}{b.pick(ZONES)}"


def date_time(b: Choices) -> str:
    """A moment, a day, a month or a year."""
    return instant(b) if b.rnd() < 0.45 else partial_date(b)


def decimal(b: Choices) -> Decimal:
    """A decimal as people write it, or one with trailing zeros, an exponent or many digits."""
    if b.rnd() < 0.3:
        return b.pick(_DECIMALS)
    return Decimal(int(b.rnd() * 1000000)).scaleb(-int(b.rnd() * 4))


def score(b: Choices) -> Decimal:
    """A decimal between 0 and 1."""
    return Decimal(int(b.rnd() * 1001)).scaleb(-3)


def integer(b: Choices) -> int:
    """A whole number, now and then at the bounds of 32 bits."""
    roll = b.rnd()
    if roll < 0.97:
        return int(b.rnd() * 2000) - 10
    return b.pick((0, -1, 2147483647, -2147483648))


def unsigned(b: Choices) -> int:
    """A whole number from 0."""
    return int(b.rnd() * 2000) if b.rnd() < 0.97 else b.pick((0, 2147483647))


def positive(b: Choices) -> int:
    """A whole number from 1."""
    return 1 + int(b.rnd() * 2000) if b.rnd() < 0.97 else b.pick((1, 2147483647))


def boolean(b: Choices) -> bool:
    """True or false."""
    return b.rnd() < 0.5


def identity(b: Choices) -> str:
    """An id of 1 to 64 letters, digits, dashes and dots."""
    number = int(b.rnd() * 100000)
    return f"syn-{number}" if b.rnd() < 0.97 else b.pick((f"s{number}", f"Syn.{number}-" + "x" * 50, "s"))


def uri(b: Choices) -> str:
    """A URI that nobody resolves."""
    number = int(b.rnd() * 100000)
    roll = b.rnd()
    if roll < 0.7:
        return f"http://example.org/synthetic/{number}"
    return f"urn:oid:2.999.{number}" if roll < 0.85 else f"urn:synthetic:{number}"


def url(b: Choices) -> str:
    """A URL of a reserved host."""
    return f"https://example.org/synthetic/{int(b.rnd() * 100000)}?a=1&b=%C3%BC"


def uuid(b: Choices) -> str:
    """A random UUID as a URN."""
    digits = "".join(f"{int(b.rnd() * 65536):04x}" for _ in range(8))
    return f"urn:uuid:{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


PRIMITIVES: dict[str, Maker] = {
    "base64Binary": lambda b: base64.b64encode(text(b).encode()).decode(),
    "boolean": boolean,
    "canonical": uri,
    "code": lambda b: b.pick(("synthetic", "sample-code", "x1", "two words")),
    "date": partial_date,
    "dateTime": date_time,
    "decimal": decimal,
    "id": identity,
    "instant": instant,
    "integer": integer,
    "markdown": text,
    "oid": lambda b: f"urn:oid:2.999.{int(b.rnd() * 100000)}",
    "positiveInt": positive,
    "string": text,
    "time": lambda b: clock(b)[:8],
    "unsignedInt": unsigned,
    "uri": uri,
    "url": url,
    "uuid": uuid,
    "xhtml": lambda b: f'<div xmlns="http://www.w3.org/1999/xhtml"><p>Synthetic {int(b.rnd() * 1000)} - é</p></div>',
}
"""A maker for each primitive type."""
