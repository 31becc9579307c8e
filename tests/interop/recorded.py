"""What is known of each server: the recorded deviations, each with its reason, and the comparison with a run.

Nothing here makes a deviation pass. A case that is not `pass` and not recorded, one that fails otherwise than recorded,
and a record that came true no longer are all reported, each in a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from vbpr_conformance.fhir.yaml12 import load

FOLDER = Path(__file__).parent / "expectations"
_KEYS = {"what", "verdict", "says", "cases", "requirements", "reason", "link", "seen", "differs"}
_OPTIONAL = {"differs", "says"}
_CHANGE = re.compile(r"sent (\S+), got (\S+)$")


@dataclass(frozen=True)
class Deviation:
    """One thing a server does otherwise than the guide or R4 ask, and the cases that show it.

    A case with `*` stands for every case of the run that it fits, and all of these have to show the deviation.
    `says` is found in the message of each case. `differs: precision` is a deviation of values instead of answers:
    whether a case shows it hangs on the payloads of the run, so at least one of them has to, and those that do must
    differ in nothing else; they are warnings where what they differ in is a SHOULD.
    """

    what: str
    verdict: str
    cases: tuple[str, ...]
    requirements: tuple[str, ...]
    reason: str
    link: str
    seen: str
    says: str = ""
    differs: str = ""


@dataclass(frozen=True)
class Expected:
    """What a run against a server has to come to."""

    exit_code: int
    deviations: tuple[Deviation, ...]


def expected(server: str) -> Expected:
    """Read what is recorded of a server, with all of another that it is `like`; an unknown key is an error."""
    data: Any = load((FOLDER / f"{server}.yaml").read_bytes(), f"{server}.yaml")
    shared = expected(data["like"]).deviations if "like" in data else ()
    return Expected(int(data["exit-code"]), (*shared, *(_deviation(each) for each in data["deviations"])))


def _deviation(data: Mapping[str, Any]) -> Deviation:
    if not _KEYS - _OPTIONAL <= set(data) <= _KEYS:
        raise ValueError(f"{data.get('what')}: the keys are {sorted(data)}, expected {sorted(_KEYS)}")
    if not data["cases"] or data.get("differs", "precision") != "precision":
        raise ValueError(f"{data['what']}: names no case, or a difference that nothing tests")
    made = {**data, "cases": tuple(data["cases"]), "requirements": tuple(data["requirements"])}
    return Deviation(**made)


def problems(expectation: Expected, cases: list[dict[str, Any]]) -> list[str]:
    """Compare the cases of results.json with what was recorded, and say in a line each what is not as recorded."""
    return [*_unrecorded(expectation, cases), *_stale(expectation, cases), *_twice(expectation, cases)]


def _unrecorded(expectation: Expected, cases: list[dict[str, Any]]) -> Iterator[str]:
    for case in cases:
        if case["verdict"] != "pass" and not any(_shows(each, case) for each in expectation.deviations):
            yield f"not recorded: {case['verdict']} {case['id']}: {case['message']}"


def _stale(expectation: Expected, cases: list[dict[str, Any]]) -> Iterator[str]:
    for deviation in expectation.deviations:
        for pattern in deviation.cases:
            named = [case for case in cases if fnmatchcase(case["id"], pattern)]
            if not named:
                yield f"stale: {deviation.what}: no case is named {pattern}"
            if not deviation.differs:
                for case in named:
                    if not _shows(deviation, case):
                        yield f"stale: {deviation.what}: {case['id']} is {case['verdict']} {case['message']}".rstrip()
        if deviation.differs and not any(_shows(deviation, case) for case in cases):
            yield f"stale: {deviation.what}: no case shows it any more"
        known = {requirement for case in cases if _fits(deviation, case) for requirement in case["requirements"]}
        for requirement in sorted(set(deviation.requirements) - known):
            yield f"stale: {deviation.what}: none of its cases tests {requirement}"


def _twice(expectation: Expected, cases: list[dict[str, Any]]) -> Iterator[str]:
    for case in cases:
        named = [each.what for each in expectation.deviations if _fits(each, case)]
        if len(named) > 1:
            yield f"recorded twice: {case['id']}: {'; '.join(named)}"


def _fits(deviation: Deviation, case: Mapping[str, Any]) -> bool:
    return any(fnmatchcase(case["id"], pattern) for pattern in deviation.cases)


def _shows(deviation: Deviation, case: Mapping[str, Any]) -> bool:
    """Whether a case came out as the deviation says it does."""
    if not _fits(deviation, case) or case["verdict"] not in {deviation.verdict, "warn" if deviation.differs else ""}:
        return False
    if deviation.differs:
        changes = [text for label, text in case["details"] if label == "differs"]
        return bool(changes) and all(map(_lost_precision, changes))
    return re.search(deviation.says, case["message"]) is not None


def _lost_precision(change: str) -> bool:
    """Whether a line of evidence tells of a decimal that kept its value, and lost zeros at its end or its exponent."""
    found = _CHANGE.search(change)
    try:
        sent, got = (Decimal(each) for each in found.groups()) if found else (Decimal(0), Decimal(1))
    except InvalidOperation:
        return False
    return sent == got and found is not None and (len(found[1]) > len(found[2]) or "E" in found[1].upper())
