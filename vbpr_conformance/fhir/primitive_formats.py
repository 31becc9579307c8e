"""The formats of R4's primitive types (https://hl7.org/fhir/R4/datatypes.html#primitive).

Each check takes a JSON value and returns None where it is fine, else what was expected.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from vbpr_conformance.fhir.resource_ids import RESOURCE_ID

Check = Callable[[Any], str | None]

_LARGEST = 2**31 - 1
_LONGEST_STRING = 1024 * 1024

_DATE = r"([0-9]{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12][0-9]|3[01])%s)?)?"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
_ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_FULL_DATE = re.compile(_DATE % "")
_FULL_DATE_TIME = re.compile(_DATE % f"(?:T{_CLOCK}{_ZONE})?")
_FULL_INSTANT = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])" + f"T{_CLOCK}{_ZONE}")
_FULL_TIME = re.compile(_CLOCK)
_CODE = re.compile(r"[^\s]+(?: [^\s]+)*")
_OID = re.compile(r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+")
_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_SPACE = re.compile(r"\s")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def boolean(value: Any) -> str | None:
    """Check true and false."""
    return None if value is True or value is False else "true or false"


def integer(value: Any) -> str | None:
    """Check a whole number of 32 bits."""
    if type(value) is int and -_LARGEST - 1 <= value <= _LARGEST:
        return None
    return "a whole number of 32 bits, without quotes, point or exponent"


def unsigned_int(value: Any) -> str | None:
    """Check a whole number from 0."""
    return None if type(value) is int and 0 <= value <= _LARGEST else "a whole number from 0 to 2147483647"


def positive_int(value: Any) -> str | None:
    """Check a whole number from 1."""
    return None if type(value) is int and 0 < value <= _LARGEST else "a whole number from 1 to 2147483647"


def decimal(value: Any) -> str | None:
    """Check a number, whatever its precision."""
    kind = type(value)
    if kind is int or kind is Decimal:
        return None
    if isinstance(value, Decimal | float) and value == value:  # noqa: PLR0124  NaN is not equal to itself
        return None
    return "a number, without quotes"


def string(value: Any) -> str | None:
    """Check text: not empty, not only whitespace, at most 1 MB, no control characters."""
    if type(value) is not str:
        return "a string"
    if not value or value.isspace():
        return "text, not an empty string or whitespace alone"
    if len(value) > _LONGEST_STRING:
        return "at most 1 MB of text"
    if not value.isprintable() and _CONTROL.search(value):
        return "text without control characters"
    return None


def code(value: Any) -> str | None:
    """Check a code: no whitespace at the ends, single spaces within."""
    if type(value) is str and _CODE.fullmatch(value):
        return None
    return "a code, without whitespace around it and with no more than single spaces in it"


def fhir_id(value: Any) -> str | None:
    """Check an id of a resource."""
    is_id = type(value) is str and RESOURCE_ID.fullmatch(value)
    return None if is_id else "an id of 1 to 64 letters, digits, '-' and '.'"


def is_absolute(value: str) -> bool:
    """Whether a URI names its scheme."""
    return _SCHEME.match(value) is not None


def uri(value: Any) -> str | None:
    """Check a URI: no whitespace; where it is a UUID or OID, well formed as that."""
    if type(value) is not str or not value:
        return "a URI"
    if (" " in value or not value.isprintable()) and _SPACE.search(value):
        return "a URI without whitespace"
    if value.startswith("urn:"):
        if value.startswith("urn:uuid:"):
            return (
                None
                if _UUID.fullmatch(value)
                else "a UUID in lower case (urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7)"
            )
        if value.startswith("urn:oid:"):
            return None if _OID.fullmatch(value) else "an OID (urn:oid:2.16.840.1)"
    elif value.startswith(("oid:", "uuid:")):
        return "a URI that starts with urn:oid: or urn:uuid:"
    return None


def canonical(value: Any) -> str | None:
    """Check a canonical: a URI, with a version after `|` or none."""
    error = uri(value)
    if error:
        return error
    url, bar, version = value.partition("|")
    if bar and (not url or not version or "|" in version):
        return "a canonical, url or url|version"
    return None


def oid(value: Any) -> str | None:
    """Check an OID as URI."""
    return None if type(value) is str and _OID.fullmatch(value) else "an OID as a URI (urn:oid:1.2.3)"


def uuid(value: Any) -> str | None:
    """Check a UUID as URI."""
    return None if type(value) is str and _UUID.fullmatch(value) else "a UUID as a URI, in lower case (urn:uuid:…)"


def date(value: Any) -> str | None:
    """Check a year, month or day that exists."""
    found = _FULL_DATE.fullmatch(value) if type(value) is str else None
    return None if found and _exists(found) else "a date: YYYY, YYYY-MM or YYYY-MM-DD that exists in the calendar"


def date_time(value: Any) -> str | None:
    """Check a date, or a moment with seconds and time zone."""
    found = _FULL_DATE_TIME.fullmatch(value) if type(value) is str else None
    if found and _exists(found):
        return None
    return "a dateTime: YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss with time zone, that exists in the calendar"


def instant(value: Any) -> str | None:
    """Check a moment with seconds and time zone."""
    found = _FULL_INSTANT.fullmatch(value) if type(value) is str else None
    return None if found and _exists(found) else "an instant: YYYY-MM-DDThh:mm:ss with time zone, that exists"


def time(value: Any) -> str | None:
    """Check a time of day with seconds and without time zone."""
    return None if type(value) is str and _FULL_TIME.fullmatch(value) else "a time of day, hh:mm:ss"


def base64_binary(value: Any) -> str | None:
    """Check base64, whitespace allowed."""
    if type(value) is str and value:
        packed = value if _SPACE.search(value) is None else _SPACE.sub("", value)
        if packed and _BASE64.fullmatch(packed):
            return None
    return "base64 (RFC 4648), padded"


def xhtml(value: Any) -> str | None:
    """Check that a narrative is text; what it may hold is said by the invariants txt-1 and txt-2."""
    return None if type(value) is str and value.strip() else "XHTML text"


def _exists(found: re.Match[str]) -> bool:
    year, month, day = found.groups()
    if year == "0000":
        return False
    return day is None or day <= "28" or int(day) <= monthrange(int(year), int(month))[1]


ALWAYS_FINE: Mapping[Check, frozenset[type]] = {boolean: frozenset({bool}), decimal: frozenset({Decimal, int})}
"""For formats that say nothing more, the types of which any value is fine."""

FORMATS: Mapping[str, Check] = {
    "base64Binary": base64_binary,
    "boolean": boolean,
    "canonical": canonical,
    "code": code,
    "date": date,
    "dateTime": date_time,
    "decimal": decimal,
    "id": fhir_id,
    "instant": instant,
    "integer": integer,
    "markdown": string,
    "oid": oid,
    "positiveInt": positive_int,
    "string": string,
    "time": time,
    "unsignedInt": unsigned_int,
    "uri": uri,
    "url": uri,
    "uuid": uuid,
    "xhtml": xhtml,
}
