"""What `validate` found, for people: a finding that comes back is told once, with how often it was found."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple, TextIO

from vbpr_conformance.validate.batch import Outcome
from vbpr_conformance.validate.issue import Issue

_INDEX = re.compile(r"\[\d+\]")
_SHOWN_OF_ONE = 3
"""So many places of one finding are shown in one resource."""
_REMEMBERED = 10_000
"""So many different findings are counted; more are shown as they come."""


class _Finding(NamedTuple):
    """A finding wherever it is made: the same message of the same rule, at one path without its indexes."""

    severity: str
    path: str
    message: str
    rule: str

    @classmethod
    def of(cls, issue: Issue) -> _Finding:
        return cls(issue.severity, _INDEX.sub("", issue.expression), issue.message, issue.rule)


class ValidationText:
    """Writes outcomes as they come; `every` finding at every place, or each once and at the end how often."""

    def __init__(self, out: TextIO, *, every: bool = False) -> None:
        self._out = out
        self._every = every
        self._first: dict[_Finding, str] = {}
        """Where each finding was made first."""
        self._resources: Counter[_Finding] = Counter()
        """In how many resources each finding was made."""

    def write(self, outcomes: Iterable[Outcome]) -> None:
        """Write all outcomes, then what was found again and again."""
        for outcome in outcomes:
            self._outcome(outcome)
        for finding, count in self._resources.most_common():
            if count > 1:
                line = _line(finding.severity, finding.path, finding.message, finding.rule)
                self._out.write(f"{count:,} times  {line}  first in {self._first[finding]}\n")

    def _outcome(self, outcome: Outcome) -> None:
        name = f"{outcome.resource_type}/{outcome.id}" if outcome.id else outcome.resource_type or "?"
        word = "valid" if outcome.valid else "INVALID"
        profiles = ", ".join(url.rpartition("/")[2] for url in outcome.profiles)
        head = f"{word:<8} {outcome.source}  {name}" + (f"  ({profiles})" if profiles else "")
        if self._every:
            lines = [_line(each.severity, each.expression, each.message, each.rule) for each in outcome.issues]
            again: list[str] = []
        else:
            lines, again = self._new(outcome)
        self._out.write(head + (f"  as before: {', '.join(again)}" if again else "") + "\n")
        self._out.writelines(f"  {line}\n" for line in lines)

    def _new(self, outcome: Outcome) -> tuple[list[str], list[str]]:
        """Give the lines of what was not found before, and the rules of the errors that were."""
        places: dict[_Finding, list[Issue]] = {}
        for issue in outcome.issues:
            places.setdefault(_Finding.of(issue), []).append(issue)
        lines: list[str] = []
        again: dict[str, None] = {}
        for finding, issues in places.items():
            if finding in self._first:
                self._resources[finding] += 1
                if finding.severity == "error":
                    again[finding.rule] = None
                continue
            if len(self._first) < _REMEMBERED:
                self._first[finding] = outcome.source
                self._resources[finding] = 1
            lines += _of_one(issues)
        return lines, list(again)


def _of_one(issues: list[Issue]) -> list[str]:
    """Give the lines of one finding in one resource: of many places the first, and how many more there are."""
    lines = [_line(each.severity, each.expression, each.message, each.rule) for each in issues]
    if len(lines) <= _SHOWN_OF_ONE:
        return lines
    return [f"{lines[0]}  and at {len(lines) - 1} more places"]


def _line(severity: str, expression: str, message: str, rule: str) -> str:
    where = f"{expression}: " if expression else ""
    return f"{severity:<11} {where}{message}  [{rule}]"
