"""Matchers of a search answer: exact sets of matches, what is included, and the pages.

Only resources of this run are compared: what else the server holds never changes a verdict.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal
from urllib.parse import parse_qs, urlsplit

from vbpr_conformance.fhir.match import Match
from vbpr_conformance.suite.answer import Answer, references
from vbpr_conformance.suite.created_resource import CreatedResource
from vbpr_conformance.suite.evidence import Evidence
from vbpr_conformance.suite.failed_check import asked_parameters, general
from vbpr_conformance.suite.findings import Finding, HarnessError
from vbpr_conformance.suite.matchers.resource import first_untrue, untrue_text
from vbpr_conformance.suite.queries import held_text, judge, reason
from vbpr_conformance.suite.sentences import explanation_in, in_brackets, request_text
from vbpr_conformance.suite.untrusted import reference_to

_MOST_LINES = 5


def _searchset(answer: Answer) -> None:
    resource = answer.resource
    if answer.exchange.status != 200 or resource is None or resource.get("resourceType") != "Bundle":  # noqa: PLR2004
        text = explanation_in(answer.exchange)
        raise Finding(
            f"{request_text(answer.exchange)} answered {answer.exchange.status} and no Bundle of matches"
            f"{in_brackets(text)}",
            (),
            [answer.exchange],
        )


def _known(name: str, evidence: Evidence) -> CreatedResource:
    if name not in evidence.resources:
        raise HarnessError(f"{evidence.source}: nothing is named {name!r}")
    return evidence.resources[name]


def contains(value: Sequence[str], answer: Answer, evidence: Evidence) -> None:
    """Each of the named resources is among the matches."""
    _searchset(answer)
    found = answer.match_references
    missing = [_known(name, evidence) for name in value if _known(name, evidence).reference not in found]
    if missing:
        lines = [("missing", f"{each.reference} ({each.name})") for each in missing]
        held = _held(missing[0], answer, evidence) if len(missing) == 1 else ""
        _report(answer, f"misses {_list(missing)}", lines, held, should=_without_paging(answer))


def excludes(value: Sequence[str], answer: Answer, evidence: Evidence) -> None:
    """None of the named resources is among the matches."""
    _searchset(answer)
    found = answer.match_references
    wrong = [_known(name, evidence) for name in value if _known(name, evidence).reference in found]
    if wrong:
        lines = [("not expected", f"{each.reference} ({each.name})") for each in wrong]
        held = _held(wrong[0], answer, evidence) if len(wrong) == 1 else ""
        _report(answer, f"returns {_list(wrong)}", lines, held)


def exactly(value: Literal["what-matches"], answer: Answer, evidence: Evidence) -> None:  # noqa: ARG001  called alike
    """The matches among this run's resources are those that match by the rules of FHIR search, no more, no less."""
    _searchset(answer)
    query = evidence.query
    if query is None:
        raise HarnessError(f"{evidence.source}: `exactly` needs a row of a search family")
    found = answer.match_references
    missing: list[tuple[str, str]] = []
    wrong: list[tuple[str, str]] = []
    expected = 0
    base = evidence.bases[0]
    for each in [*evidence.resources.values(), *_others(answer, evidence)]:
        if each.type != query.type:
            continue
        verdict = judge(query, each, base)
        expected += verdict is Match.YES
        if verdict is Match.YES and each.reference not in found:
            missing.append(("missing", f"{each.reference} ({reason(query, each, base)})"))
        if verdict is Match.NO and each.reference in found:
            wrong.append(("not expected", f"{each.reference} ({reason(query, each, base)})"))
    if missing:
        got = expected - len(missing)
        _report(answer, f"returned {got} of {expected} expected {query.type}s", (missing + wrong))
    if wrong:
        _report(answer, f"returned {query.type}s that do not match ({len(wrong)} of {len(found)})", wrong)


def _others(answer: Answer, evidence: Evidence) -> list[CreatedResource]:
    """What was found besides, in a read-only run: there everything the server holds is judged by its own content."""
    if not evidence.is_read_only:
        return []
    known = {each.reference for each in evidence.resources.values()}
    others = [each for each in answer.matches if reference_to(each) and reference_to(each) not in known]
    return [CreatedResource("", each["id"], each) for each in others]


