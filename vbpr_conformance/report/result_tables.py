"""Results as tables: what became of each must-support element, and of each form of each search parameter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from vbpr_conformance.suite.verdicts import CaseResult, Verdict

_ORDER = (Verdict.FAIL, Verdict.ERROR, Verdict.WARN, Verdict.SKIP, Verdict.PASS)
_CELL = 26
_LEFT = 190
_TOP = 120


@dataclass(frozen=True)
class ElementRow:
    """A must-support element in one form: what became of it, and the case that says so."""

    element: str
    form: str
    state: str
    case: CaseResult


def must_support_tables(results: Iterable[CaseResult]) -> dict[str, list[ElementRow]]:
    """Give a table for each profile: `kept`, `lost`, `changed`, `not shown` or `not tested`."""
    tables: dict[str, list[ElementRow]] = {}
    for result in results:
        row = dict(result.parameters)
        if "profile" in row and "element" in row:
            form = row.get("path", row["element"])
            tables.setdefault(row["profile"], []).append(ElementRow(row["element"], form, _state(result), result))
    return tables


def _state(result: CaseResult) -> str:
    if result.verdict is Verdict.PASS:
        return "kept"
    if result.verdict in {Verdict.SKIP, Verdict.ERROR}:
        return "not tested"
    cause = result.check.cause if result.check else ""
    if "is lost" in cause:
        return "lost"
    return "changed" if result.check and result.check.matcher in {"shows", "same_as"} else "not shown"


@dataclass(frozen=True)
class SearchMatrix:
    """What came out for each form (a column) of each search parameter (a row) of a resource type."""

    type: str
    parameters: list[str] = field(default_factory=list)
    forms: list[str] = field(default_factory=list)
    cells: dict[tuple[str, str], CaseResult] = field(default_factory=dict)

    @property
    def width(self) -> int:
        """The width of the picture."""
        return _LEFT + _CELL * len(self.forms) + 60

    @property
    def height(self) -> int:
        """The height of the picture."""
        return _TOP + _CELL * len(self.parameters) + 10

    def x(self, form: str) -> int:
        """Where a column begins."""
        return _LEFT + _CELL * self.forms.index(form)

    def y(self, parameter: str) -> int:
        """Where a row begins."""
        return _TOP + _CELL * self.parameters.index(parameter)


def search_matrices(results: Iterable[CaseResult]) -> list[SearchMatrix]:
    """Give a matrix for each resource type whose search was tested."""
    found: dict[str, SearchMatrix] = {}
    for result in results:
        row = dict(result.parameters)
        if not {"type", "param", "form"} <= set(row):
            continue
        matrix = found.setdefault(row["type"], SearchMatrix(row["type"]))
        for names, name in ((matrix.parameters, row["param"]), (matrix.forms, row["form"])):
            if name not in names:
                names.append(name)
        key = (row["param"], row["form"])
        other = matrix.cells.get(key)
        if other is None or _ORDER.index(result.verdict) < _ORDER.index(other.verdict):
            matrix.cells[key] = result
    return list(found.values())
