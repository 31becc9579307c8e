"""One search criterion as SQL over the index: what each type of parameter and each modifier means.

https://hl7.org/fhir/R4/search.html#ptypes, https://hl7.org/fhir/R4/search.html#modifiers
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from vbpr_conformance.reference import date_ranges, search_terms
from vbpr_conformance.reference.indexing import normalised
from vbpr_conformance.reference.literal_references import local_key
from vbpr_conformance.reference.problems import ProblemError

if TYPE_CHECKING:
    from vbpr_conformance.ig.model import SearchParameter
    from vbpr_conformance.reference.server import Server
    from vbpr_conformance.reference.store import StoredVersion

Canonical = tuple[str, str | None]
"""The URL and the version by which others may refer to a resource."""


class Condition(NamedTuple):
    """SQL with its values."""

    sql: str
    values: list[Any]


class Criterion(NamedTuple):
    """What a criterion asks: the parameter, its modifier, the value (one alternative of it), the server's URL."""

    parameter: SearchParameter
    modifier: str
    text: str
    base: str


MODIFIERS: Mapping[str, tuple[str, ...]] = {
    "token": ("not", "text"),
    "string": ("exact", "contains"),
    "uri": ("above", "below"),
    "reference": ("identifier", "below"),
    "number": (),
    "date": (),
    "quantity": (),
}
"""The modifiers of each type of parameter that are implemented, besides `:missing` and `:[type]`."""

_HIGHEST = "\U0010ffff"
_NOTHING = Condition("0", [])


def condition(server: Server, index_name: str, asked: Criterion) -> Condition:
    """Say in SQL what a parameter with its modifier and value asks; alternatives are separated by commas."""
    parameter, modifier = asked.parameter, asked.modifier
    if modifier == "missing":
        return _missing(index_name, asked)
    is_type = parameter.type == "reference" and modifier in server.types
    if modifier and modifier not in MODIFIERS[parameter.type] and not is_type:
        raise ProblemError(400, f"the modifier :{modifier} of {parameter.code} is not supported")
    way = _WAYS["token" if modifier == "identifier" else parameter.type]
    parts = [way(asked._replace(text=each)) for each in search_terms.split(asked.text, ",")]
    name = f"{index_name}:identifier" if modifier == "identifier" else index_name
    either = " OR ".join(f"({each.sql})" for each in parts)
    return _among(
        Condition(f"param = ? AND ({either})", [name, *(value for each in parts for value in each.values)]),
        negated=modifier == "not",
    )


def _missing(index_name: str, asked: Criterion) -> Condition:
    if asked.text not in {"true", "false"}:
        raise ProblemError(400, f"{asked.parameter.code}:missing: true or false was expected", code="value")
    return _among(Condition("param = ?", [index_name]), negated=asked.text == "true")


def _among(inner: Condition, *, negated: bool = False) -> Condition:
    """Say that a resource has, or has not, an index row that meets a condition."""
    is_in = "NOT IN" if negated else "IN"
    return Condition(f"v.seq {is_in} (SELECT seq FROM search_index WHERE {inner.sql})", inner.values)  # noqa: S608  # SQL of this module


def any_reference(index_name: str, targets: Iterable[StoredVersion], canonicals: Iterable[Canonical]) -> Condition:
    """Say that a resource refers to one of these, by type and id or by canonical URL (and version, if it names one)."""
    parts: list[str] = []
    values: list[Any] = [index_name]
    for row in targets:
        parts.append("(system = ? AND value = ?)")
        values += [row.type, row.id]
    for url, version in canonicals:
        parts.append("(system IS NULL AND exact = ? AND (value IS NULL OR value IS ?))")
        values += [url, version]
    return _among(Condition(f"param = ? AND ({' OR '.join(parts)})", values)) if parts else _NOTHING


