"""One trial of the self-test: some cases against one server. Plain data in and out, as processes share it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.loader import load_edition
from vbpr_conformance.reference.store import Store
from vbpr_conformance.selftest.in_process import fill, results_of
from vbpr_conformance.suite.coverage import all_cases
from vbpr_conformance.suite.expand import Case
from vbpr_conformance.suite.verdicts import Verdict

RED = frozenset({Verdict.FAIL, Verdict.WARN})


class Setting(StrEnum):
    """The server that a case needs: an open one, one that asks for credentials, or one that holds something to read."""

    OPEN = "open"
    GUARDED = "guarded"
    HOLDING = "holding"


@dataclass(frozen=True)
class Trial:
    """Cases, by their ids, against a server with a fault or with variations; all of them need the same setting."""

    edition: str
    cases: tuple[str, ...]
    setting: Setting = Setting.OPEN
    fault: str | None = None
    variations: tuple[str, ...] = ()
    examples: int = 1


class TrialResult(NamedTuple):
    """What came out of one case of a trial."""

    case: str
    verdict: Verdict
    applicable: bool
    message: str


def setting_of(case: Case) -> Setting:
    """Say which server a case needs."""
    if case.spec.mode == "read-only":
        return Setting.HOLDING
    return Setting.GUARDED if "security" in (case.spec.when_claimed or ()) else Setting.OPEN


def cases_of(edition: Edition) -> dict[str, Case]:
    """Give all packaged cases of an edition by their ids."""
    return _cases_of(edition.version)


@cache
def _cases_of(version: str) -> dict[str, Case]:
    return {case.id: case for case in all_cases(load_edition(version))[0]}


def performed(trial: Trial) -> list[TrialResult]:
    """Run a trial."""
    edition = load_edition(trial.edition)
    known = cases_of(edition)
    cases = [known[each] for each in trial.cases]
    store = Store()
    try:
        if trial.setting is Setting.HOLDING:
            fill(store, edition, _looked_at(known.values()))
        found = results_of(
            edition,
            cases,
            store=store,
            fault=trial.fault,
            variations=trial.variations,
            asks_credentials=trial.setting is Setting.GUARDED,
            read_only=trial.setting is Setting.HOLDING,
            examples=trial.examples,
        )
    finally:
        store.close()
    return [TrialResult(each.id, each.verdict, each.applicable, each.message) for each in found]


def _looked_at(cases: Iterable[Case]) -> Sequence[str]:
    """Name the profiles that cases which only read look for."""
    found = (case.row.get("profile") for case in cases if setting_of(case) is Setting.HOLDING)
    return sorted({each for each in found if each})
