"""What is known of each server: the deviations of its target file, and the comparison with a run that was told of them.

The product reads the file and marks what is known. What is left to see here is that nothing else is: a case that is not
`pass` and not known, and a deviation that came true no longer in one of its cases.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from vbpr_conformance.suite.deviations import Deviation
from vbpr_conformance.suite.verdicts import CaseResult, Verdict
from vbpr_conformance.target.access import known_deviations
from vbpr_conformance.target.target_file import Target, read_target

FOLDER = Path(__file__).parent / "expectations"
_LIKE = {"hapi-starter": "hapi"}
"""Servers that do what another does, but for what their own records say."""


def target_file(server: str, folder: Path) -> Path:
    """Write the target file of a server into a folder: its own deviations, and those of the server that it is like."""
    own = _deviations(server)
    named = {case for each in own for case in each["case"]}
    like = _deviations(_LIKE[server]) if server in _LIKE else []
    shared = [{**each, "case": [case for case in each["case"] if case not in named]} for each in like]
    file = folder / f"{server}.yaml"
    found = {"deviations": [*(each for each in shared if each["case"]), *own]}
    file.write_text(yaml.safe_dump(found, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return file


def _deviations(server: str) -> list[dict[str, Any]]:
    read: dict[str, Any] = yaml.safe_load((FOLDER / f"{server}.yaml").read_text(encoding="utf-8"))
    return read["deviations"]


def target(server: str, folder: Path) -> Target:
    """Read it as the product does."""
    return read_target(target_file(server, folder), environment={})


def problems(deviations: Sequence[Deviation], cases: Sequence[Mapping[str, Any]]) -> list[str]:
    """Compare the cases of results.json with what is known, and say in a line each what is not as recorded."""
    results = [_result(each) for each in cases]
    return [*_unrecorded(deviations, results), *_stale(deviations, results), *_twice(deviations, results)]


def _result(case: Mapping[str, Any]) -> CaseResult:
    return CaseResult(
        case["id"],
        "",
        "",
        "",
        Verdict(case["verdict"]),
        message=case["message"],
        requirements=tuple(case["requirements"]),
        details=tuple((label, text) for label, text in case["details"]),
    )


def _unrecorded(deviations: Sequence[Deviation], results: Sequence[CaseResult]) -> Iterator[str]:
    for each in results:
        if each.verdict is not Verdict.PASS and not any(known.explains(each) for known in deviations):
            yield f"not recorded: {each.verdict} {each.id}: {each.message}"


def _stale(deviations: Sequence[Deviation], results: Sequence[CaseResult]) -> Iterator[str]:
    """Every case that a deviation names shows it; where it hangs on the payloads (`differs`), at least one does."""
    for known in deviations:
        for pattern in known.cases:
            named = [each for each in results if fnmatchcase(each.id, pattern)]
            if not named:
                yield f"stale: no case is named {pattern}"
            if not known.differs:
                for each in named:
                    if not known.explains(each):
                        yield f"stale: {known.name}: {each.id} is {each.verdict} {each.message}".rstrip()
        if known.differs and not any(known.explains(each) for each in results):
            yield f"stale: {known.name}: no case shows it any more"


def _twice(deviations: Sequence[Deviation], results: Sequence[CaseResult]) -> Iterator[str]:
    for each in results:
        named = [known.name for known in deviations if known.covers(each)]
        if len(named) > 1:
            yield f"recorded twice: {each.id}: {'; '.join(named)}"


__all__ = ["FOLDER", "known_deviations", "problems", "target", "target_file"]
