"""`report.html`: a run for people, in one file that opens from disk and asks nothing of any network."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from vbpr_conformance import __version__
from vbpr_conformance.report.failure_text import evidence, writes
from vbpr_conformance.report.marked_lines import marked_lines
from vbpr_conformance.report.repeat_command import of_case, of_failed
from vbpr_conformance.report.report_writer import AtTheEnd, write_whole
from vbpr_conformance.report.reproduce import script_path
from vbpr_conformance.report.result_tables import must_support_tables, search_matrices
from vbpr_conformance.report.run_in_words import in_words
from vbpr_conformance.report.terminal_summary import WORDS, label, left, sentence
from vbpr_conformance.report.untested_reasons import by_reason
from vbpr_conformance.rest.printable import printable
from vbpr_conformance.suite.causes import Cause
from vbpr_conformance.suite.record import RunRecord
from vbpr_conformance.suite.run_summary import RequirementVerdict, RunSummary
from vbpr_conformance.suite.verdicts import CaseResult

FILE = "report.html"
_MOST_EXCHANGES = 4
_SHOWN_ELSEWHERE = frozenset({"requirement", "suite", "seen again with", "specification"})
_WITH_EVIDENCE = 60
"""So many causes are shown with what was exchanged; of more, the first ones, and the others with their commands."""


class ReportHtml(AtTheEnd):
    """Writes report.html into a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def end(self, record: RunRecord, summary: RunSummary) -> None:
        """Write the file."""
        write_whole(self._folder / FILE, html(record, summary, str(self._folder)))


def html(record: RunRecord, summary: RunSummary, folder: str) -> str:
    """Give the page."""
    cases = {each.key: each for each in record.results}
    return render(
        "report.html.j2",
        record=record,
        summary=summary,
        harness=__version__,
        word=WORDS[summary.verdict],
        in_words=in_words(record, summary),
        sentence=sentence(record, summary),
        causes=[
            _cause_shown(cause, cases, record, number < _WITH_EVIDENCE) for number, cause in enumerate(summary.causes)
        ],
        groups=_groups(summary.requirements),
        untested=_reasons(summary),
        must_support=must_support_tables(record.results),
        matrices=search_matrices(record.results),
        cases=record.results,
        left=left(record),
        again=of_failed(folder, record),
        digests=_digests(record.results),
    )


def render(template: str, **values: Any) -> str:
    """Fill in one of our templates; everything that is filled in is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415  only who writes a page needs it

    environment = Environment(
        loader=PackageLoader("vbpr_conformance.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters["coded"] = _coded
    return environment.get_template(template).render(**values)


def _shown(value: Any) -> Any:
    """Make what stands for a control character of every text; what a macro gives is HTML already."""
    return printable(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def _coded(text: str) -> Markup:
    """Give a text whose `names` are set as code."""
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part)
        for number, part in enumerate(printable(text).split("`"))
    )


@dataclass(frozen=True)
class CauseShown:
    """A cause with all that its reader needs."""

    cause: Cause
    label: str
    first: CaseResult
    evidence: Mapping[str, Sequence[str]]
    others: Sequence[CaseResult]
    exchanges: Sequence[Mapping[str, Any]]
    again: str
    script: str


def _cause_shown(
    cause: Cause,
    cases: Mapping[Any, CaseResult],
    record: RunRecord,
    with_evidence: bool,  # noqa: FBT001
) -> CauseShown:
    first, *others = (cases[key] for key in cause.cases)
    shown: list[dict[str, Any]] = []
    if with_evidence:
        failed = [each for each in first.exchanges if each["failed"]] or list(first.exchanges[-1:])
        before = takewhile(lambda each: each is not failed[0], first.exchanges)
        written = [each for each in before if writes(each)][-1:]  # what an answer shows is what that left there
        shown = [_exchange_shown(each, first) for each in [*written, *failed[:_MOST_EXCHANGES]]]
    again = of_case(first, record)
    return CauseShown(
        cause, label(cause), first, _evidence(cause, first, record), others, shown, again, script_path(first, record)
    )


def _evidence(cause: Cause, first: CaseResult, record: RunRecord) -> dict[str, list[str]]:
    """Give the evidence by its labels; what the cause says by itself or shows elsewhere is not said again."""
    found: dict[str, list[str]] = {}
    if first.message != cause.sentence:
        found["What was found"] = [first.message]
    last = "More"
    for name, text in evidence(first, record.edition):
        if name not in _SHOWN_ELSEWHERE:
            last = name[:1].upper() + name[1:] if name else last
            found.setdefault(last, []).append(text)
    return found


def _exchange_shown(exchange: Mapping[str, Any], result: CaseResult) -> dict[str, Any]:
    differing = [text.partition(": ")[0] for name, text in result.details if name in {"differs", "invalid"}]
    return {
        **exchange,
        "request_lines": marked_lines(exchange["request_body"], differing),
        "lines": marked_lines(exchange["body"], differing),
    }


def _groups(requirements: Iterable[RequirementVerdict]) -> dict[str, list[RequirementVerdict]]:
    """Group requirements by what they are about: a profile, a type, or the system."""
    found: dict[str, list[RequirementVerdict]] = {}
    for each in requirements:
        about = each.requirement.about
        name = about.get("profile") or about.get("resource") or about.get("topic") or "the system"
        found.setdefault(name, []).append(each)
    return found


def _reasons(summary: RunSummary) -> dict[str, list[str]]:
    apart = by_reason(summary.not_applicable)
    return {**by_reason(summary.untested), **{f"does not apply: {reason}": names for reason, names in apart.items()}}


def _digests(results: Iterable[CaseResult]) -> dict[str, str]:
    """Give the SHA-256 of each suite file, by its name."""
    files = {Path(each.source.rpartition(":")[0]) for each in results}
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(files) if file.is_file()}
