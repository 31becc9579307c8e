"""One search criterion as SQL over the index: what each type of parameter and each modifier means.

https://hl7.org/fhir/R4/search.html#ptypes, https://hl7.org/fhir/R4/search.html#modifiers
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, NamedTuple

from vbpr_conformance.reference import moments
from vbpr_conformance.reference.indexing import normalised
from vbpr_conformance.reference.outcome import ProblemError
from vbpr_conformance.reference.references import local_key

if TYPE_CHECKING:
    from vbpr_conformance.ig.model import SearchParameter
    from vbpr_conformance.reference.server import Server


class Condition(NamedTuple):
    """SQL with its values."""

    sql: str
    values: list[Any]


class Asked(NamedTuple):
    """What one alternative of a criterion asks: the parameter's name in messages, its modifier, the value as sent."""

    name: str
    modifier: str
    text: str
    base: str


_PREFIXES = {"eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"}
_PREFIX = re.compile(r"[a-z]{2}(?=[-+.\d])")
_HIGHEST = "\U0010ffff"
_NO_MODIFIER = {"number": (), "date": (), "quantity": ()}
MODIFIERS: Mapping[str, tuple[str, ...]] = _NO_MODIFIER | {
    "token": ("not", "text"),
    "string": ("exact", "contains"),
    "uri": ("above", "below"),
    "reference": ("identifier", "below"),
}
"""The modifiers of each type of parameter that are implemented, besides `:missing` and `:[type]`."""


def condition(
    server: Server, index_name: str, parameter: SearchParameter, modifier: str, value: str, base: str
) -> Condition:
    """Say in SQL what a parameter with its modifier and value asks; alternatives are separated by commas."""
    if modifier == "missing":
        if value not in {"true", "false"}:
            raise ProblemError(400, f"{parameter.code}:missing={value}: true or false was expected")
        is_in = "NOT IN" if value == "true" else "IN"
        return Condition(f"v.seq {is_in} (SELECT seq FROM search_index WHERE param = ?)", [index_name])
    is_type = parameter.type == "reference" and modifier in server.types
    if modifier and modifier not in MODIFIERS[parameter.type] and not is_type:
        raise ProblemError(400, f"the modifier :{modifier} of {parameter.code} is not supported")
    name = f"{index_name}:identifier" if modifier == "identifier" else index_name
    way = _token if modifier == "identifier" else _WAYS[parameter.type]
    parts = [way(Asked(parameter.code, modifier, each, base)) for each in split(value, ",")]
    either = " OR ".join(f"({each.sql})" for each in parts)
    is_in = "NOT IN" if modifier == "not" else "IN"
    sql = f"v.seq {is_in} (SELECT seq FROM search_index WHERE param = ? AND ({either}))"  # noqa: S608  # constants of this module
    return Condition(sql, [name, *(value for each in parts for value in each.values)])


def split(text: str, separator: str) -> list[str]:
    r"""Split at a separator that is not escaped by `\` (https://hl7.org/fhir/R4/search.html#escaping)."""
    parts, current, escaped = [], "", False
    for each in text:
        if each == separator and not escaped:
            parts.append(current)
            current = ""
        else:
            current += each
        escaped = each == "\\" and not escaped
    return [*parts, current]


def plain(text: str) -> str:
    r"""Take the escapes out of a value: `\,` `\|` `\$` `\\`."""
    return re.sub(r"\\([,|$\\])", r"\1", text)


def _token(asked: Asked) -> Condition:
    if asked.modifier == "text":
        wanted = normalised(plain(asked.text))
        return Condition("instr(exact, ?) > 0", [wanted])
    parts = [plain(each) for each in split(asked.text, "|")]
    if len(parts) == 1:
        return Condition("value = ?", parts)
    system, code = parts[0], "|".join(parts[1:])
    if system and code:
        return Condition("system = ? AND value = ?", [system, code])
    if system:
        return Condition("system = ?", [system])
    if code:
        return Condition("system IS NULL AND value = ?", [code])
    raise ProblemError(400, f"{asked.name}={asked.text}: a code was expected")


def _string(asked: Asked) -> Condition:
    text = plain(asked.text)
    if asked.modifier == "exact":
        return Condition("exact = ?", [text])
    wanted = normalised(text)
    if asked.modifier == "contains":
        return Condition("instr(value, ?) > 0", [wanted])
    return Condition("value >= ? AND value < ?", [wanted, wanted + _HIGHEST])


def _uri(asked: Asked) -> Condition:
    text = plain(asked.text)
    if asked.modifier == "below":
        return Condition("exact = ? OR substr(exact, 1, ?) = ?", [text, len(text) + 1, f"{text}/"])
    if asked.modifier == "above":
        return Condition("exact = ? OR substr(?, 1, length(exact) + 1) = exact || '/'", [text, text])
    return Condition("exact = ?", [text])


