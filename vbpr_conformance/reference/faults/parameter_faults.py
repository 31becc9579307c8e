"""Faults of one search parameter, derived for every parameter of the edition."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import SearchParameter
from vbpr_conformance.reference import date_ranges
from vbpr_conformance.reference.behaviour import Change
from vbpr_conformance.reference.faults.fault import Fault, at
from vbpr_conformance.reference.faults.yielded_types import Yielded, yielded
from vbpr_conformance.reference.http_messages import Pairs
from vbpr_conformance.reference.store import IndexRow

_DAY = 86_400_000_000


def faults(edition: Edition, resource_type: str, parameter: SearchParameter, stem: str) -> Iterator[Fault]:
    """Yield the faults of a parameter that its values can show; `stem` starts their names."""
    about = {"resource": resource_type, "search": parameter.code}
    here = _Of(resource_type, parameter, yielded(edition, resource_type, parameter))
    for name, words, change in (*_of_all(here), *_OF_TYPE.get(parameter.type, _nothing)(here)):
        yield Fault(f"{stem}-{name}", about, f"{resource_type}?{parameter.code}=… {words}", change)


def of_name(resource_type: str, code: str, stated: str, stem: str) -> Iterator[Fault]:
    """Yield the fault of a server that takes a wrong name in a capability statement for that of the parameter."""

    def query(asked: str, pairs: Pairs) -> Pairs:
        if asked != resource_type:
            return pairs
        others = [(name, value) for name, value in pairs if not re.match(rf"{re.escape(code)}(:|$)", name)]
        return [(re.sub(rf"^{re.escape(stated)}(?=:|$)", code, name), value) for name, value in others]

    if stated:
        about = {"resource": resource_type, "search": code}
        words = f"{resource_type}?{code}=… is ignored: the parameter is called {stated}"
        yield Fault(f"{stem}-called-otherwise", about, words, at(query=query))


class _Of:
    """What is to be changed about one parameter of one type."""

    def __init__(self, resource_type: str, parameter: SearchParameter, values: Yielded) -> None:
        self.type = resource_type
        self.code = parameter.code
        self.targets = parameter.targets
        self.column = f"{resource_type}.{self.code}"
        self.values = values

    def yields(self, *types: str) -> bool:
        """Whether values can be of one of these types."""
        return not self.values.types.isdisjoint(types)

    def value(self, change: Callable[[str], str | None]) -> Change:
        """Change the value that is searched for; None leaves the parameter out."""

        def query(resource_type: str, pairs: Pairs) -> Pairs:
            if resource_type != self.type:
                return pairs
            new = [(name, change(value) if self._is_it(name) else value) for name, value in pairs]
            return [(name, value) for name, value in new if value is not None]

        return at(query=query)

    def alternatives(self, change: Callable[[str], str]) -> Change:
        """Change each of the values that are searched for."""
        return self.value(lambda value: ",".join(change(each) for each in value.split(",")))

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
    yield "not-ignored", "ignores :not", here.modifier("not")
    if here.yields("Coding", "CodeableConcept", "Identifier"):
        yield (
            "system-ignored",
            "looks at the code and not at the system",
            here.alternatives(lambda each: each.rpartition("|")[2] or each),
        )
    if here.yields("Coding", "CodeableConcept", "Identifier", "code"):
        yield (
            "system-required",
            "finds nothing when only the code is given",
            here.alternatives(lambda each: each if "|" in each else f"|{each}"),
        )
    if here.values.several or here.yields("CodeableConcept"):
        yield "first-only", "sees only the first of several codes", at(index=_first_only(here.column))


def _reference(here: _Of) -> _Faults:
    if here.yields("Reference") and len(here.targets) != 1:
        yield (
            "type-ignored",
            "looks at the id and not at the type of the target",
            here.alternatives(lambda each: each if "://" in each else each.rpartition("/")[2]),
        )
    if here.yields("Reference"):
        yield (
            "by-id-fails",
            "finds nothing when only the id is given",
            here.alternatives(lambda each: each if re.search("[/:]", each) else f"#{each}"),
        )
        yield (
            "by-url-fails",
            "finds nothing when the target is given as an absolute URL",
            here.alternatives(lambda each: f"#{each}" if re.search("https?://.*/fhir/", each) else each),
        )
    if here.yields("canonical"):
        yield (
            "version-ignored",
            "does not look at the version of a canonical",
            here.alternatives(lambda each: each.partition("|")[0]),
        )
    if here.values.several:
        yield "first-only", "sees only the first of several references", at(index=_first_only(here.column))


def _date(here: _Of) -> _Faults:
    yield (
        "uses-start-only",
        "looks at the start of a value and not at its end",
        here.rows(lambda row: row._replace(high=row.low + 1) if row.low is not None else row),
    )
    yield "prefix-ignored", "treats every prefix as eq", here.alternatives(lambda each: re.sub("^[a-z]{2}", "", each))
    yield (
        "ge-after-end",
        "takes ge and le as sa and eb",
        here.alternatives(lambda each: {"ge": "sa", "le": "eb"}.get(each[:2], each[:2]) + each[2:]),
    )
    yield (
        "gt-as-ge",
        "takes gt as ge and lt as le",
        here.alternatives(lambda each: {"gt": "ge", "lt": "le"}.get(each[:2], each[:2]) + each[2:]),
    )
    yield (
        "zone-ignored",
        "does not look at the time zone",
        here.alternatives(lambda each: re.sub(r"(T[\d:.]+)[-+ ]\d\d:\d\d", r"\1Z", each)),
    )
    if here.yields("date", "dateTime"):
        yield (
            "loses-partial-dates",
            "does not find values of month or year precision",
            here.rows(lambda row: None if _width(row) > _DAY else row),
        )
    if here.yields("Period"):
        yield (
            "loses-open-periods",
            "does not find periods without start or without end",
            here.rows(lambda row: None if row.low == date_ranges.FIRST or row.high == date_ranges.LAST else row),
        )


def _width(row: IndexRow) -> float:
    return 0 if row.low is None or row.high is None else row.high - row.low


def _first_only(column: str) -> Callable[[str, list[IndexRow]], list[IndexRow]]:
    def index(_: str, rows: list[IndexRow]) -> list[IndexRow]:
        first = next((row for row in rows if row.param == column), None)
        return [row for row in rows if row.param != column or row is first]

    return index


_OF_TYPE: dict[str, Callable[[_Of], _Faults]] = {"token": _token, "reference": _reference, "date": _date}
