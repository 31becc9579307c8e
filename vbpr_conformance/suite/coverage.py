"""Which cases test which requirement."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.suite.expand import Case, expand
from vbpr_conformance.suite.rows import NotExpanded
from vbpr_conformance.suite.suite_file import load_suite, packaged


def all_cases(edition: Edition, paths: Iterable[Path] | None = None) -> tuple[list[Case], list[NotExpanded]]:
    """Expand suite files, the packaged ones unless told otherwise: the cases, and what was left out."""
    cases: list[Case] = []
    left_out: list[NotExpanded] = []
    for path in packaged() if paths is None else paths:
        expansion = expand(load_suite(path), edition)
        cases += expansion.cases
        left_out += expansion.not_expanded
    return cases, left_out


def cases_by_requirement(edition: Edition) -> dict[str, list[str]]:
    """The ids of the packaged cases that test each requirement, by the requirement's id."""
    found: dict[str, list[str]] = {requirement.id: [] for requirement in edition.requirements}
    for case in all_cases(edition)[0]:
        for requirement in case.requirements:
            found[requirement.id].append(case.id)
    return found
