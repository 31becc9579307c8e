"""A search: its parameters understood, turned into SQL and carried out.

https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vbpr_conformance.reference.include import canonicals, understands
from vbpr_conformance.reference.pages import PAGE
from vbpr_conformance.reference.problems import ProblemError
from vbpr_conformance.reference.search_sql import Condition, Criterion, any_reference, condition
from vbpr_conformance.reference.search_terms import split_name

if TYPE_CHECKING:
    from vbpr_conformance.reference.http_messages import Pairs
    from vbpr_conformance.reference.server import Server

RESULT_PARAMETERS = {"_count", "_sort", "_summary", "_elements", "_total", "_type", "_format", "_pretty"}
"""Parameters about the answer, not about what matches: https://hl7.org/fhir/R4/search.html#Summary"""
_INCLUDES = {"_include", "_revinclude", "_include:iterate", "_revinclude:iterate"}
MOST_KEPT = 1000
"""How many matches are found at first: who pages on behind them makes the server look for all."""
_FEW = 20_000
"""A criterion that fewer values meet is asked first: all that meet it are sorted."""
_NO_CRITERION = Condition(0, [])
"""Stands for a parameter that filters nothing."""
_LIVING = "SELECT v.seq FROM version v WHERE v.type = ? AND v.current = 1 AND v.body IS NOT NULL"


@dataclass(slots=True)
class Found:
    """What a search found, which of its parameters it used, and which it did not know.

    `complete` says that there are no more matches than these.
    """

    seqs: list[int]
    used: Pairs = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    complete: bool = True


def find(  # noqa: PLR0913  # a search and how it is to be carried out
    server: Server, resource_type: str, query: Pairs, base: str, *, strict: bool, most: int | None = None
) -> Found:
    """Find the current resources of a type that meet all criteria, in the order asked for; `most` of them, or all.

    An unknown parameter is refused if `strict`, else left out and told (https://hl7.org/fhir/R4/search.html#errors).
    """
    found, sql, values = _selected(server, resource_type, query, base, strict=strict)
    order, order_values = _order(server, resource_type, query, strict=strict)
    limit = "" if most is None else f" LIMIT {most + 1:d}"
    found.seqs = [seq for (seq,) in server.store.select(f"{sql} ORDER BY {order}{limit}", [*values, *order_values])]
    if most is not None and len(found.seqs) > most:
        found.seqs, found.complete = found.seqs[:most], False
    return found


def count(server: Server, resource_type: str, query: Pairs, base: str, *, strict: bool) -> int:
    """Count what `find` would find."""
    _, sql, values = _selected(server, resource_type, query, base, strict=strict)
    return int(server.store.select(f"SELECT count(*) FROM ({sql})", values)[0][0])  # noqa: S608  # SQL of this module


def _selected(
    server: Server, resource_type: str, query: Pairs, base: str, *, strict: bool
) -> tuple[Found, str, list[Any]]:
    """Say in SQL what meets all criteria, without an order."""
    for change in server.behaviour.query:
        query = change(resource_type, query)
    found = Found([])
    conditions: list[Condition] = []
    for name, value in query:
        made = _criterion(server, resource_type, name, value, base)
        if made is None:
            if strict:
                raise ProblemError(400, f"the search parameter {name} of {resource_type} is not known here")
            found.ignored.append(name)
            continue
        if made is not _NO_CRITERION:
            conditions.append(made)
        found.used.append((name, value))
    sql, values = _LIVING, [resource_type]
    first = _rarest(server, conditions) or next((each for each in conditions if each.is_in_order), None)
    if first is not None:  # the index has the values of current resources alone, each parameter those of one type
        test = first.anywhere
        sql, values = f"SELECT DISTINCT v.seq FROM search_value v WHERE ({test.sql})", list(test.values)  # noqa: S608  # SQL of this package
    for each in conditions:
        if each is not first:
            sql += f" AND {each.of_resource.sql}"
            values += each.of_resource.values
    return found, sql, values


def _rarest(server: Server, conditions: list[Condition]) -> Condition | None:
    """Find the criterion that the fewest values meet, if they are few: the search then starts at these.

    Without one it goes through the resources in their order, or through the values of one criterion that an index has
    in that order, and soon has as many matches as are wanted.
    """
    best, fewest = None, _FEW
    for each in conditions:
        if not each.negated:
            test = each.anywhere
            most = min(fewest, MOST_KEPT + 1) if each.is_in_order else fewest
            sql = f"SELECT count(*) FROM (SELECT 1 FROM search_value WHERE {test.sql} LIMIT {most:d})"  # noqa: S608  # SQL of this package
            number = server.store.select(sql, test.values)[0][0]
            if number < most:
                best, fewest = each, number
    return best


def _criterion(server: Server, resource_type: str, name: str, value: str, base: str) -> Condition | None:
    """Understand one parameter; None if it is not known. What does not filter gives `_NO_CRITERION`."""
    if name in RESULT_PARAMETERS or name == PAGE:
        return _NO_CRITERION
    if name in _INCLUDES:
        return _NO_CRITERION if understands(server, name, value) else None
    code, modifier, chain = split_name(name)
    parameter = server.parameters[resource_type].get(code)
    if parameter is None:
        return None
    if not value:  # searches leave it out; a condition without one would be about everything
        raise ProblemError(400, f"the search parameter {name} has no value", code="value")
    asked = Criterion(parameter, modifier, value, base)
    if chain:
        return _chain(server, resource_type, asked, chain)
    return condition(server, f"{resource_type}.{code}", asked)


def _chain(server: Server, resource_type: str, asked: Criterion, rest: str) -> Condition | None:
    """Find those that refer to a resource which itself meets a criterion.

    https://hl7.org/fhir/R4/search.html#chaining
    """
    parameter = asked.parameter
    if parameter.type != "reference":
        return None
    code, _, _ = split_name(rest)
    known = [
        each
        for each in ([asked.modifier] if asked.modifier else server.types)
        if code in server.parameters.get(each, {}) and (not parameter.targets or each in parameter.targets)
    ]
    if not known:
        return None
    seqs = [seq for each in known for seq in find(server, each, [(rest, asked.text)], asked.base, strict=True).seqs]
    rows = server.store.rows(seqs)
    return any_reference(server.store.param(f"{resource_type}.{parameter.code}"), rows, canonicals(server, rows))


def _order(server: Server, resource_type: str, query: Pairs, *, strict: bool) -> tuple[str, list[int]]:
    """Say the order: by `_sort`, those without a value last, then as they were stored.

    https://hl7.org/fhir/R4/search.html#sort
    """
    parts: list[str] = []
    values: list[int] = []
    for code in (each for name, value in query if name == "_sort" for each in value.split(",") if each):
        down = code.startswith("-")
        parameter = server.parameters[resource_type].get(code.lstrip("-"))
        if parameter is None:
            if strict:
                raise ProblemError(400, f"cannot sort by {code}: it is no search parameter of {resource_type}")
            continue
        column = {"date": "low", "number": "low", "quantity": "low", "token": "value", "string": "value"}.get(
            parameter.type, "exact"
        )
        pick = f"{'max' if down else 'min'}({'high' if down and parameter.type == 'date' else column})"
        value = f"(SELECT {pick} FROM search_value WHERE seq = v.seq AND param = ?)"  # noqa: S608  # constants of this function
        parts.append(f"{value} {'DESC' if down else 'ASC'} NULLS LAST")
        values.append(server.store.param(f"{resource_type}.{parameter.code}"))
    return ", ".join([*parts, "v.seq"]), values