def every(value: Mapping[str, str], answer: Answer, evidence: Evidence) -> None:  # noqa: ARG001
    """Every expression is true of every match; what it means, stated or plain from itself, is what is told."""
    _searchset(answer)
    for each in answer.matches:
        for expression, meaning in value.items():
            untrue = first_untrue(expression, each)
            if untrue:
                text = "".join(untrue_text(untrue, meaning, each))
                _report(answer, f"returned {reference_to(each)}{text}", [("expression", expression)])


def count(value: int, answer: Answer, evidence: Evidence) -> None:
    """So many matches are resources of this run."""
    _searchset(answer)
    own = {each.reference for each in evidence.resources.values()} & answer.match_references
    if len(own) != value:
        _report(answer, f"returned {len(own)} of this run's resources, expected {value}", ())


def includes(value: Sequence[str], answer: Answer, evidence: Evidence) -> None:
    """Each of the named resources is in the answer as an included one (`search.mode` include)."""
    _searchset(answer)
    found = references(answer.included)
    for name in value:
        known = _known(name, evidence)
        if known.reference in answer.match_references and known.reference not in found:
            _report(answer, f"marks {known.reference} ({name}) as a match, though it was only included", ())
        if known.reference not in found:
            _report(answer, f"does not include {known.reference} ({name})", [("missing", known.reference)])


def same_ids_as(value: str, answer: Answer, evidence: Evidence) -> None:
    """The matches among this run's resources are those of an earlier answer."""
    _searchset(answer)
    own = {each.reference for each in evidence.resources.values()}
    before = evidence.answers[value].match_references & own
    now = answer.match_references & own
    if before != now:
        lines = [("only before", each) for each in sorted(before - now)]
        lines += [("only now", each) for each in sorted(now - before)]
        _report(answer, f"returned {len(now)} of this run's resources, {len(before)} when asked the other way", lines)


def pages(value: int, answer: Answer, evidence: Evidence) -> None:  # noqa: ARG001
    """The answer comes in at least so many pages, and no match stands on two of them."""
    _searchset(answer)
    if len(answer.pages) < value:
        what = f"came in {len(answer.pages)} page, expected at least {value}"
        _report(answer, what, (), should=_without_paging(answer))
    seen: set[str] = set()
    for each in answer.matches:
        reference = reference_to(each)
        if reference and reference in seen:
            _report(answer, f"returned {reference} on two pages", ())
        seen.add(reference)


def _without_paging(answer: Answer) -> bool:
    """Whether there is one page, as long as was asked for: servers should have more, and need not.

    https://hl7.org/fhir/R4/http.html#paging, https://hl7.org/fhir/R4/search.html#count
    """
    asked = parse_qs(urlsplit(str(answer.exchange.url)).query).get("_count", [""])[0]
    return len(answer.pages) == 1 and asked == str(len(answer.matches))


def _held(resource: CreatedResource, answer: Answer, evidence: Evidence) -> str:
    """Say what a resource holds of what was searched for, so that it is seen why it is wanted, or not."""
    known = {each.code: each for each in evidence.edition.search_parameters(resource.type)}
    texts = [held_text(resource, known[name]) for name in asked_parameters(answer.exchange) if name in known]
    return f", whose {' and '.join(texts)}" if texts else ""


def _list(resources: Iterable[CreatedResource]) -> str:
    return ", ".join(each.reference for each in resources)


def _report(
    answer: Answer, what: str, lines: Sequence[tuple[str, str]], held: str = "", *, should: bool = False
) -> None:
    more = [("", f"and {len(lines) - _MOST_LINES} more")] if len(lines) > _MOST_LINES else []
    shown = [*lines[:_MOST_LINES], *more]
    sentence = f"{request_text(answer.exchange)} {what}"
    exchanges = answer.pages or [answer.exchange]
    raise Finding(f"{sentence}{held}", shown, exchanges, should=should, cause=general(sentence) if held else "")
