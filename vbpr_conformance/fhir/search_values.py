"""What stands in a search URL: parameter names, and values with their escapes and prefixes.

https://hl7.org/fhir/R4/search.html#escaping and the parameter types below it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from vbpr_conformance.errors import UsageError
from vbpr_conformance.fhir.dates import PREFIXES, Interval
from vbpr_conformance.fhir.resource_ids import ID_PATTERN

_LOCAL = re.compile(rf"(?:(?P<type>[A-Z][A-Za-z]+)/)?(?P<id>{ID_PATTERN})(?:/_history/(?P<version>{ID_PATTERN}))?")
_ABSOLUTE = re.compile(
    rf"(?P<base>https?://.+)/(?P<type>[A-Z][A-Za-z]+)/(?P<id>{ID_PATTERN})(?:/_history/(?P<version>{ID_PATTERN}))?"
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")


class SearchValueError(UsageError):
    """A search value is not of the form that its parameter's type asks for."""


@dataclass(frozen=True, slots=True)
class ParameterName:
    """A parameter's name as in the URL: `code:modifier` or `code:Type.chain`."""

    code: str
    modifier: str | None = None
    chain: str | None = None

    @classmethod
    def parse(cls, text: str) -> ParameterName:
        """Take a name of a search URL apart."""
        first, dot, chain = text.partition(".")
        code, colon, modifier = first.partition(":")
        return cls(code, modifier if colon else None, chain if dot else None)


@dataclass(frozen=True, slots=True)
class SearchToken:
    """`code`, `system|code`, `|code` (no system: `system` is empty) or `system|` (`code` is None)."""

    system: str | None
    code: str | None


@dataclass(frozen=True, slots=True)
class SearchDate:
    """A date with its prefix."""

    prefix: str
    interval: Interval


@dataclass(frozen=True, slots=True)
class SearchNumber:
    """A number with its prefix; `low` to `high` is what its digits stand for."""

    prefix: str
    value: Decimal
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class SearchQuantity:
    """`number`, `number|system|code` or `number||code`."""

    number: SearchNumber
    system: str | None
    code: str | None


@dataclass(frozen=True, slots=True)
class ReferenceTarget:
    """What a reference points to: a type and id (on some server: `base`, else here), or any other URL."""

    url: str
    type: str | None = None
    id: str | None = None
    base: str | None = None
    version: str | None = None


def split(text: str, separator: str) -> list[str]:
    r"""Split at a separator that is not escaped by a backslash; the escapes stay."""
    if "\\" not in text:
        return text.split(separator)
    parts = [""]
    position = 0
    while position < len(text):
        if text[position] == "\\":
            parts[-1] += text[position : position + 2]
            position += 2
            continue
        if text[position] == separator:
            parts.append("")
        else:
            parts[-1] += text[position]
        position += 1
    return parts


def alternatives(text: str) -> list[str]:
    """Split a value at its commas: any of them may match."""
    return split(text, ",")


def unescape(text: str) -> str:
    r"""Resolve the escapes of `\\`, `$`, `,` and `|`."""
    return re.sub(r"\\([\\$,|])", r"\1", text)


def escape(text: str) -> str:
    r"""Write a text so that it stands for itself in a search value."""
    return re.sub(r"([\\$,|])", r"\\\1", text)


def parse_token(text: str) -> SearchToken:
    """Read the value of a token parameter."""
    parts = [unescape(part) for part in split(text, "|")]
    if not text or parts == ["", ""]:
        raise SearchValueError(f"{text!r} is no token: code, system|code, |code or system| is expected")
    if len(parts) == 1:
        return SearchToken(None, parts[0])
    code = "|".join(parts[1:])
    return SearchToken(parts[0], code or None)


def parse_prefix(text: str) -> tuple[str, str]:
    """Split off the prefix of a date, number or quantity; without one it is `eq`."""
    prefix = text[:2]
    return (prefix, text[2:]) if prefix in PREFIXES else ("eq", text)


@lru_cache(maxsize=256)
def parse_date(text: str) -> SearchDate:
    """Read the value of a date parameter. A `+` that the URL did not escape, and so became a space, is put back."""
    prefix, rest = parse_prefix(text)
    interval = Interval.of(rest.replace(" ", "+"))
    if interval is None:
        raise SearchValueError(f"{text!r} is no date: such as 2024, ge2024-03 or lt2024-03-15T10:30:00Z is expected")
    return SearchDate(prefix, interval)


def parse_number(text: str) -> SearchNumber:
    """Read the value of a number parameter: `100` stands for 99.5 to 100.5, `100.00` for 99.995 to 100.005."""
    prefix, rest = parse_prefix(text)
    try:
        value = Decimal(rest)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise SearchValueError(f"{text!r} is no number: such as 100, ge5.4 or 1e2 is expected")
    exponent = value.as_tuple().exponent
    half = Decimal(5).scaleb((exponent if isinstance(exponent, int) else 0) - 1)
    return SearchNumber(prefix, value, value - half, value + half)


def parse_quantity(text: str) -> SearchQuantity:
    """Read the value of a quantity parameter."""
    parts = [unescape(part) for part in split(text, "|")]
    if len(parts) not in {1, 3}:
        raise SearchValueError(f"{text!r} is no quantity: number, number|system|code or number||code is expected")
    system, code = (parts[1] or None, parts[2] or None) if len(parts) > 1 else (None, None)
    return SearchQuantity(parse_number(parts[0]), system, code)


def parse_target(text: str) -> ReferenceTarget:
    """Read a reference, of a search value or of a resource: `id`, `Type/id`, a URL, each with its version."""
    local = _LOCAL.fullmatch(text)
    if local:
        return ReferenceTarget(text, local["type"], local["id"], None, local["version"])
    absolute = _ABSOLUTE.fullmatch(text)
    if absolute:
        return ReferenceTarget(text, absolute["type"], absolute["id"], absolute["base"], absolute["version"])
    return ReferenceTarget(text)


def parse_canonical(text: str) -> ReferenceTarget:
    """Read a canonical: a URL with its `|version`."""
    url, _, version = text.partition("|")
    return ReferenceTarget(url, version=version.partition("#")[0] or None)


def is_url(text: str) -> bool:
    """Whether a text is an absolute URL or URN."""
    return bool(_SCHEME.match(text))
