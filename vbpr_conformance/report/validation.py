"""What `validate` found, as text, JSON or FHIR OperationOutcomes; written as it comes, whatever its length."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, TextIO

from vbpr_conformance.report.validation_text import ValidationText
from vbpr_conformance.validate.batch import Outcome
from vbpr_conformance.validate.issue import Issue
from vbpr_conformance.validate.validation_outcome import operation_outcome


def write(outcomes: Iterable[Outcome], form: str, out: TextIO, *, every: bool = False) -> bool:
    """Write all outcomes in `form` (text, json or fhir) and say whether every resource is valid.

    Text tells a finding once and how often it was found; with `every`, at each place.
    """
    valid: Counter[bool] = Counter()

    def counted() -> Iterable[Outcome]:
        for outcome in outcomes:
            valid[outcome.valid] += 1
            yield outcome

    if form == "text":
        ValidationText(out, every=every).write(counted())
        total = valid.total()
        out.write(f"{total} resource{'' if total == 1 else 's'}: {valid[True]} valid, {valid[False]} invalid\n")
    else:
        {"json": _json, "fhir": _fhir}[form](counted(), out)
    return not valid[False]


def _json(outcomes: Iterable[Outcome], out: TextIO) -> None:
    _sequence(("[\n", ",\n", "\n]\n"), (json.dumps(_object(each), ensure_ascii=False) for each in outcomes), out.write)


def _fhir(outcomes: Iterable[Outcome], out: TextIO) -> None:
    """Write one OperationOutcome for one resource, a collection Bundle of them for several."""
    iterator = iter(outcomes)
    first = next(iterator, None)
    second = next(iterator, None)
    if first is not None and second is None:
        out.write(json.dumps(operation_outcome(first.issues), indent=2, ensure_ascii=False) + "\n")
        return

    def entries() -> Iterable[str]:
        for each in (first, second):
            if each is not None:
                yield _entry(each)
        for each in iterator:
            yield _entry(each)

    frame = ('{"resourceType": "Bundle", "type": "collection", "entry": [\n', ",\n", "\n]}\n")
    _sequence(frame, entries(), out.write)


def _entry(outcome: Outcome) -> str:
    return json.dumps({"resource": operation_outcome(outcome.issues)}, ensure_ascii=False)


def _sequence(frame: tuple[str, str, str], items: Iterable[str], write_out: Callable[[str], Any]) -> None:
    start, between, end = frame
    write_out(start)
    for index, item in enumerate(items):
        write_out((between if index else "") + item)
    write_out(end)


def _object(outcome: Outcome) -> dict[str, Any]:
    return {
        "source": outcome.source,
        "resourceType": outcome.resource_type,
        "id": outcome.id,
        "profiles": list(outcome.profiles),
        "valid": outcome.valid,
        "issues": [_issue(each) for each in outcome.issues],
    }


def _issue(issue: Issue) -> dict[str, Any]:
    return {
        "severity": issue.severity,
        "code": issue.code,
        "expression": issue.expression,
        "rule": issue.rule,
        "message": issue.message,
        "profile": issue.profile,
    }
