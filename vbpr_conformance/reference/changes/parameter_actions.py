"""Actions on one search parameter of one resource type: on what is asked, on what is indexed, on what is found."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from vbpr_conformance.reference import date_ranges
from vbpr_conformance.reference.behaviour import Behaviour, Change
from vbpr_conformance.reference.changes.bundle_actions import SHORTER
from vbpr_conformance.reference.changes.object_edits import action
from vbpr_conformance.reference.http_messages import Pairs
from vbpr_conformance.reference.store import IndexRow

_DAY = 86_400_000_000
"""In microseconds, as the index counts."""


class ParameterActions:
    """The changes of one parameter, by name: each method takes the argument of an action and gives the change."""

    def __init__(self, resource_type: str, code: str) -> None:
        self.type = resource_type
        self.code = code
        self._known: Mapping[str, Callable[[Any], Change]] = {
            "drop": lambda _: self._value(lambda _each: None),
            "first-alternative": lambda _: self._value(lambda value: value.split(",")[0]),
            "last-alternative": lambda _: self._value(lambda value: value.split(",")[-1]),
            "with-modifier": self._with_modifier,
            "not-only-present": lambda _: self._not_only_present(),
            "matches": lambda name: self._matches(action(SHORTER, name)),
            "overlook-modifier": self._overlook_modifier,
            "prefixes": lambda taken: self._alternatives(lambda each: taken.get(each[:2], each[:2]) + each[2:]),
            "only-first-value": lambda _: self._only_first_value(),
            "called": self._called,
            "asked": lambda name: self._alternatives(action(_VALUES, name)),
            "indexed": lambda name: self._rows(action(_ROWS, name)),
        }

    def change(self, given: Mapping[str, Any]) -> Change:
        """Make the change that an action with its argument asks for; raises `ValueError` for an unknown one."""
        ((name, argument),) = given.items()
        made: Change = action(self._known, name)(argument)
        return made

    def _is_it(self, name: str) -> bool:
        return re.split(r"[:.]", name)[0] == self.code

    def _value(self, change: Callable[[str], str | None]) -> Change:
        """Change the value that is searched for; None leaves the parameter out."""

        def query(resource_type: str, pairs: Pairs) -> Pairs:
            if resource_type != self.type:
                return pairs
            new = [(name, change(value) if self._is_it(name) else value) for name, value in pairs]
            return [(name, value) for name, value in new if value is not None]

        return _at(query=query)

    def _alternatives(self, change: Callable[[str], str]) -> Change:
        """Change each of the values that are searched for."""
        return self._value(lambda value: ",".join(change(each) for each in value.split(",")))

    def _rows(self, change: Callable[[IndexRow], IndexRow | None]) -> Change:
        """Change what is indexed; None leaves it out."""
        column = f"{self.type}.{self.code}"

        def index(_: str, rows: list[IndexRow]) -> list[IndexRow]:
            new = [change(row) if row.param == column else row for row in rows]
            return [row for row in new if row is not None]

        return _at(index=index)

    def _only_first_value(self) -> Change:
        column = f"{self.type}.{self.code}"

        def index(_: str, rows: list[IndexRow]) -> list[IndexRow]:
            first = next((row for row in rows if row.param == column), None)
            return [row for row in rows if row.param != column or row is first]

        return _at(index=index)

    def _matches(self, change: Callable[[list[int]], list[int]]) -> Change:
        """Change what is found when this parameter is searched by."""

        def found(resource_type: str, pairs: Pairs, seqs: list[int]) -> list[int]:
            asked = resource_type == self.type and any(self._is_it(name) for name, _ in pairs)
            return change(seqs) if asked else seqs

        return _at(found=found)

    def _overlook_modifier(self, modifier: str) -> Change:
        def query(resource_type: str, pairs: Pairs) -> Pairs:
            suffixed = f"{self.code}:{modifier}"
            hit = resource_type == self.type
            return [(self.code if hit and each == suffixed else each, value) for each, value in pairs]

        return _at(query=query)

    def _with_modifier(self, modifier: str) -> Change:
        """Take the parameter by itself as if it had this modifier."""

        def query(resource_type: str, pairs: Pairs) -> Pairs:
            hit = resource_type == self.type
            return [(f"{name}:{modifier}" if hit and name == self.code else name, value) for name, value in pairs]

        return _at(query=query)

    def _not_only_present(self) -> Change:
        """Let :not find only what has a value."""

        def query(resource_type: str, pairs: Pairs) -> Pairs:
            hit = resource_type == self.type and any(name == f"{self.code}:not" for name, _ in pairs)
            return [*pairs, *([(f"{self.code}:missing", "false")] if hit else [])]

        return _at(query=query)

    def _called(self, other: str) -> Change:
        """Know the parameter by another name only."""
        own, others = (re.compile(rf"^{re.escape(each)}(?=:|$)") for each in (self.code, other))

        def query(resource_type: str, pairs: Pairs) -> Pairs:
            if resource_type != self.type:
                return pairs
            kept = [(name, value) for name, value in pairs if not own.match(name)]
            return [(others.sub(self.code, name), value) for name, value in kept]

        return _at(query=query)


def _at(**pipelines: Any) -> Change:
    def change(behaviour: Behaviour) -> Behaviour:
        return behaviour.also(**pipelines)

    return change


def _without_id_alone(text: str) -> str:
    return text if re.search("[/:]", text) else f"#{text}"


_PLAIN_DAY = re.compile(r"(eq)?\d{4}-\d\d-\d\d")

_MONTH = re.compile(r"([a-z]{2})?\d{4}-\d\d")

_VALUES: Mapping[str, Callable[[str], str]] = {
    "overlook-system": lambda text: text.rpartition("|")[2] or text,
    "code-alone-finds-nothing": lambda text: text if "|" in text else f"|{text}",
    "overlook-type": lambda text: text if "://" in text else text.rpartition("/")[2],
    "id-alone-finds-nothing": _without_id_alone,
    "url-finds-nothing": lambda text: f"#{text}" if re.search("https?://.*/fhir/", text) else text,
    "system-alone-overlooked": lambda text: text.rstrip("|") if text.endswith("|") else text,
    "no-system-overlooked": lambda text: text.removeprefix("|"),
    "overlook-host": lambda text: re.sub(r"^https?://.*/(?=[A-Z]\w+/[^/]+$)", "", text),
    "lower-case": str.lower,
    "month-as-first-day": lambda text: f"{text}-01" if _MONTH.fullmatch(text) else text,
    "plain-as-ap": lambda text: f"ap{text}" if text[:1].isdigit() else text,
    "overlook-version": lambda text: text.partition("|")[0],
    "overlook-prefix": lambda text: re.sub("^[a-z]{2}", "", text),
    "day-as-noon": lambda text: f"{text}T12:00:00Z" if _PLAIN_DAY.fullmatch(text) else text,
    "overlook-zone": lambda text: re.sub(r"(T[\d:.]+)[-+ ]\d\d:\d\d", r"\1Z", text),
}
"""What becomes of each value that is searched for."""


def _start_only(row: IndexRow) -> IndexRow:
    return row._replace(high=row.low + 1) if row.low is not None else row


def _no_partial_date(row: IndexRow) -> IndexRow | None:
    width = 0 if row.low is None or row.high is None else row.high - row.low
    return None if width > _DAY else row


def _no_open_period(row: IndexRow) -> IndexRow | None:
    return None if row.low == date_ranges.FIRST or row.high == date_ranges.LAST else row


_ROWS: Mapping[str, Callable[[IndexRow], IndexRow | None]] = {
    "start-only": _start_only,
    "lose-partial-dates": _no_partial_date,
    "lose-open-periods": _no_open_period,
}
"""What becomes of each value that is indexed."""