def _token(asked: Criterion) -> Condition:
    """https://hl7.org/fhir/R4/search.html#token."""
    if asked.modifier == "text":
        return Condition("instr(exact, ?) > 0", [normalised(search_terms.plain(asked.text))])
    system, code = search_terms.token_term(asked.text)
    if system is None:
        return Condition("value = ?", [code])
    if not system:
        return Condition("system IS NULL AND value = ?", [code])
    if code is None:
        return Condition("system = ?", [system])
    return Condition("system = ? AND value = ?", [system, code])


def _string(asked: Criterion) -> Condition:
    """https://hl7.org/fhir/R4/search.html#string."""
    text = search_terms.plain(asked.text)
    if asked.modifier == "exact":
        return Condition("exact = ?", [text])
    wanted = normalised(text)
    if asked.modifier == "contains":
        return Condition("instr(value, ?) > 0", [wanted])
    return Condition("value >= ? AND value < ?", [wanted, wanted + _HIGHEST])


def _uri(asked: Criterion) -> Condition:
    """https://hl7.org/fhir/R4/search.html#uri."""
    text = search_terms.plain(asked.text)
    if asked.modifier == "below":
        return Condition("exact = ? OR substr(exact, 1, ?) = ?", [text, len(text) + 1, f"{text}/"])
    if asked.modifier == "above":
        return Condition("exact = ? OR substr(?, 1, length(exact) + 1) = exact || '/'", [text, text])
    return Condition("exact = ?", [text])


def _reference(asked: Criterion) -> Condition:
    """Match by `Type/id`, by id, by URL or by canonical with or without version.

    https://hl7.org/fhir/R4/search.html#reference
    """
    text = search_terms.plain(asked.text)
    wanted_type = "" if asked.modifier in MODIFIERS["reference"] else asked.modifier
    key = local_key(text, asked.base)
    if key is not None:
        named, _, target_id = key.partition("/")
        return Condition("system = ? AND value = ?", [named, target_id]) if wanted_type in {"", named} else _NOTHING
    if ":" in text or "/" in text:
        return _canonical(text, below=asked.modifier == "below")
    if wanted_type:
        return Condition("system = ? AND value = ?", [wanted_type, text])
    return Condition("system IS NOT NULL AND value = ?", [text])


def _canonical(text: str, *, below: bool) -> Condition:
    url, _, rest = text.partition("|")
    version = rest.partition("#")[0]
    here = "system IS NULL AND exact = ?"
    if not version:
        return Condition(here, [url])
    if below:
        prefix = f"{version}."
        return Condition(f"{here} AND (value = ? OR substr(value, 1, ?) = ?)", [url, version, len(prefix), prefix])
    return Condition(f"{here} AND value = ?", [url, version])


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


def _date(asked: Criterion) -> Condition:
    prefix, (low, high) = search_terms.date_term(asked.text)
    if prefix == "ap":
        low, high = date_ranges.widened((low, high))
    sql, ends = _INTERVAL[prefix]
    return Condition(sql, [low if each == "l" else high for each in ends])


def _number(asked: Criterion) -> Condition:
    return _compared(search_terms.number_term(asked.text))


def _compared(number: search_terms.NumberTerm) -> Condition:
    """Compare a number: by itself with a prefix, within its own precision without one.

    https://hl7.org/fhir/R4/search.html#number
    """
    prefix, value, low, high = number
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


def _quantity(asked: Criterion) -> Condition:
    """Compare a number and, where given, its unit.

    https://hl7.org/fhir/R4/search.html#quantity
    """
    number, system, code = search_terms.quantity_term(asked.text)
    sql, values = _compared(number)
    sql = f"({sql})"
    if system:
        sql += " AND system = ?"
        values = [*values, system]
    if code:
        sql += " AND value = ?" if system else " AND (value = ? OR exact = ?)"
        values = [*values, code] if system else [*values, code, code]
    return Condition(sql, values)


_WAYS: Mapping[str, Callable[[Criterion], Condition]] = {
    "token": _token,
    "string": _string,
    "uri": _uri,
    "reference": _reference,
    "date": _date,
    "number": _number,
    "quantity": _quantity,
}
