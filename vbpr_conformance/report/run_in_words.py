"""What a run came to, in words that a manager can repeat."""

from __future__ import annotations

from collections.abc import Iterable

from vbpr_conformance.suite.record import RunRecord
from vbpr_conformance.suite.run_summary import RequirementVerdict, RunSummary
from vbpr_conformance.suite.verdicts import RunVerdict, Verdict


def in_words(record: RunRecord, found: RunSummary) -> str:
    """Say in one sentence what the target keeps or breaks of which edition, and what cannot be told."""
    asked = _shall(each for each in found.requirements if each.in_selection and each.applicable)
    every = _shall(each for each in found.requirements if each.applicable)
    edition = f"VBPR {record.edition.version}"
    if len(asked) < len(every):
        edition += " that this run looked at"
    of_all = f"{len(asked)} SHALL requirement{'s' if len(asked) != 1 else ''} of {edition}"
    if found.verdict is RunVerdict.ERROR:
        return f"Whether this {record.actor} conforms to {edition} could not be told."
    if not asked:
        return f"No SHALL requirement of {edition} was among what was tested."
    if found.verdict is RunVerdict.CONFORMANT:
        return f"This {record.actor} meets {'all' if len(asked) > 1 else 'the'} {of_all}."
    if found.verdict is RunVerdict.INCOMPLETE:
        return f"Nothing that was tested is broken, but {len(_shall(found.untested))} of the {of_all} were not tested."
    return f"This {record.actor} breaks {len(_shall(found.broken))} of the {of_all}{_because(found)}."


def _because(found: RunSummary) -> str:
    causes = [each for each in found.causes if each.verdict is Verdict.FAIL and not each.known]
    text = f", by {len(causes)} causes" if len(causes) != 1 else ", all by one cause"
    hidden = len(_shall(found.unverifiable))
    text += f"; {hidden} more cannot be verified before that is mended" if hidden else ""
    untested = len(_shall(found.untested))
    return f"{text}; {untested} {'was' if untested == 1 else 'were'} not tested" if untested else text


def _shall(lot: Iterable[RequirementVerdict]) -> list[RequirementVerdict]:
    return [each for each in lot if each.requirement.expectation == "SHALL"]
