"""One search criterion as SQL over the index: what each type of parameter and each modifier means.

https://hl7.org/fhir/R4/search.html#ptypes, https://hl7.org/fhir/R4/search.html#modifiers
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
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


_EQUALITY = re.compile(r"(?=.*(value|exact) = \?)\w+ (= \?|IS NULL)( AND \w+ (= \?|IS NULL))*")


class ColumnTest(NamedTuple):
    """SQL over the columns of `search_value` with its values: one row of the index meets it or not."""

    sql: str
    values: list[Any]


@dataclass(frozen=True, slots=True)
class Condition:
    """What a criterion asks of a resource: that a row of a parameter meets one of some tests; negated, that none does.

    `param` is the number of the parameter in the index.
    """

    param: int
    tests: list[ColumnTest]
    negated: bool = False

    @property
    def anywhere(self) -> ColumnTest:
        """The rows of all resources that meet it, in a form in which each alternative can use an index."""
        sql = " OR ".join(f"(param = ? AND ({each.sql}))" for each in self.tests)
        return ColumnTest(sql, [value for each in self.tests for value in (self.param, *each.values)])

    @property
    def is_in_order(self) -> bool:
        """Whether an index has its rows in the order of the resources: one test, by equality alone."""
        (first, *others) = self.tests or [_NOTHING]
        return not others and not self.negated and bool(_EQUALITY.fullmatch(first.sql))

    @property
    def of_resource(self) -> ColumnTest:
        """Whether the resource `v` meets it: its own rows are looked at, by the primary key (the + keeps to that)."""
        either = " OR ".join(f"({each.sql})" for each in self.tests)
        sql = f"EXISTS (SELECT 1 FROM search_value WHERE seq = v.seq AND param = ? AND +({either}))"  # noqa: S608  # SQL of this module
        values = [self.param, *(value for each in self.tests for value in each.values)]
        return ColumnTest(f"NOT {sql}" if self.negated else sql, values)


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
_NOTHING, _ANYTHING = ColumnTest("0", []), ColumnTest("1", [])
_MOST_ALTERNATIVES = 200
"""How many values a criterion may give to choose from."""


def condition(server: Server, index_name: str, asked: Criterion) -> Condition:
    """Say in SQL what a parameter with its modifier and value asks; alternatives are separated by commas."""
    parameter, modifier = asked.parameter, asked.modifier
    if modifier == "missing":
        if asked.text not in {"true", "false"}:
            raise ProblemError(400, f"{parameter.code}:missing: true or false was expected", code="value")
        return Condition(server.store.param(index_name), [_ANYTHING], negated=asked.text == "true")
    is_type = parameter.type == "reference" and modifier in server.types
    if modifier and modifier not in MODIFIERS[parameter.type] and not is_type:
        raise ProblemError(400, f"the modifier :{modifier} of {parameter.code} is not supported")
    way = _WAYS["token" if modifier == "identifier" else parameter.type]
    alternatives = search_terms.split(asked.text, ",")
    if len(alternatives) > _MOST_ALTERNATIVES:
        raise ProblemError(400, f"{parameter.code}: more than {_MOST_ALTERNATIVES} values are not searched for")
    tests: list[ColumnTest] = []
    for each in alternatives:
        made = way(asked._replace(text=each))
        tests += made if isinstance(made, list) else [made]
    name = f"{index_name}:identifier" if modifier == "identifier" else index_name
    return Condition(server.store.param(name), tests, negated=modifier == "not")


def any_reference(param: int, targets: Iterable[StoredVersion], canonicals: Iterable[Canonical]) -> Condition:
    """Say that a resource refers to one of these, by type and id or by canonical URL (and version, if it names one)."""
    keys = [row.key for row in targets]
    pairs = list(canonicals)
    urls, versioned = [url for url, _ in pairs], [f"{url}|{version}" for url, version in pairs]
    listed = "(SELECT value FROM json_each(?))"
    by_key = ColumnTest(f"system IS NOT NULL AND exact IN {listed}", [json.dumps(keys)])
    by_url = ColumnTest(
        f"system IS NULL AND exact IN {listed} AND (value IS NULL OR exact || '|' || value IN {listed})",
        [json.dumps(urls), json.dumps(versioned)],
    )
    return Condition(param, [by_key, by_url])


def _token(asked: Criterion) -> ColumnTest:
    """https://hl7.org/fhir/R4/search.html#token."""
    if asked.modifier == "text":
        return ColumnTest("instr(exact, ?) > 0", [normalised(search_terms.plain(asked.text))])
    system, code = search_terms.token_term(asked.text)
    if system is None:
        return ColumnTest("value = ?", [code])
    if not system:
        return ColumnTest("system IS NULL AND value = ?", [code])
    if code is None:
        return ColumnTest("system = ?", [system])
    return ColumnTest("system = ? AND value = ?", [system, code])


