r"""What a client searches by, taken apart: the names of parameters, and values with their prefixes and escapes.

Read here and not by `fhir.search_values`, on purpose: see `date_ranges`. What cannot be read is refused with 400.
https://hl7.org/fhir/R4/search.html#escaping
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from vbpr_conformance.reference.date_ranges import DateRange, range_of_text
from vbpr_conformance.reference.problems import ProblemError

_PREFIXED = re.compile(r"(?P<prefix>eq|ne|gt|lt|ge|le|sa|eb|ap)?(?P<rest>.*)", re.DOTALL)


class NumberTerm(NamedTuple):
    """A number with its prefix; `low` to `high` is what its digits stand for (`100`: 99.5 to 100.5)."""

    prefix: str
    value: float
    low: float
    high: float


def split_name(name: str) -> tuple[str, str, str]:
    """Give the code, the modifier and the chained rest of a parameter's name; empty where there is none."""
    first, _, chain = name.partition(".")
    code, _, modifier = first.partition(":")
    return code, modifier, chain


def split(text: str, separator: str) -> list[str]:
    """Split at a separator that no backslash stands before; escapes are kept."""
    parts, characters = [""], iter(text)
    for each in characters:
        if each == separator:
            parts.append("")
        else:
            parts[-1] += each + (next(characters, "") if each == "\\" else "")
    return parts


def plain(text: str) -> str:
    """Give a text without its escapes."""
    return re.sub(r"\\([\\,$|])", r"\1", text)


def token_term(text: str) -> tuple[str | None, str | None]:
    """Give system and code; a system that is not given is None, one that shall be absent is empty."""
    system, *code = (plain(each) for each in split(text, "|"))
    if not code:
        if not system:
            raise _no(text, "token", "code, system|code, |code or system|")
        return None, system
    if not system and code == [""]:
        raise _no(text, "token", "code, system|code, |code or system|")
    return system, "|".join(code) or None


def date_term(text: str) -> tuple[str, DateRange]:
    """Give the prefix of a date and its range; a `+` that was not escaped, and so became a space, is put back."""
    prefix, rest = _prefixed(text)
    found = range_of_text(rest.replace(" ", "+"))
    if found is None:
        raise _no(text, "date", "such as 2024, ge2024-03 or lt2024-03-15T10:30:00Z")
    return prefix, found


def number_term(text: str) -> NumberTerm:
    """Give a number with the range that its digits stand for."""
    prefix, rest = _prefixed(text)
    try:
        value = Decimal(rest)
    except InvalidOperation:
        value = Decimal("NaN")
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or not -400 < exponent < 400:  # noqa: PLR2004  # far beyond what a float holds
        raise _no(text, "number", "such as 100, ge5.4 or 1e2")
    half = Decimal((0, (5,), exponent - 1))
    return NumberTerm(prefix, float(value), float(value - half), float(value + half))


def quantity_term(text: str) -> tuple[NumberTerm, str, str]:
    """Give number, system and code of a quantity; empty where they are not given."""
    parts = [plain(each) for each in split(text, "|")]
    if len(parts) == 1:
        return number_term(parts[0]), "", ""
    if len(parts) != 3:  # noqa: PLR2004  # number, system, code
        raise _no(text, "quantity", "number, number|system|code or number||code")
    return number_term(parts[0]), parts[1], parts[2]


def _prefixed(text: str) -> tuple[str, str]:
    match = _PREFIXED.fullmatch(text)
    return (match["prefix"] or "eq", match["rest"]) if match else ("eq", text)


def _no(text: str, kind: str, expected: str) -> ProblemError:
    return ProblemError(400, f"{text!r} is no {kind}: {expected} is expected", code="value")
