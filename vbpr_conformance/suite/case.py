"""Runs one case: its gates, its examples, its steps, and what comes out of it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from vbpr_conformance.errors import TargetError, UsageError
from vbpr_conformance.suite.aliases import explanation
from vbpr_conformance.suite.answer import Answer
from vbpr_conformance.suite.case_run import CaseRun
from vbpr_conformance.suite.context import Context
from vbpr_conformance.suite.examples import Drawn, Effort, run_examples
from vbpr_conformance.suite.expand import Case
from vbpr_conformance.suite.failed_check import failed_check
from vbpr_conformance.suite.findings import Finding, HarnessError, NotTestedError
from vbpr_conformance.suite.interactions import Performer, untold
from vbpr_conformance.suite.language import Expect, Seed, Step
from vbpr_conformance.suite.matchers import check
from vbpr_conformance.suite.permitted_refusals import is_refusal
from vbpr_conformance.suite.queries import Query, is_mere_id, parameter_of, queries, refers_elsewhere
from vbpr_conformance.suite.randomness import number
from vbpr_conformance.suite.seed_payloads import SIZES, with_zeros
from vbpr_conformance.suite.sentences import short_url
from vbpr_conformance.suite.templating import MissingValueError, fill
from vbpr_conformance.suite.verdicts import CaseResult, Verdict

if TYPE_CHECKING:
    from vbpr_conformance.rest.exchange import Exchange

_OK = 200
_CONFLICT = 409
_GONE = 410
_MOST_TYPES = 8
"""Of a parameter that may be about more types than these, those are asked for that this run has created."""


@dataclass
class _Outcome:
    """What has come out so far of a case that goes on: SHOULDs that were missed, and what was noted.

    `shown` is what was exchanged in the example that missed the first of them.
    """

    missed: list[Finding] = field(default_factory=list)
    shown: list[tuple[str, Exchange]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def run_case(case: Case, context: Context) -> CaseResult:
    """Run a case to its verdict. Whatever happens comes out as a result; only an interrupt goes through."""
    began, started, before = datetime.now(UTC), time.monotonic(), context.client.requests
    context.recorder.begin()
    context.resources.begin_case()
    result = _judged(case, context)
    requests = context.client.requests - before
    if requests and result["verdict"] is not Verdict.ERROR:
        context.breaker.answered()
    return CaseResult(
        id=case.id,
        suite=case.suite.spec.suite,
        title=case.title,
        expectation=case.expectation,
        requirements=tuple(requirement.id for requirement in case.requirements),
        actor=case.suite.spec.actor,
        source=case.source,
        description=case.spec.description.strip(),
        link=case.spec.link,
        does_not_check=case.spec.does_not_check.strip(),
        started=began.isoformat(timespec="milliseconds"),
        duration_s=round(time.monotonic() - started, 4),
        requests=requests,
        exchanges=_exchanges(case, context, result.pop("failed", ())),
        parameters=tuple((str(name), str(value)) for name, value in case.row.items()),
        **result,
    )


def _exchanges(case: Case, context: Context, failed: Sequence[Exchange]) -> tuple[dict[str, Any], ...]:
    """Give what was exchanged, before a failure with what was created for several cases and is needed here."""
    recorder = context.recorder
    if not failed:
        return recorder.exchanges()
    shared = context.resources.created_for([*recorder.seen, *failed], context.populations.created(case.suite))
    return recorder.exchanges(failed, shared)


def _judged(case: Case, context: Context) -> dict[str, Any]:
    if context.breaker.is_open:
        return {"verdict": Verdict.ERROR, "message": "the target broke down before this case"}
    outcome = _Outcome()
    try:
        _gate(case, context)
        _run(case, context, outcome)
    except Finding as finding:
        if case.spec.also_unclaimed and not _is_claimed(case, context):
            message = f"the server does not claim it, and it does not work: {finding.sentence}"
            return {"verdict": Verdict.SKIP, "message": message, "applicable": False}
        return _found(context, finding, weak=case.expectation == "SHOULD")
    except NotTestedError as reason:
        if outcome.missed:
            return _missed(context, outcome)
        return {"verdict": Verdict.SKIP, "message": str(reason), "applicable": reason.applicable}
    except TargetError as error:
        context.breaker.outage()
        return {"verdict": Verdict.ERROR, "message": str(error)}
    except (HarnessError, UsageError) as error:
        return {"verdict": Verdict.ERROR, "message": str(error)}
    except Exception as error:  # noqa: BLE001  a mistake of the harness must not look like one of the server
        return {"verdict": Verdict.ERROR, "message": f"the harness broke down: {_described(error)}"}
    if outcome.missed:
        return _missed(context, outcome)
    return {"verdict": Verdict.PASS, "notes": tuple(dict.fromkeys(outcome.notes))}


def _described(trouble: Exception) -> str:
    at = trouble.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    place = f" ({at.tb_frame.f_code.co_filename.rpartition('/')[2]}:{at.tb_lineno})" if at else ""
    return f"{type(trouble).__name__}: {trouble}{place}"


def _missed(context: Context, outcome: _Outcome) -> dict[str, Any]:
    """Give the first SHOULD that was missed, with what was exchanged for it."""
    if outcome.shown:
        context.recorder.show(outcome.shown)
    return _found(context, outcome.missed[0], weak=True)


def _found(context: Context, finding: Finding, *, weak: bool) -> dict[str, Any]:
    verdict = Verdict.WARN if weak and not context.settings.strict else Verdict.FAIL
    return {
        "verdict": verdict,
        "message": finding.sentence,
        "details": finding.details,
        "failed": finding.exchanges,
        "check": failed_check(finding),
        "payload": finding.payload,
    }


def _gate(case: Case, context: Context) -> None:
    """Raise what makes a skip before anything is sent."""
    left_out = context.settings.terms.why_left_out(case)
    if left_out:
        raise NotTestedError(f"it is left out of the runs against this target: {left_out}")
    if context.settings.read_only and case.spec.writes:
        raise NotTestedError("it writes to the server: run it without --read-only, against a test system")
    if context.settings.read_only and case.spec.mode == "own":
        raise NotTestedError("it needs resources of its own: run it without --read-only, against a test system")
    if not context.settings.read_only and case.spec.mode == "read-only":
        raise NotTestedError("it looks at what the server holds: run it with --read-only", applicable=False)
    if not case.spec.also_unclaimed and not _is_claimed(case, context):
        text = " ".join(f"{key} {value}" for key, value in _about(case).items())
        raise NotTestedError(
            f"the guide leaves it to the server, and its CapabilityStatement does not claim it ({text})",
            applicable=False,
        )


def _is_claimed(case: Case, context: Context) -> bool:
    """Whether the server claims what the case is about, where that is left to it."""
    return not case.spec.when_claimed or context.system.claims(_about(case))


def _about(case: Case) -> dict[str, str]:
    filled: dict[str, str] = fill(dict(case.spec.when_claimed or {}), {"row": case.row})
    return filled


def _run(case: Case, context: Context, outcome: _Outcome) -> None:
    if "form" in case.row:
        _run_queries(case, context, outcome)
    elif case.spec.seed or case.spec.payload:
        examples = min(case.spec.examples or context.settings.examples, context.settings.examples)
        before = context.client.requests
        effort = Effort(
            seed=number(context.settings.seed, case.id),
            payloads=len(case.spec.seed) + len(case.spec.payload),
            examples=examples,
            requests=context.settings.requests_per_case,
            spent=lambda: context.client.requests - before,
        )
        run_examples(lambda drawn: _run_example(case, context, outcome, drawn), effort)
    else:
        _run_steps(_new_run(case, context), context, outcome)


def _new_run(case: Case, context: Context) -> CaseRun:
    return CaseRun(
        case,
        context.edition,
        context.system,
        context.names.of(f"{case.id}-{context.examples}"),
        lambda: context.validator,
        is_read_only=context.settings.read_only,
        shared=context.resources_for(case) if case.suite.spec.population else {},
    )


def _run_queries(case: Case, context: Context, outcome: _Outcome) -> None:
    run = _new_run(case, context)
    parameter = parameter_of(case.row, context.edition)
    asked = queries(case.row, parameter, run.resources.values(), run.bases)
    if not asked and refers_elsewhere(case.row, parameter, run.resources.values(), run.bases):
        raise NotTestedError(
            f"the server takes nothing that {case.row['param']} refers to: no reference is local",
            applicable=False,
        )
    if not asked:
        raise NotTestedError(f"no {case.row['type']} at hand has a value to search for by {case.row['param']}")
    answered = 0
    for query in asked:
        run.query = query
        try:
            answered += _run_steps(run, context, outcome)
        except Finding as finding:
            finding.details += explanation(run, context.settling)
            raise
    if not answered and not outcome.missed:
        raise NotTestedError(outcome.notes[0], applicable=False)


def _run_example(case: Case, context: Context, outcome: _Outcome, drawn: list[Drawn]) -> Sequence[Exchange]:
    """Run an example, and give what was exchanged for it."""
    context.examples += 1
    context.recorder.begin()
    run = _new_run(case, context)
    draw = iter(drawn)
    try:
        for name, spec in case.spec.seed.items():
            run.resources[name] = context.resources.create(name, _payload(spec, run, context, next(draw)))
        for name, spec in case.spec.payload.items():
            run.payloads[name] = _payload(spec, run, context, next(draw))
        _run_steps(run, context, outcome)
    except Finding as finding:
        is_about_others = "element" in case.row and drawn[0][0] != SIZES[0] and not run.answers
        if is_about_others and context.resources.is_known_refusal(finding.exchanges):
            outcome.notes.append(finding.sentence)  # a report with much else in it was refused, which a case has told
            return run.exchanges
        finding.payload = _payload_text(run)
        raise
    finally:
        context.recorder.enter("teardown")
        context.resources.remove(run.own())
    if outcome.missed and not outcome.shown:
        outcome.missed[0].payload = _payload_text(run)
        outcome.shown = context.recorder.kept()
    return run.exchanges


def _payload(spec: Seed, run: CaseRun, context: Context, drawn: Drawn) -> dict[str, Any]:
    size, random = drawn
    try:
        made = context.payload(spec, run.scope(), random, size)
    except MissingValueError as error:
        raise HarnessError(f"{run.source}: {error}") from error
    return with_zeros(made) if "element" in run.row else made


def _run_steps(run: CaseRun, context: Context, outcome: _Outcome) -> bool:
    """Perform the steps; False where the server refused what it may refuse."""
    performer = Performer(context.system, context.settling, context.resources)
    for position, step in enumerate(run.case.spec.steps, 1):
        context.recorder.enter(f"step {position}")
        answer = performer.perform(step, run)
        if step.may_refuse and _leaves(step, answer.exchange.status):
            text = f"{answer.exchange.method} {short_url(answer.exchange)} is answered {answer.exchange.status}"
            raise NotTestedError(f"R4 leaves it to the server: {text}", applicable=False)
        if is_refusal(answer.exchange.status) and _may_refuse(run, context):
            text = f"{short_url(answer.exchange)} is refused with {answer.exchange.status}"
            if run.row.get("answered") == "SHOULD":
                known = "R4 defines it, and does not say that every server has to support it"
                outcome.missed.append(Finding(f"{text}: {known}", exchanges=[answer.exchange]))
            else:
                outcome.notes.append(f"{text}: the id may be that of resources of several types")
            return False
        if step.expect:
            outcome.missed += _checked(step.expect, answer, run)
        if step.as_:
            run.answers[step.as_] = answer
        if step.should:
            try:
                outcome.missed += _checked(step.should, answer, run)
            except Finding as finding:
                outcome.missed.append(finding)
    return True


def _checked(expect: Expect, answer: Answer, run: CaseRun) -> list[Finding]:
    """Check an expectation; a value of an earlier answer that it needs and that is not there is a finding."""
    try:
        return check(expect, answer, run)
    except MissingValueError as error:
        raise untold(error, run, "what is expected of a later one") from error


def _may_refuse(run: CaseRun, context: Context) -> bool:
    if run.row.get("answered", "SHALL") != "SHALL":
        return True
    return run.query is not None and is_mere_id(run.query) and _is_ambiguous(run.query, context)


def _is_ambiguous(query: Query, context: Context) -> bool:
    """Whether an id is that of resources of several types: then a server should refuse a search by it alone."""
    targets = query.parameter.targets
    kinds = targets if len(targets) <= _MOST_TYPES else sorted(context.resources.types)
    return sum(context.client.read(kind, query.value).status == _OK for kind in kinds) > 1


def _leaves(step: Step, status: int) -> bool:
    """Whether a server refuses what it is free not to do.

    A history may be gone with its resource, and what others refer to may be kept.
    """
    return is_refusal(status) or (step.verb, status) in {("history", _GONE), ("delete", _CONFLICT)}


def _payload_text(run: CaseRun) -> str:
    from vbpr_conformance.fhir.json_codec import dumps  # noqa: PLC0415  only what fails is written

    sent: Iterable[Mapping[str, Any]] = [*run.payloads.values(), *(each.sent for each in run.own())]
    return "\n".join(dumps(each, indent=2) for each in sent)
