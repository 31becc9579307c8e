"""Computes the matrix of faults and cases anew: every fault, every permitted variation, on all cores.

A case is tried with the faults of the requirements that it names. What is left after that (faults that nobody saw,
cases that nothing turned red) is tried with as many payloads as a run has, the cases with all faults of the
interactions that they use.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from functools import cache
from importlib import resources
from typing import Any

from vbpr_conformance.fhir import yaml12
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.reference.faults import Fault, catalogue
from vbpr_conformance.reference.permitted_variations import PERMITTED_VARIATIONS
from vbpr_conformance.selftest.fault_matrix import FaultMatrix
from vbpr_conformance.selftest.trial import RED, Setting, Trial, TrialResult, cases_of, performed, setting_of
from vbpr_conformance.suite.expand import Case
from vbpr_conformance.suite.verdicts import Verdict

EXAMPLES = 10
"""As many payloads as a run has by default: what fewer do not show must show in them."""
_AT_A_TIME = 4
_WRONG = frozenset({Verdict.FAIL, Verdict.ERROR})
Told = Callable[[int, int, str], None]
"""Hears how many trials are done, how many there are so far, and what came of the last one."""
Perform = Callable[[Sequence[Trial]], Iterator[tuple[Trial, list[TrialResult]]]]


def servers() -> list[list[str]]:
    """Give the permitted variations that are tried together."""
    found: list[list[str]] = _table()["servers"]
    return found


def unseen_faults() -> dict[str, str]:
    """Give the faults that no run can see, each with its reason."""
    return dict(_table()["unseen"])


def fault_matrix(
    edition: Edition,
    *,
    wanted: Callable[[str], bool] = lambda _: True,
    told: Told = lambda *_: None,
    workers: int | None = None,
) -> FaultMatrix:
    """Compute the matrix; `wanted` chooses faults and variations by name, `workers` is the number of processes."""
    started = time.monotonic()
    every = catalogue(edition)
    faults = {name: fault for name, fault in every.items() if wanted(name)}
    known = cases_of(edition)
    made = FaultMatrix(
        edition.version,
        partial=len(faults) < len(every),
        faults={name: fault.description for name, fault in faults.items()},
        cases={name: case.title for name, case in known.items()},
        seen={name: [] for name in faults},
        unseen={name: why for name, why in unseen_faults().items() if name in faults},
    )
    groups = [[each for each in group if wanted(each)] for group in servers()]
    made.permitted = {each: [] for group in groups for each in group}
    with _performing(edition, workers or os.cpu_count() or 1, told) as perform:
        _first_round(edition, faults, [group for group in groups if group], made, perform)
        _missed_again(edition, faults, made, perform)
        if not made.partial:
            _never_red_again(edition, faults, made, perform)
    made.duration_s = round(time.monotonic() - started, 1)
    return made


def _first_round(
    edition: Edition,
    faults: Mapping[str, Fault],
    groups: Sequence[Sequence[str]],
    made: FaultMatrix,
    perform: Perform,
) -> None:
    """Try each fault on the cases about what it breaks, and the servers that break nothing on all cases."""
    everybody = _by_setting(cases_of(edition).values())
    trials = [
        Trial(edition.version, cases, setting, variations=tuple(group))
        for group in (*groups, *(() if made.partial else ((),)))
        for setting, cases in everybody.items()
    ]
    for fault in faults.values():
        trials += _about(edition, fault)
    accused = []
    for trial, results in perform(trials):
        if trial.fault:
            _keep(made, trial.fault, results)
        elif wrong := _wrongly(results):
            accused.append((trial, wrong))
    for trial, wrong in accused:
        if trial.variations:
            alone = [Trial(trial.edition, trial.cases, trial.setting, variations=(one,)) for one in trial.variations]
            for each, results in perform(alone):
                made.permitted[each.variations[0]] += _wrongly(results)
            if not any(made.permitted[each] for each in trial.variations):
                made.permitted[trial.variations[0]] += [
                    f"{text} (with {', '.join(trial.variations)})" for text in wrong
                ]
        else:
            made.good_server += wrong


def _missed_again(edition: Edition, faults: Mapping[str, Fault], made: FaultMatrix, perform: Perform) -> None:
    """Try the faults that nobody saw with as many payloads as a run has."""
    missed = [trial for name in made.missed for trial in _about(edition, faults[name], EXAMPLES)]
    for trial, results in perform(missed):
        _keep(made, trial.fault or "", results)


def _never_red_again(edition: Edition, faults: Mapping[str, Fault], made: FaultMatrix, perform: Perform) -> None:
    """Try the cases that nothing turned red with the faults of the interactions that they use.

    A few faults at a time, and first those that turn most cases red: soon there are few cases left.
    """
    known = cases_of(edition)
    near = [each for each in faults.values() if not each.needs_credentials and "interaction" in each.breaks]
    near.sort(key=lambda each: -len(made.seen[each.name]))
    for first in range(0, len(near), _AT_A_TIME):
        left = [known[each] for each in made.never_red]
        trials = [
            Trial(edition.version, cases, setting, fault.name, examples=EXAMPLES)
            for fault in near[first : first + _AT_A_TIME]
            for setting, cases in _by_setting(
                case for case in left if fault.breaks["interaction"] in _interactions(case)
            ).items()
        ]
        for trial, results in perform(trials):
            _keep(made, trial.fault or "", results)


def _about(edition: Edition, fault: Fault, examples: int = 1) -> list[Trial]:
    """Give the trials of a fault on the cases about what it breaks; with credentials where only that shows it."""
    own = [case for case in cases_of(edition).values() if any(each.about == fault.breaks for each in case.requirements)]
    return [
        Trial(edition.version, cases, setting, fault.name, examples=examples)
        for setting, cases in _by_setting(own).items()
        if fault.needs_credentials == (setting is Setting.GUARDED)
        and ("element" not in fault.breaks or setting is Setting.OPEN)  # what is not shown is not verified, never wrong
    ]


def _by_setting(cases: Iterable[Case]) -> dict[Setting, tuple[str, ...]]:
    found: dict[Setting, list[str]] = {}
    for case in cases:
        found.setdefault(setting_of(case), []).append(case.id)
    return {setting: tuple(names) for setting, names in found.items()}


def _interactions(case: Case) -> set[str]:
    """Name the interactions that a case tests or uses; a fault of one breaks it for every type."""
    tested = {each.about.get("interaction", "") for each in case.requirements}
    used = {step.verb.replace("_", "-") for step in case.spec.steps}
    return tested | used | ({"search-type"} if "search" in used else set())


def _keep(made: FaultMatrix, fault: str, results: Iterable[TrialResult]) -> None:
    seen = made.seen[fault]
    seen += [each.case for each in results if each.verdict in RED and each.case not in seen]


def _wrongly(results: Iterable[TrialResult]) -> list[str]:
    """Say what is held against a server that breaks no rule: failures, breakdowns, and what was left untested."""
    return [
        f"{each.case}: {each.message}"
        for each in results
        if each.verdict in _WRONG or (each.verdict is Verdict.SKIP and each.applicable)
    ]


@contextmanager
def _performing(edition: Edition, workers: int, told: Told) -> Iterator[Perform]:
    """Give what performs trials: the long ones first, results in the order of the trials."""
    counts = [0, 0]

    def note(trial: Trial, results: list[TrialResult]) -> list[TrialResult]:
        counts[0] += 1
        told(counts[0], counts[1], _said(trial, results))
        return results

    def here(trials: Sequence[Trial]) -> Iterator[tuple[Trial, list[TrialResult]]]:
        counts[1] += len(trials)
        for trial in trials:
            yield trial, note(trial, performed(trial))

    def spread(trials: Sequence[Trial]) -> Iterator[tuple[Trial, list[TrialResult]]]:
        counts[1] += len(trials)
        waiting = {pool.submit(performed, each): each for each in sorted(trials, key=lambda each: -len(each.cases))}
        found = {waiting[each]: note(waiting[each], each.result()) for each in as_completed(waiting)}
        yield from ((trial, found[trial]) for trial in trials)

    if workers == 1:
        yield here
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, _start, (edition.version,))
    try:
        yield spread
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _said(trial: Trial, results: Iterable[TrialResult]) -> str:
    red = [each.case for each in results if each.verdict in RED]
    if trial.fault:
        return f"{trial.fault}: {red[0] if red else 'nobody sees it'}"
    return f"{', '.join(trial.variations) or 'the good server'}: {len(_wrongly(results))} wrong"


def _start(version: str) -> None:
    """Load what every trial of a process needs."""
    from vbpr_conformance.ig.loader import load_edition  # noqa: PLC0415  in the new process

    threading.Thread(target=_end_with_parent, daemon=True).start()
    cases_of(load_edition(version))
    gc.freeze()  # what was loaded stays: the garbage collector need not look at it again and again
    gc.set_threshold(50_000, 20, 20)


def _end_with_parent() -> None:
    """Wait for the end of the process that started this one: a worker whose parent was killed waits for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@cache
def _table() -> Mapping[str, Any]:
    file = resources.files("vbpr_conformance.selftest") / "self_test.yaml"
    found: Mapping[str, Any] = yaml12.load(file.read_text(encoding="utf-8"), str(file))
    unknown = {each for group in found["servers"] for each in group} ^ set(PERMITTED_VARIATIONS)
    if unknown:
        raise ValueError(f"{file}: {', '.join(sorted(unknown))} is not tried, or not a permitted variation")
    return found