def _reference(asked: Asked) -> Condition:
    """Match by `Type/id`, by id, by URL or by canonical with or without version.

    https://hl7.org/fhir/R4/search.html#reference
    """
    text = plain(asked.text)
    key = local_key(text, asked.base)
    target = asked.modifier if asked.modifier not in MODIFIERS["reference"] else ""
    if key is not None:
        named, _, target_id = key.partition("/")
        if target and target != named:
            return Condition("0", [])
        return Condition("system = ? AND value = ?", [named, target_id])
    if ":" in text or "/" in text:
        url, _, version = text.partition("|")
        if version and asked.modifier == "below":
            below = "system IS NULL AND exact = ? AND (value = ? OR substr(value, 1, ?) = ?)"
            return Condition(below, [url, version, len(version) + 1, f"{version}."])
        if version:
            return Condition("system IS NULL AND exact = ? AND value = ?", [url, version])
        return Condition("system IS NULL AND exact = ?", [url])
    if target:
        return Condition("system = ? AND value = ?", [target, text])
    return Condition("system IS NOT NULL AND value = ?", [text])


def _prefixed(text: str) -> tuple[str, str]:
    found = _PREFIX.match(text)
    if found is None:
        return "eq", text
    if found[0] not in _PREFIXES:
        raise ProblemError(400, f"{found[0]} is no prefix: {', '.join(sorted(_PREFIXES))} are")
    return found[0], text[2:]


_INTERVAL = {
    "eq": ("low >= ? AND high <= ?", "lh"),
    "ne": ("NOT (low >= ? AND high <= ?)", "lh"),
    "gt": ("high > ?", "h"),
    "lt": ("low < ?", "l"),
    "ge": ("high > ? OR (low >= ? AND high <= ?)", "hlh"),
    "le": ("low < ? OR (low >= ? AND high <= ?)", "llh"),
    "sa": ("low >= ?", "h"),
    "eb": ("high <= ?", "l"),
    "ap": ("low < ? AND high > ?", "hl"),
}
"""How the interval of a value (columns) relates to that of the parameter (`l` its start, `h` its end, not included).

https://hl7.org/fhir/R4/search.html#prefix
"""


def _date(asked: Asked) -> Condition:
    prefix, text = _prefixed(asked.text)
    found = moments.interval(text.replace(" ", "+"))
    if found is None:
        raise ProblemError(400, f"{asked.name}={asked.text}: a date was expected")
    if prefix == "ap":
        found = moments.widened(found)
    sql, ends = _INTERVAL[prefix]
    return Condition(sql, [found[0] if each == "l" else found[1] for each in ends])


def _number(asked: Asked) -> Condition:
    """Compare a number: by itself with a prefix, within its own precision without one.

    https://hl7.org/fhir/R4/search.html#number
    """
    prefix, text = _prefixed(asked.text)
    try:
        number = Decimal(text)
        if not number.is_finite():
            raise InvalidOperation
    except InvalidOperation:
        raise ProblemError(400, f"{asked.name}={asked.text}: a number was expected") from None
    exponent = number.as_tuple().exponent
    half = Decimal(5).scaleb(int(exponent) - 1)
    value, low, high = float(number), float(number - half), float(number + half)
    near = abs(value) / 10
    return {
        "eq": Condition("low >= ? AND high < ?", [low, high]),
        "ne": Condition("NOT (low >= ? AND high < ?)", [low, high]),
        "gt": Condition("high > ?", [value]),
        "lt": Condition("low < ?", [value]),
        "ge": Condition("high >= ?", [value]),
        "le": Condition("low <= ?", [value]),
        "sa": Condition("low > ?", [value]),
        "eb": Condition("high < ?", [value]),
        "ap": Condition("low <= ? AND high >= ?", [value + near, value - near]),
    }[prefix]


def _quantity(asked: Asked) -> Condition:
    """Compare a number and, where given, its unit.

    https://hl7.org/fhir/R4/search.html#quantity
    """
    number, *unit = (plain(each) for each in split(asked.text, "|"))
    compared = _number(asked._replace(text=number))
    if not unit:
        return compared
    if len(unit) != 2:  # noqa: PLR2004  # number|system|code
        raise ProblemError(400, f"{asked.name}={asked.text}: number|system|code was expected")
    system, code = unit
    parts, values = [f"({compared.sql})"], [*compared.values]
    if system:
        parts.append("system = ?")
        values.append(system)
    if code:
        parts.append("value = ?" if system else "(value = ? OR exact = ?)")
        values += [code] if system else [code, code]
    return Condition(" AND ".join(parts), values)


_WAYS: Mapping[str, Callable[[Asked], Condition]] = {
    "token": _token,
    "string": _string,
    "uri": _uri,
    "reference": _reference,
    "date": _date,
    "number": _number,
    "quantity": _quantity,
}
