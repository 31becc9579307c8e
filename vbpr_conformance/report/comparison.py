"""What got better or worse between two runs, by what their results.json say."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vbpr_conformance.errors import UsageError
from vbpr_conformance.report.results_json import FILE, FORMAT
from vbpr_conformance.report.summary_markdown import plain
from vbpr_conformance.report.terminal_summary import counted
from vbpr_conformance.rest.printable import printable
from vbpr_conformance.suite.failed_check import general

_RANK = {"pass": 4, "warn": 3, "untested": 2, "skip": 2, "error": 1, "fail": 0}
_MOST = 40
ABSENT = "not there"


@dataclass(frozen=True)
class VerdictChange:
    """A requirement or case whose verdict is another now."""

    kind: str
    name: str
    before: str
    after: str
    message: str = ""

    @property
    def is_worse(self) -> bool:
        """Whether the verdict fell; what was not looked at in one of the runs is neither better nor worse."""
        return ABSENT not in {self.before, self.after} and _RANK[self.after] < _RANK[self.before]

    @property
    def is_better(self) -> bool:
        """Whether the verdict rose."""
        return ABSENT not in {self.before, self.after} and _RANK[self.after] > _RANK[self.before]


@dataclass(frozen=True)
class Comparison:
    """Two runs and what is different."""

    before: Mapping[str, Any]
    after: Mapping[str, Any]
    changes: Sequence[VerdictChange]

    @property
    def worse(self) -> list[VerdictChange]:
        """What fell."""
        return [each for each in self.changes if each.is_worse]

    @property
    def better(self) -> list[VerdictChange]:
        """What rose."""
        return [each for each in self.changes if each.is_better]

    @property
    def new_causes(self) -> list[str]:
        """What is wrong now and was not before."""
        return _others(self.after, self.before)

    @property
    def gone_causes(self) -> list[str]:
        """What was wrong before and is not now."""
        return _others(self.before, self.after)


def _others(here: Mapping[str, Any], there: Mapping[str, Any]) -> list[str]:
    """Give the causes of one run that the other has not; ids in their sentences are others in each run."""
    known = {general(each["says"]) for each in there.get("causes", [])}
    return [each["says"] for each in here.get("causes", []) if general(each["says"]) not in known]


def read_results(path: Path) -> dict[str, Any]:
    """Read results.json, or that of a folder; anything else is a `UsageError`."""
    file = path / FILE if path.is_dir() else path
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no JSON"
        raise UsageError(f"{file}: cannot be compared ({reason}), expected a results.json or its folder") from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise UsageError(f"{file}: cannot be compared, expected the format {FORMAT}")
    try:
        as_text(compare(found, found))
        verdicts = {verdict for verdict, _ in [*_requirements(found).values(), *_cases(found).values()]}
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise UsageError(
            f"{file}: cannot be compared, it is damaged ({error}); expected it as `run` wrote it"
        ) from None
    if unknown := verdicts - _RANK.keys():
        raise UsageError(
            f"{file}: cannot be compared, it has the verdict {unknown.pop()!r}; expected {', '.join(_RANK)}"
        )
    return found


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> Comparison:
    """Compare the requirements and the cases of two runs."""
    changes = [
        *_changes("requirement", _requirements(before), _requirements(after)),
        *_changes("case", _cases(before), _cases(after)),
    ]
    return Comparison(before, after, changes)


def _requirements(results: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    judged = [each for each in results["requirements"] if each.get("selected", True) and each.get("applicable", True)]
    return {each["id"]: (each["verdict"], each.get("reason", "")) for each in judged}


def _cases(results: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    return {f"{each['suite']}: {each['id']}": (each["verdict"], each["message"]) for each in results["cases"]}


def _changes(
    kind: str, before: Mapping[str, tuple[str, str]], after: Mapping[str, tuple[str, str]]
) -> Iterator[VerdictChange]:
    for name in dict.fromkeys([*before, *after]):
        was, now = before.get(name, (ABSENT, "")), after.get(name, (ABSENT, ""))
        if was[0] != now[0]:
            yield VerdictChange(kind, name, was[0], now[0], now[1].partition("\n")[0])


def name_of(results: Mapping[str, Any]) -> str:
    """Say which run it is, in a few words."""
    run = results["run"]
    return f"{run['target']['url']} · VBPR {run['edition']} · {run['started']} · {results['verdict']}"


def as_text(comparison: Comparison) -> str:
    """Give the comparison for a terminal: causes first, then requirements and cases."""
    lines = [f"before   {name_of(comparison.before)}", f"after    {name_of(comparison.after)}", ""]
    for title, causes in (("NEW", comparison.new_causes), ("GONE", comparison.gone_causes)):
        lines += [f"{title}   {counted(len(causes), 'cause')}", *(f"  {each}" for each in causes), ""] if causes else []
    for title, changes in (("WORSE", comparison.worse), ("BETTER", comparison.better)):
        lines += [f"{title}   {how_many(changes)}"] if changes else []
        lines += [
            f"  {each.kind:<11} {each.name}   {each.before} → {each.after}   {each.message}".rstrip()
            for each in changes[:_MOST]
        ]
        lines += [f"  … and {how_many(changes[_MOST:])} more"] if len(changes) > _MOST else []
    if not comparison.worse and not comparison.better:
        lines.append("nothing got better or worse")
    return "\n".join(printable(line) for line in lines) + "\n"


def how_many(changes: Sequence[VerdictChange]) -> str:
    """Say how many requirements and cases have changed."""
    kinds = Counter(each.kind for each in changes)
    return ", ".join(counted(number, kind) for kind, number in kinds.items()) or "nothing"


def as_markdown(comparison: Comparison) -> str:
    """Give the comparison for a pull request."""
    lines = [f"before: {plain(name_of(comparison.before))}  ", f"after: {plain(name_of(comparison.after))}", ""]
    for title, causes in (("New", comparison.new_causes), ("Gone", comparison.gone_causes)):
        lines += [f"**{title}**", "", *(f"- {plain(each)}" for each in causes[:_MOST]), ""] if causes else []
    if not comparison.worse and not comparison.better:
        return "\n".join([*lines, "Nothing got better or worse.", ""])
    lines += ["| | | before | after | |", "| --- | --- | --- | --- | --- |"]
    for mark, changes in (("❌ worse", comparison.worse), ("✅ better", comparison.better)):
        lines += [
            f"| {mark} | {each.kind} {plain(each.name)} | {each.before} | {each.after} | {plain(each.message)} |"
            for each in changes[:_MOST]
        ]
        lines += [f"| {mark} | … and {how_many(changes[_MOST:])} more | | | |"] if len(changes) > _MOST else []
    return "\n".join([*lines, ""])
