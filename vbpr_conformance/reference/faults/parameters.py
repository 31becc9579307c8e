"""Faults of one search parameter, derived for every parameter of the edition."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from vbpr_conformance.ig.model import SearchParameter
from vbpr_conformance.reference import moments
from vbpr_conformance.reference.behaviour import Change
from vbpr_conformance.reference.faults.fault import Fault, at
from vbpr_conformance.reference.http import Pairs
from vbpr_conformance.reference.store import IndexRow

_DAY = 86_400_000_000


def faults(resource_type: str, parameter: SearchParameter, stem: str) -> Iterator[Fault]:
    """Yield the faults of a parameter; `stem` starts their names."""
    about = {"resource": resource_type, "search": parameter.code}
    here = _Of(resource_type, parameter.code)
    for name, words, change in (*_of_all(here), *_OF_TYPE.get(parameter.type, _nothing)(here)):
        yield Fault(f"{stem}-{name}", about, f"{resource_type}?{parameter.code}=… {words}", change)


class _Of:
    """What is to be changed about one parameter of one type."""

    def __init__(self, resource_type: str, code: str) -> None:
        self.type = resource_type
        self.code = code
        self.column = f"{resource_type}.{code}"

    def value(self, change: Callable[[str], str | None]) -> Change:
        """Change the value that is searched for; None leaves the parameter out."""

        def query(resource_type: str, pairs: Pairs) -> Pairs:
            if resource_type != self.type:
                return pairs
            new = [(name, change(value) if self._is_it(name) else value) for name, value in pairs]
            return [(name, value) for name, value in new if value is not None]

        return at(query=query)

    def rows(self, change: Callable[[IndexRow], IndexRow | None]) -> Change:
        """Change what is indexed; None leaves it out."""

        def index(_: str, rows: list[IndexRow]) -> list[IndexRow]:
            new = [change(row) if row.param == self.column else row for row in rows]
            return [row for row in new if row is not None]

        return at(index=index)

    def matches(self, change: Callable[[list[int]], list[int]]) -> Change:
        """Change what is found when this parameter is searched by."""

        def found(resource_type: str, pairs: Pairs, seqs: list[int]) -> list[int]:
            asked = resource_type == self.type and any(self._is_it(name) for name, _ in pairs)
            return change(seqs) if asked else seqs

        return at(found=found)

    def modifier(self, name: str) -> Change:
        """Ignore a modifier."""

        def query(resource_type: str, pairs: Pairs) -> Pairs:
            suffixed = f"{self.code}:{name}"
            hit = resource_type == self.type
            return [(self.code if hit and each == suffixed else each, value) for each, value in pairs]

        return at(query=query)

    def _is_it(self, name: str) -> bool:
        return re.split(r"[:.]", name)[0] == self.code


_Faults = Iterator[tuple[str, str, Change]]


def _nothing(_: _Of) -> _Faults:
    yield from ()


def _of_all(here: _Of) -> _Faults:
    yield "ignored", "is ignored: everything is returned", here.value(lambda _: None)
    yield "empty", "finds nothing, ever", here.matches(lambda _: [])
    yield "loses-one", "leaves out the newest match", here.matches(lambda seqs: seqs[:-1])
    yield "or-ignored", "sees only the first of several values", here.value(lambda value: value.split(",")[0])


def _token(here: _Of) -> _Faults:
    yield (
        "system-ignored",
        "looks at the code and not at the system",
        here.value(lambda value: ",".join(each.rpartition("|")[2] or each for each in value.split(","))),
    )
    yield (
        "system-required",
        "finds nothing when only the code is given",
        here.value(lambda value: ",".join(each if "|" in each else f"|{each}" for each in value.split(","))),
    )
    yield "first-coding-only", "sees only the first of several codings", at(index=_first_only(here.column))
    yield "not-ignored", "ignores :not", here.modifier("not")


def _reference(here: _Of) -> _Faults:
    yield (
        "type-ignored",
        "looks at the id and not at the type of the target",
        here.value(
            lambda value: ",".join(each if "://" in each else each.rpartition("/")[2] for each in value.split(","))
        ),
    )
    yield (
        "by-id-fails",
        "finds nothing when only the id is given",
        here.value(
            lambda value: ",".join(each if re.search("[/:]", each) else f"#{each}" for each in value.split(","))
        ),
    )
    yield (
        "by-url-fails",
        "finds nothing when the target is given as an absolute URL",
        here.value(
            lambda value: ",".join(
                f"#{each}" if re.search("https?://.*/fhir/", each) else each for each in value.split(",")
            )
        ),
    )
    yield (
        "version-ignored",
        "does not look at the version of a canonical",
        here.value(lambda value: ",".join(each.partition("|")[0] for each in value.split(","))),
    )
    yield "first-only", "sees only the first of several references", at(index=_first_only(here.column))


def _date(here: _Of) -> _Faults:
    yield (
        "loses-partial-dates",
        "does not find values of month or year precision",
        here.rows(lambda row: None if _width(row) > _DAY else row),
    )
    yield (
        "uses-start-only",
        "looks at the start of a value and not at its end",
        here.rows(lambda row: row._replace(high=row.low + 1) if row.low is not None else row),
    )
    yield (
        "loses-open-periods",
        "does not find periods without start or without end",
        here.rows(lambda row: None if row.low == moments.FIRST or row.high == moments.LAST else row),
    )
    yield "prefix-ignored", "treats every prefix as eq", here.value(lambda value: re.sub("(^|,)[a-z]{2}", r"\1", value))
    yield (
        "ge-after-end",
        "takes ge and le as sa and eb",
        here.value(lambda value: re.sub("(^|,)(ge|le)", lambda m: m[1] + {"ge": "sa", "le": "eb"}[m[2]], value)),
    )
    yield (
        "gt-as-ge",
        "takes gt as ge and lt as le",
        here.value(lambda value: re.sub("(^|,)(gt|lt)", lambda m: m[1] + {"gt": "ge", "lt": "le"}[m[2]], value)),
    )
    yield (
        "zone-ignored",
        "does not look at the time zone",
        here.value(lambda value: re.sub(r"(T[\d:.]+)[-+ ]\d\d:\d\d", r"\1Z", value)),
    )


def _width(row: IndexRow) -> float:
    return 0 if row.low is None or row.high is None else row.high - row.low


def _first_only(column: str) -> Callable[[str, list[IndexRow]], list[IndexRow]]:
    def index(_: str, rows: list[IndexRow]) -> list[IndexRow]:
        first = next((row for row in rows if row.param == column), None)
        return [row for row in rows if row.param != column or row is first]

    return index


_OF_TYPE: dict[str, Callable[[_Of], _Faults]] = {"token": _token, "reference": _reference, "date": _date}
