"""Expands the cases of a suite over an edition; what is not expanded is kept with its reason.

Offline and deterministic: the same suite and edition give the same cases in the same order, in every process.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from vbpr_conformance.errors import UsageError
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import Requirement
from vbpr_conformance.suite.check import check_suite
from vbpr_conformance.suite.language import CaseSpec
from vbpr_conformance.suite.rows import NotExpanded, Row, rows_of
from vbpr_conformance.suite.suite_file import Suite
from vbpr_conformance.suite.templating import MissingValueError, text

_STRENGTH = {"SHALL": 3, "SHOULD": 2, "MAY": 1}


@dataclass(frozen=True)
class Case:
    """One case, ready to run: a case of a suite with its row filled in."""

    id: str
    title: str
    suite: Suite
    spec: CaseSpec
    line: int
    expectation: str
    requirements: tuple[Requirement, ...]
    row: Mapping[str, Any] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """Where the case is written: file and line."""
        return f"{self.suite.path}:{self.line}"


@dataclass(frozen=True)
class Expansion:
    """The cases of a suite, and what was left out."""

    cases: tuple[Case, ...]
    not_expanded: tuple[NotExpanded, ...]


def expand(suite: Suite, edition: Edition) -> Expansion:
    """Expand a suite; a name in it that the edition does not know is a `UsageError` with file and line."""
    check_suite(suite, edition)
    cases: list[Case] = []
    left_out: list[NotExpanded] = []
    for index, spec in enumerate(suite.spec.cases):
        for row in _rows(spec, edition, suite.spec.actor):
            if isinstance(row, NotExpanded):
                left_out.append(row)
            else:
                cases.append(_case(suite, index, spec, row, edition))
    _refuse_duplicates(cases)
    return Expansion(tuple(cases), tuple(left_out))


def _rows(spec: CaseSpec, edition: Edition, actor: str) -> Iterator[Row | NotExpanded]:
    if spec.for_ is None:
        yield Row("", {})
        return
    yield from rows_of(spec.for_, edition, spec.id, actor)


def _case(suite: Suite, index: int, spec: CaseSpec, row: Row, edition: Edition) -> Case:
    known = {requirement.id: requirement for requirement in edition.requirements}
    scope = {"row": row.values}
    try:
        name = text(spec.id, scope)
        title = text(spec.title, scope)
        named = [text(each, scope) for each in spec.requirements]
    except MissingValueError as error:
        raise suite.wrong(("cases", index, "id"), str(error), f"a row here holds {sorted(row.values)}") from error
    here = [each.removesuffix("?") for each in named if not each.endswith("?") or each[:-1] in known]
    ids = dict.fromkeys([*here, *row.requirements])
    unknown = next((each for each in ids if each not in known), None)
    if unknown is not None:
        raise suite.wrong(
            ("cases", index, "requirements"),
            f"no requirement {unknown!r} in edition {edition.version}",
            "expected an id of `requirements`",
        )
    requirements = tuple(known[each] for each in ids)
    strongest = max(
        (each.expectation for each in requirements), key=lambda each: _STRENGTH.get(each, 0), default="SHALL"
    )
    return Case(
        id=f"{name}/{row.name}" if row.name else name,
        title=title,
        suite=suite,
        spec=spec,
        line=suite.line("cases", index, "id"),
        expectation=row.expectation or spec.expectation or strongest,
        requirements=requirements,
        row=row.values,
    )


def _refuse_duplicates(cases: list[Case]) -> None:
    seen: set[str] = set()
    for case in cases:
        if case.id in seen:
            raise UsageError(f"{case.source}: the case {case.id!r} appears twice; give its rows names of their own")
        if any(bad in case.id for bad in ("[", "]", "::")):
            raise UsageError(f"{case.source}: the case id {case.id!r} holds [, ] or ::; name its rows without them")
        seen.add(case.id)
