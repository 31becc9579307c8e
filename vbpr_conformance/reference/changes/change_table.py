"""Rows of YAML turned into changes of the server's behaviour: how faults and permitted variations are written.

A row is one line: a name, what the server then does in a reader's words (`says`), and at which points of `Behaviour`
it acts, with which actions::

    create-no-etag: {says: create gives no ETag, response: {of: create, drop-header: ETag}}
    transaction-not-atomic: {says: what came before a refused entry stays, switch: {atomic: false}}

An action that takes no argument may stand alone (`format: by-accept`). Rows stand in groups, which say what all of
them have in common (`breaks`, `each`). The actions of each point are listed in `POINTS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from vbpr_conformance.errors import UsageError
from vbpr_conformance.fhir import yaml12
from vbpr_conformance.reference.behaviour import Behaviour, Change
from vbpr_conformance.reference.changes.answer_actions import format_point, refusal_point, response_point
from vbpr_conformance.reference.changes.bundle_actions import bundle_point, entry_point, found_point, page_point
from vbpr_conformance.reference.changes.capability_actions import capabilities_point
from vbpr_conformance.reference.changes.payload_actions import sent_point, stored_point
from vbpr_conformance.reference.changes.query_actions import query_point
from vbpr_conformance.reference.changes.request_actions import request_point

Point = Callable[[Mapping[str, Any]], Any]
"""Makes a function of a pipeline of `Behaviour` from actions with their arguments, in the order given."""

POINTS: Mapping[str, tuple[str, Point]] = {
    "request": ("request", request_point),
    "response": ("response", response_point),
    "refusal": ("refusal", refusal_point),
    "format": ("format", format_point),
    "query": ("query", query_point),
    "found": ("found", found_point),
    "page": ("page", page_point),
    "stored": ("stored", stored_point),
    "sent": ("sent", sent_point),
    "capabilities": ("capabilities", capabilities_point),
    "bundle": ("bundle", bundle_point),
    "entry": ("bundle", entry_point),
}
"""The points that a row can name: the pipeline of each, and what reads its actions."""
_SWITCHES = {each.name for each in fields(Behaviour) if not callable(each.default) and each.default != ()}


@dataclass(frozen=True)
class ChangeRow:
    """One row of a table, with the group it stands in; `where` is its file and line."""

    name: str
    says: str
    points: Mapping[str, Any]
    where: str
    group: Mapping[str, Any] = field(default_factory=dict)

    def filled(self, values: Mapping[str, str]) -> ChangeRow:
        """Put values in the place of `{name}` everywhere in the row."""
        says, points, group = (_filled(each, values) for each in (self.says, self.points, self.group))
        return replace(self, name=_filled(self.name, values), says=says, points=points, group=group)

    @property
    def change(self) -> Change:
        """The change that the row describes; raises `ValueError` with the place of what is not understood."""
        try:
            return _change(self.points)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{self.where}: {self.name}: {error}") from error


def read_rows(file: Path) -> Iterator[ChangeRow]:
    """Yield the rows of a table; raises `UsageError` for what is no YAML, `ValueError` for what is no table."""
    for group in yaml12.load_file(file):
        common = {name: value for name, value in group.items() if name != "rows"}
        for name, row in group["rows"].items():
            where = f"{file.name}:{group['rows'].key_lines[name]}"
            if not isinstance(row, dict) or not isinstance(row.get("says"), str):
                raise UsageError(f"{where}: {name}: expected a mapping with `says` and at least one point")
            points = {point: given for point, given in row.items() if point != "says"}
            yield ChangeRow(name, row["says"], points, where, common)


def _filled(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for name, text in values.items():
            value = value.replace(f"{{{name}}}", text)
        return value
    if isinstance(value, dict):
        return {_filled(name, values): _filled(each, values) for name, each in value.items()}
    return [_filled(each, values) for each in value] if isinstance(value, list) else value


def _change(points: Mapping[str, Any]) -> Change:
    pipelines: dict[str, Any] = {}
    switches: dict[str, Any] = {}
    for point, given in points.items():
        if point == "switch":
            switches = {name.replace("-", "_"): value for name, value in given.items()}
            if unknown := set(switches) - _SWITCHES:
                raise ValueError(f"there is no switch {', '.join(sorted(unknown))}")
        elif point not in POINTS:
            raise ValueError(f"there is no point {point}: {', '.join(POINTS)} and switch are known")
        else:
            pipeline, made_of = POINTS[point]
            pipelines[pipeline] = made_of(given if isinstance(given, dict) else {given: True})
    return lambda behaviour: replace(behaviour.also(**pipelines), **switches)
