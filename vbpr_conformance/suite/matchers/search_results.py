"""Matchers of how a search is answered: what the self link says was used, and whether that was done.

https://hl7.org/fhir/R4/search.html#conformance
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal
from urllib.parse import parse_qsl

from vbpr_conformance.suite.answer import Answer
from vbpr_conformance.suite.evidence import Evidence
from vbpr_conformance.suite.findings import Finding, HarnessError, NotTestedError
from vbpr_conformance.suite.sentences import explanation_in, short_url
from vbpr_conformance.suite.untrusted import member, objects, reference_to, string


def used(answer: Answer) -> list[tuple[str, str]]:
    """The parameters that the self link says were used, with their values."""
    links = objects(answer.exchange.resource, "link")
    urls = [string(each, "url") for each in links if string(each, "relation") == "self"]
    return [pair for url in urls for pair in parse_qsl(url.partition("#")[0].partition("?")[2], keep_blank_values=True)]


def self_link(value: Sequence[str], answer: Answer, evidence: Evidence) -> None:  # noqa: ARG001  all matchers are called alike
    """The self link names each of these parameters, so that a client sees that they were used."""
    named = [name for name, _ in used(answer)]
    missing = [each for each in value if each not in named]
    if missing:
        raise Finding(
            f"the self link of {short_url(answer.exchange)} does not name {', '.join(missing)}",
            [("said", ", ".join(named) or "no parameter")],
            [answer.exchange],
        )


def told(value: Literal[True], answer: Answer, evidence: Evidence) -> None:  # noqa: ARG001
    """The client learns that what it asked for makes no sense: by an error, or by an outcome among the entries."""
    if 400 <= answer.exchange.status < 500:  # noqa: PLR2004  the client's error
        return
    if _tells(answer):
        return
    text = explanation_in(answer.exchange)
    raise Finding(
        f"{short_url(answer.exchange)} is answered {answer.exchange.status}, and nothing tells what is wrong with it",
        [("said", text)] if text else (),
        [answer.exchange],
    )


def search_answered(value: Literal[True], answer: Answer, evidence: Evidence) -> None:  # noqa: ARG001
    """A search that succeeds is answered 200 with a searchset, one that fails by an error with an OperationOutcome.

    https://hl7.org/fhir/R4/http.html#search
    """
    exchange, resource = answer.exchange, answer.exchange.resource or {}
    kind = string(resource, "resourceType")
    if exchange.status >= 400:  # noqa: PLR2004  an error
        if kind != "OperationOutcome":
            what = f"{short_url(answer.exchange)} is refused with {exchange.status} and no OperationOutcome"
            raise Finding(what, (), [exchange])
    elif exchange.status != 200 or kind != "Bundle" or resource.get("type") != "searchset":  # noqa: PLR2004
        what = f"{exchange.status} with {'a ' + kind if kind else 'no resource'}"
        raise Finding(f"{short_url(answer.exchange)} is answered {what}, expected 200 with a searchset", (), [exchange])


def unused(value: Sequence[str], answer: Answer, evidence: Evidence) -> None:  # noqa: ARG001
    """The self link names none of these parameters, which the server does not know; or the client is told otherwise."""
    wrong = [name for name, _ in used(answer) if name in value]
    if wrong and not _tells(answer):
        raise Finding(
            f"the self link of {short_url(answer.exchange)} names {wrong[0]}, as if it had been used",
            (),
            [answer.exchange],
        )


def when_used(value: str, answer: Answer, evidence: Evidence) -> None:  # noqa: ARG001
    """The rest of the case is about servers whose self link says that they used this parameter."""
    if all(name.partition(":")[0] != value for name, _ in used(answer)):
        raise NotTestedError(f"R4 leaves {value} to the server, and its self link does not name it", applicable=False)


def in_order(value: Sequence[str], answer: Answer, evidence: Evidence) -> None:
    """The named resources stand in this order among the matches."""
    wanted = [_reference(name, evidence) for name in value]
    found = [reference for each in answer.matches if (reference := reference_to(each)) in wanted]
    if found != wanted:
        lines = [("expected", ", ".join(wanted)), ("found", ", ".join(found))]
        raise Finding(f"{short_url(answer.exchange)} is not sorted as its self link says", lines, answer.pages)


def one_of(value: Sequence[str], answer: Answer, evidence: Evidence) -> None:
    """Exactly one of the named resources is among the matches."""
    named = [_reference(name, evidence) for name in value]
    found = [each for each in named if each in answer.match_references]
    if len(found) != 1:
        lines = [("one of", f"{reference} ({name})") for reference, name in zip(named, value, strict=True)]
        raise Finding(
            f"{short_url(answer.exchange)} returned {len(found)} of {len(value)}, of which one matches",
            lines,
            answer.pages,
        )


def most_per_page(value: int, answer: Answer, evidence: Evidence) -> None:  # noqa: ARG001
    """No page has more entries than so many, what was included and what is told beside them not counted.

    https://hl7.org/fhir/R4/search.html#count
    """
    for number, page in enumerate(answer.pages or [answer.exchange], 1):
        counted = [each for each in objects(page.resource, "entry") if _mode(each) == "match"]
        if len(counted) > value:
            most = f"at most {value} were asked for"
            what = f"page {number} of {short_url(answer.exchange)} has {len(counted)} entries, {most}"
            raise Finding(what, (), [page])


def pages_include(value: Sequence[str], answer: Answer, evidence: Evidence) -> None:
    """Each page that has matches also has each of the named resources as an included one."""
    for number, page in enumerate(answer.pages, 1):
        modes = {reference_to(each.get("resource")): _mode(each) for each in objects(page.resource, "entry")}
        if "match" not in modes.values():
            continue
        missing = [name for name in value if modes.get(_reference(name, evidence)) != "include"]
        if missing:
            raise Finding(
                f"page {number} of {short_url(answer.exchange)} does not include {missing[0]}",
                [("missing", _reference(missing[0], evidence))],
                [page],
            )


def _tells(answer: Answer) -> bool:
    """Whether an OperationOutcome stands among the entries: https://hl7.org/fhir/R4/search.html#errors."""
    entries = [each for page in answer.pages for each in objects(page.resource, "entry")]
    return any(string(member(each, "resource"), "resourceType") == "OperationOutcome" for each in entries)


def _reference(name: str, evidence: Evidence) -> str:
    if name not in evidence.resources:
        raise HarnessError(f"{evidence.source}: nothing is named {name!r}")
    return evidence.resources[name].reference


def _mode(entry: Mapping[str, Any]) -> str:
    return string(member(entry, "search"), "mode") or "match"
