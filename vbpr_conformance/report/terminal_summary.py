"""The end of a run as people read it: the verdict, its causes, what was not tested, how to see it again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from vbpr_conformance import __version__
from vbpr_conformance.report.left_script import FILE as LEFT
from vbpr_conformance.report.repeat_command import of_failed
from vbpr_conformance.report.reproduce import script_path
from vbpr_conformance.report.untested_reasons import by_reason
from vbpr_conformance.suite.causes import CLAIM, Cause
from vbpr_conformance.suite.record import RunRecord
from vbpr_conformance.suite.run_summary import RequirementVerdict, RunSummary
from vbpr_conformance.suite.verdicts import CaseKey, Verdict

WORDS = {
    "conformant": "CONFORMANT",
    "non-conformant": "NOT CONFORMANT",
    "incomplete": "INCOMPLETE",
    "error": "ERROR",
}
MOST_CAUSES = 20
"""More lines of one kind than this are in the report, not on the screen."""
_MOST_NAMES = 6
_SENTENCE = 59


def head(record: RunRecord) -> list[str]:
    """Say what runs against what, in two lines."""
    suites = f"suites {', '.join(record.suites)}" if record.suites else f"{record.actor} suites"
    parts = [f"vbpr-conformance {__version__}", f"VBPR {record.edition.version}", suites, f"seed {record.seed}"]
    parts.append(f"{record.examples} examples" if record.examples != 1 else "1 example")
    parts += ["read-only"] if record.read_only else []
    parts += ["strict"] if record.strict else []
    software = " ".join(part for part in (record.tally.software, record.tally.version) if part)
    target = [" · ".join(part for part in (f"target   {record.url}", software) if part)] if record.url else []
    return [" · ".join(parts), *target]


def verdict_line(record: RunRecord, found: RunSummary) -> str:
    """Give the one line that says how a run came out."""
    return f"{WORDS[found.verdict]}   {sentence(record, found)}"


def summary(record: RunRecord, found: RunSummary, *, folder: str | None, report: str | None) -> list[str]:
    """Sum up a run: `folder` is where its outputs are, `report` the one that people read."""
    lines = [f"limits   {each}" for each in record.tally.limits]
    lines += [verdict_line(record, found), ""]
    scripts = {each.key: path for each in record.results if (path := script_path(each, record))}
    lines += _causes(found.causes, scripts)
    lines += _deviations(found)
    lines += _untested(found.untested)
    lines += _beyond(record, found)
    if report:
        lines.append(f"report   {report}")
    if folder and any(each.verdict in {Verdict.FAIL, Verdict.ERROR} for each in record.results):
        lines.append(f"again    {of_failed(folder, record)}")
    if record.actor == "client":  # nothing was written to a server of others
        return lines
    script = f"{folder}/{LEFT}" if folder and record.tally.removal else ""
    lines.append(f"left     {left(record)}{f', as does {script}' if script else ''}")
    return lines


def sentence(record: RunRecord, found: RunSummary) -> str:
    """Say in one line what the run came to."""
    parts = [_broken(found), *_hidden(found)]
    counted = [each for each in found.causes if each.verdict is Verdict.WARN and not each.known]
    parts += [f"{len(counted)} SHOULD missed"] if counted else []
    parts += [f"{len(each)} not tested" for each in (_shall(found.untested),) if each]
    parts += [f"{len(known)} known" for known in ([each for each in found.causes if each.known],) if known]
    parts += ["interrupted"] if found.interrupted else []
    parts.append(f"{record.tally.requests:,} requests in {record.duration_s:.0f} s")
    return " · ".join(parts)


def left(record: RunRecord) -> str:
    """Say what is left on the target, in one line."""
    tally = record.tally
    if not tally.left:
        return f"nothing ({tally.created:,} created, {tally.deleted:,} deleted)"
    because = f": {tally.left_because}" if tally.left_because else ""
    left_of = f"{len(tally.left):,} of {tally.created:,} created{because}"
    return f"{left_of}; `vbpr-conformance cleanup {record.url}` tries again"


def counted(number: int, what: str) -> str:
    """Say how many of something there are."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _broken(found: RunSummary) -> str:
    selected = _shall(each for each in found.requirements if each.in_selection and each.applicable)
    broken = _shall(found.broken)
    causes = [each for each in found.causes if each.verdict is Verdict.FAIL and not each.known]
    if causes:
        verb = "breaks" if len(causes) == 1 else "break"
        what = f"{len(broken)} of {len(selected)} SHALL requirements"
        if not broken:
            what = "a claim" if any(each.breaks for each in causes) else counted(_cases(causes), "case")
        return f"{counted(len(causes), 'cause')} {verb} {what}"
    met = [each for each in selected if each.is_met or each.known]
    if not selected:
        return f"{found.counts[Verdict.PASS]} of {counted(sum(found.counts.values()), 'case')} passed"
    return f"{len(met)} of {len(selected)} SHALL met"


