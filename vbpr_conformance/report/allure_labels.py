"""What Allure groups and filters cases by: https://allurereport.org/docs/test-result-file/."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vbpr_conformance.suite.expand import Case
from vbpr_conformance.suite.verdicts import CaseResult

_SEVERITY = {"SHALL": "critical", "SHOULD": "normal"}


def labels_of_case(case: Case, edition: str) -> Iterator[tuple[str, str]]:
    """Give the labels of a case before it runs, as (kind, value)."""
    names = [requirement.id for requirement in case.requirements]
    yield from _labels(case.suite.spec.suite, case.id, names, case.expectation, edition)


def labels_of_result(result: CaseResult, edition: str) -> Iterator[tuple[str, str]]:
    """Give the labels of a result, as (kind, value): the same as before it ran."""
    yield from _labels(result.suite, result.id, result.requirements, result.expectation, edition)


def _labels(
    suite: str, name: str, requirements: Sequence[str], expectation: str, edition: str
) -> Iterator[tuple[str, str]]:
    first = requirements[0] if requirements else name.partition("/")[0]
    yield "parentSuite", f"VBPR {edition}"
    yield "suite", suite
    yield "subSuite", first
    yield "epic", f"edition {edition}"
    yield "feature", suite
    yield "story", first
    yield "severity", _SEVERITY.get(expectation, "minor")
    yield "framework", "vbpr-conformance"
    yield from (("tag", each) for each in requirements)
