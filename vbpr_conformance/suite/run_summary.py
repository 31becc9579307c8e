"""Judges a run, and nothing else does: from the results of cases to requirements, causes and one verdict.

Everything here is a function of what it is given. Reports print it, exit codes follow from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from vbpr_conformance.ig.model import Requirement
from vbpr_conformance.suite.causes import Cause, causes
from vbpr_conformance.suite.deviations import Deviation, DeviationState, states
from vbpr_conformance.suite.verdicts import UNTESTED, CaseKey, CaseResult, Counts, RunVerdict, Verdict

_NOT_RUN = "no case ran"


@dataclass(frozen=True)
class SelectedCase:
    """A case that a run is to judge, as it is known before it runs."""

    suite: str
    id: str
    title: str = ""
    expectation: str = "SHALL"
    requirements: tuple[str, ...] = ()
    source: str = ""

    @property
    def key(self) -> CaseKey:
        """The key of its result."""
        return CaseKey(self.suite, self.id)


@dataclass(frozen=True)
class RequirementVerdict:
    """What a run says about one requirement.

    `verdict` is that of its worst case, and `untested` where no case judged it; `broken_by` are the causes that break
    it by themselves, `hidden_by` those because of which it could not be verified. `reason` says why it is open or does
    not apply. `in_selection` is False for what the edition asks beyond the cases of the run; `known` says that what
    breaks it is a known deviation.
    """

    requirement: Requirement
    verdict: str
    cases: tuple[str, ...] = ()
    applicable: bool = True
    broken_by: tuple[str, ...] = ()
    hidden_by: tuple[str, ...] = ()
    reason: str = ""
    in_selection: bool = True
    known: str = ""

    @property
    def is_met(self) -> bool:
        """Whether all of it that is a SHALL was tested and holds."""
        return self.verdict in {Verdict.PASS, Verdict.WARN}

    @property
    def is_open(self) -> bool:
        """Whether the run cannot tell: it applies, was selected, and nothing judged it."""
        return self.applicable and self.in_selection and not self.is_met and self.verdict != Verdict.FAIL


@dataclass(frozen=True)
class RunSummary:
    """What a run says: the verdict, the causes, and every requirement in one of seven lots.

    `requirements` holds all of the actor, in the order of the edition. The lots below hold those of the selection, but
    for `beyond`. `unlinked` are failing cases that name no requirement.
    """

    verdict: RunVerdict
    counts: Mapping[str, int]
    causes: tuple[Cause, ...] = ()
    requirements: tuple[RequirementVerdict, ...] = ()
    deviations: tuple[DeviationState, ...] = ()
    unlinked: tuple[CaseResult, ...] = ()
    trouble: str = ""
    interrupted: bool = False

    def _lot(self, *verdicts: str, known: bool = False) -> tuple[RequirementVerdict, ...]:
        return tuple(
            each
            for each in self.requirements
            if each.in_selection and each.applicable and each.verdict in verdicts and bool(each.known) == known
        )

    @property
    def met(self) -> tuple[RequirementVerdict, ...]:
        """Tested, and nothing was found."""
        return self._lot(Verdict.PASS)

    @property
    def broken(self) -> tuple[RequirementVerdict, ...]:
        """Broken by a check about them."""
        return self._lot(Verdict.FAIL)

    @property
    def known(self) -> tuple[RequirementVerdict, ...]:
        """Broken by nothing but known deviations."""
        return self._lot(Verdict.FAIL, Verdict.WARN, known=True)

    @property
    def unverifiable(self) -> tuple[RequirementVerdict, ...]:
        """Not verified because something else broke."""
        return tuple(each for each in self._open() if each.hidden_by)

    @property
    def untested(self) -> tuple[RequirementVerdict, ...]:
        """Not tested, each for its reason."""
        return tuple(each for each in self._open() if not each.hidden_by)

    @property
    def not_applicable(self) -> tuple[RequirementVerdict, ...]:
        """What the guide leaves to the server, and the server does not claim; and what no run can tell."""
        return tuple(each for each in self.requirements if each.in_selection and not each.applicable)

    @property
    def beyond(self) -> tuple[RequirementVerdict, ...]:
        """What the edition asks beyond the cases that were selected."""
        return tuple(each for each in self.requirements if not each.in_selection and each.applicable)

    def _open(self) -> tuple[RequirementVerdict, ...]:
        return tuple(each for each in self.requirements if each.is_open)


def summarise(  # noqa: PLR0913  all that a verdict hangs on
    requirements: Iterable[Requirement],
    results: Sequence[CaseResult],
    *,
    selected: Sequence[SelectedCase] | None = None,
    whole: bool = True,
    deviations: Sequence[Deviation] = (),
    today: date | None = None,
    trouble: str = "",
    interrupted: bool = False,
) -> RunSummary:
    """Judge a run over what was selected.

    `requirements` are those of the edition and actor, `selected` the cases that were to be run (None: those of the
    results), `whole` whether that is everything there is for the edition, `trouble` why no case could be run.
    """
    asked = {each.id: each for each in requirements}
    found = causes(results, asked)
    named = {name for each in (selected if selected is not None else results) for name in each.requirements}
    by_requirement: dict[str, list[CaseResult]] = {}
    for result in results:
        for name in result.requirements:
            by_requirement.setdefault(name, []).append(result)
    cause_of = {key: cause for cause in found for key in cause.cases}
    judged = tuple(
        _judge(each, by_requirement.get(each.id, []), cause_of, whole or each.id in named, interrupted)
        for each in asked.values()
    )
    return RunSummary(
        verdict=_verdict(judged, results, trouble=trouble, interrupted=interrupted),
        counts=Counts.of(results).by_verdict,
        causes=found,
        requirements=judged,
        deviations=states(deviations, results, today or date.min),
        unlinked=tuple(each for each in results if each.verdict is Verdict.FAIL and not each.requirements),
        trouble=trouble,
        interrupted=interrupted,
    )


def _judge(
    requirement: Requirement,
    own: list[CaseResult],
    cause_of: Mapping[CaseKey, Cause],
    in_selection: bool,  # noqa: FBT001  called in one place
    interrupted: bool,  # noqa: FBT001
) -> RequirementVerdict:
    found = list(dict.fromkeys(cause_of[result.key] for result in own if result.key in cause_of))
    broken_by = [cause for cause in found if requirement.id in cause.breaks]
    hidden_by = [cause for cause in found if requirement.id in cause.hides and cause.verdict is Verdict.FAIL]
    verdict, applicable, reason = _worst(requirement, own, cause_of)
    if not own and interrupted and applicable:
        reason = "the run was interrupted before"
    known = [cause.known for cause in broken_by]
    return RequirementVerdict(
        requirement,
        verdict,
        tuple(result.id for result in own),
        applicable,
        tuple(cause.id for cause in broken_by),
        tuple(cause.id for cause in hidden_by),
        reason,
        in_selection or bool(own),
        known[0] if known and all(known) else "",
    )


def _worst(requirement: Requirement, own: list[CaseResult], cause_of: Mapping[CaseKey, Cause]) -> tuple[str, bool, str]:
    """Give verdict, whether it applies, and the reason where it is open: the worst of its cases decides."""
    if not own:
        return UNTESTED, not requirement.not_tested, requirement.not_tested or _NOT_RUN
    applicable = [result for result in own if result.applicable]
    if not applicable:
        return Verdict.SKIP, False, own[0].message
    verdicts = [_effect(result, requirement, cause_of) for result in applicable]
    for verdict in (Verdict.FAIL, Verdict.ERROR, Verdict.SKIP, Verdict.WARN):
        if verdict in verdicts:
            return verdict, True, applicable[verdicts.index(verdict)].message.partition("\n")[0]
    return Verdict.PASS, True, ""


def _effect(result: CaseResult, requirement: Requirement, cause_of: Mapping[CaseKey, Cause]) -> Verdict:
    """Say what a case means for one of its requirements: a failure about something else leaves it open."""
    if result.verdict not in {Verdict.FAIL, Verdict.WARN} or requirement.id in cause_of[result.key].breaks:
        return result.verdict
    return Verdict.SKIP if result.verdict is Verdict.FAIL else Verdict.PASS


def _verdict(
    judged: Sequence[RequirementVerdict], results: Sequence[CaseResult], *, trouble: str, interrupted: bool
) -> RunVerdict:
    """Conformant is a run in which every SHALL that was selected was tested and met, and nothing else was found."""
    verdicts = {result.verdict for result in results if not result.deviation}
    if Verdict.FAIL in verdicts:
        return RunVerdict.NON_CONFORMANT
    if trouble or Verdict.ERROR in verdicts:
        return RunVerdict.ERROR
    skipped = {
        name for each in results if each.verdict is Verdict.SKIP and each.applicable for name in each.requirements
    }
    is_open = any(
        each.is_open
        and each.requirement.expectation == "SHALL"
        and (each.requirement.id in skipped or not each.hidden_by)  # what hides it is known: else it would have failed
        for each in judged
    )
    unlinked = any(each.verdict is Verdict.SKIP and each.applicable and not each.requirements for each in results)
    if interrupted or is_open or unlinked or Verdict.PASS not in verdicts:
        return RunVerdict.INCOMPLETE
    return RunVerdict.CONFORMANT