def _cases(causes: Iterable[Cause]) -> int:
    return sum(len(each.cases) for each in causes)


def _hidden(found: RunSummary) -> list[str]:
    hidden = found.unverifiable
    causes = {name for each in hidden for name in each.hidden_by}
    return [f"{len(hidden)} not verifiable because of {'them' if len(causes) > 1 else 'it'}"] if hidden else []


def _shall(lot: Iterable[RequirementVerdict]) -> list[RequirementVerdict]:
    return [each for each in lot if each.requirement.expectation == "SHALL"]


def _causes(causes: Sequence[Cause], scripts: Mapping[CaseKey, str]) -> list[str]:
    lines: list[str] = []
    for cause in causes[:MOST_CAUSES]:
        lines += _cause(cause, scripts.get(cause.cases[0], ""))
    if len(causes) > MOST_CAUSES:
        lines.append(f"  … and {counted(len(causes) - MOST_CAUSES, 'cause')} more, in the report")
    return [*lines, ""] if lines else []


def _cause(cause: Cause, script: str) -> list[str]:
    mark = label(cause)
    text = f"{cause.sentence} ({cause.known})" if cause.known else cause.sentence
    lines = [f"  {mark:<7} {text:<{_SENTENCE}} {counted(len(cause.cases), 'case')}"]
    if cause.known or cause.strength == "SHOULD":
        return lines
    if cause.breaks:
        lines.append(f"          breaks        {_names(cause.breaks)}")
    if cause.hides:
        lines.append(f"          not verified  {_names(cause.hides)}")
    lines.append(f"          first seen    {cause.cases[0].id}   {script}".rstrip())
    return lines


def label(cause: Cause) -> str:
    """Give the word before a cause: how strong the rule is, or that it counts no more, or says nothing of the rules."""
    if cause.known:
        return "known"
    if cause.verdict is Verdict.ERROR:
        return "error"
    return "claim" if cause.strength == CLAIM else cause.strength


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MOST_NAMES])
    return shown if len(names) <= _MOST_NAMES else f"{shown} and {len(names) - _MOST_NAMES} more"


def _deviations(found: RunSummary) -> list[str]:
    lines = []
    for state in found.deviations:
        name = state.deviation.name
        if state.stale:
            lines.append(f"  stale   {name} did not deviate as known ({state.deviation.text()}): take it off the list")
        elif state.expired and state.occurred:
            lines.append(f"  expired {name} is known no longer ({state.deviation.text()}) and counts again")
    return [*lines, ""] if lines else []


def _untested(untested: Sequence[RequirementVerdict]) -> list[str]:
    """Group what was not tested by its reason: a read-only run leaves many for the same one."""
    reasons = by_reason(_shall(untested))
    lines = []
    for reason, names in list(reasons.items())[:MOST_CAUSES]:
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        lines.append(f"not tested   {names[0]}{more}   {reason}")
    if len(reasons) > MOST_CAUSES:
        lines.append(f"… and {len(reasons) - MOST_CAUSES} more reasons, in the report")
    return lines


def _beyond(record: RunRecord, found: RunSummary) -> list[str]:
    beyond = _shall(found.beyond)
    if not beyond:
        return []
    return [f"beyond   {counted(len(beyond), 'SHALL requirement')} of edition {record.edition.version} not selected"]