def _string(asked: Criterion) -> ColumnTest:
    """https://hl7.org/fhir/R4/search.html#string."""
    text = search_terms.plain(asked.text)
    if asked.modifier == "exact":
        return ColumnTest("exact = ?", [text])
    wanted = normalised(text)
    if asked.modifier == "contains":
        return ColumnTest("instr(value, ?) > 0", [wanted])
    return ColumnTest("value >= ? AND value < ?", [wanted, wanted + _HIGHEST])


def _uri(asked: Criterion) -> ColumnTest:
    """https://hl7.org/fhir/R4/search.html#uri."""
    text = search_terms.plain(asked.text)
    if asked.modifier == "below":
        return ColumnTest("exact = ? OR substr(exact, 1, ?) = ?", [text, len(text) + 1, f"{text}/"])
    if asked.modifier == "above":
        return ColumnTest("exact = ? OR substr(?, 1, length(exact) + 1) = exact || '/'", [text, text])
    return ColumnTest("exact = ?", [text])


def _reference(asked: Criterion) -> ColumnTest:
    """Match by `Type/id`, by id, by URL or by canonical with or without version.

    https://hl7.org/fhir/R4/search.html#reference
    """
    text = search_terms.plain(asked.text)
    wanted_type = "" if asked.modifier in MODIFIERS["reference"] else asked.modifier
    key = local_key(text, asked.base)
    if key is not None:
        named, _, target_id = key.partition("/")
        return ColumnTest("system = ? AND value = ?", [named, target_id]) if wanted_type in {"", named} else _NOTHING
    if ":" in text or "/" in text:
        return _canonical(text, below=asked.modifier == "below")
    if wanted_type:
        return ColumnTest("system = ? AND value = ?", [wanted_type, text])
    return ColumnTest("system IS NOT NULL AND value = ?", [text])


def _canonical(text: str, *, below: bool) -> ColumnTest:
    url, _, rest = text.partition("|")
    version = rest.partition("#")[0]
    here = "system IS NULL AND exact = ?"
    if not version:
        return ColumnTest(here, [url])
    if below:
        prefix = f"{version}."
        return ColumnTest(f"{here} AND (value = ? OR substr(value, 1, ?) = ?)", [url, version, len(prefix), prefix])
    return ColumnTest(f"{here} AND value = ?", [url, version])


_INTERVAL = {
    "eq": ("low >= ? AND low < ? AND high <= ?", "lhh"),
    "ne": ("NOT (low >= ? AND high <= ?)", "lh"),
    "gt": ("high > ?", "h"),
    "lt": ("low < ?", "l"),
    "sa": ("low >= ?", "h"),
    "eb": ("high <= ?", "l"),
    "ap": ("low < ? AND high > ?", "hl"),
}
"""How the interval of a value (columns) relates to that of the parameter (`l` its start, `h` its end, not included).

That a start lies before its end is said so that an index can be used. https://hl7.org/fhir/R4/search.html#prefix
"""


def _date(asked: Criterion) -> list[ColumnTest]:
    prefix, (low, high) = search_terms.date_term(asked.text)
    if prefix == "ap":
        low, high = date_ranges.widened((low, high))
    relations = {"ge": ("gt", "eq"), "le": ("lt", "eq")}.get(prefix, (prefix,))
    return [
        ColumnTest(sql, [low if each == "l" else high for each in ends])
        for sql, ends in (_INTERVAL[each] for each in relations)
    ]


def _number(asked: Criterion) -> ColumnTest:
    return _compared(search_terms.number_term(asked.text))


def _compared(number: search_terms.NumberTerm) -> ColumnTest:
    """Compare a number: by itself with a prefix, within its own precision without one.

    https://hl7.org/fhir/R4/search.html#number
    """
    prefix, value, low, high = number
    near = abs(value) / 10
    return {
        "eq": ColumnTest("low >= ? AND high < ?", [low, high]),
        "ne": ColumnTest("NOT (low >= ? AND high < ?)", [low, high]),
        "gt": ColumnTest("high > ?", [value]),
        "lt": ColumnTest("low < ?", [value]),
        "ge": ColumnTest("high >= ?", [value]),
        "le": ColumnTest("low <= ?", [value]),
        "sa": ColumnTest("low > ?", [value]),
        "eb": ColumnTest("high < ?", [value]),
        "ap": ColumnTest("low <= ? AND high >= ?", [value + near, value - near]),
    }[prefix]


def _quantity(asked: Criterion) -> ColumnTest:
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
    return ColumnTest(sql, values)


_WAYS: Mapping[str, Callable[[Criterion], ColumnTest | list[ColumnTest]]] = {
    "token": _token,
    "string": _string,
    "uri": _uri,
    "reference": _reference,
    "date": _date,
    "number": _number,
    "quantity": _quantity,
}
