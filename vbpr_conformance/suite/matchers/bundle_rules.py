"""The matcher of Bundles that a server answers with: valid as resources, and true to the rules of their kind.

Search: https://hl7.org/fhir/R4/http.html#search, history: https://hl7.org/fhir/R4/http.html#history, batch and
transaction: https://hl7.org/fhir/R4/http.html#transaction-response.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from vbpr_conformance.suite.answer import Answer
from vbpr_conformance.suite.evidence import Evidence
from vbpr_conformance.suite.findings import Finding
from vbpr_conformance.suite.sentences import request_text
from vbpr_conformance.suite.untrusted import member, objects, string

if TYPE_CHECKING:
    from vbpr_conformance.rest.exchange import Exchange

_RESOURCE = re.compile(r"Bundle\.entry\[\d+\]\.resource\b")
_STATUS = re.compile(r"[1-5]\d\d\b.*")
_WITH_CONTENT = {"POST", "PUT"}


def bundle(value: Literal[True], answer: Answer, evidence: Evidence) -> None:  # noqa: ARG001  all matchers are called alike
    """Every page is a valid Bundle that keeps to the rules of its kind; what only should be is a SHOULD.

    What is wrong inside of the resources is told by the cases about them.
    """
    pages = answer.pages or [answer.exchange]
    weak: Finding | None = None
    for page in pages:
        for should, what in _broken(page, answer, evidence):
            finding = Finding(
                f"the Bundle that {request_text(answer.exchange)} returned is wrong: {what}", (), [page], should=should
            )
            if not should:
                raise finding
            weak = weak or finding
    if weak is not None:
        raise weak


def _broken(page: Exchange, answer: Answer, evidence: Evidence) -> Iterator[tuple[bool, str]]:
    """Yield what is wrong with one page, and whether it only should be otherwise."""
    resource = page.resource or {}
    if resource.get("resourceType") != "Bundle":
        yield False, f"{page.status} and no Bundle was answered"
        return
    for issue in evidence.validator.issues(resource):
        if issue.severity == "error" and not _RESOURCE.match(issue.expression):
            yield False, f"{issue.expression}: {issue.message} ({issue.rule})"
    entries = objects(resource, "entry")
    rules = _RULES.get(str(resource.get("type")))
    if rules is not None:
        yield from rules(entries)
    if resource.get("type") == "searchset" and page is (answer.pages or [page])[0]:
        yield from _total(resource, answer, evidence)


def _total(first: Mapping[str, Any], answer: Answer, evidence: Evidence) -> Iterator[tuple[bool, str]]:
    """`total` counts the matches on all pages: judged where all of them were read and belong to this run.

    https://hl7.org/fhir/R4/bundle-definitions.html#Bundle.total
    """
    total, found = first.get("total"), answer.match_references
    last = (answer.pages or [answer.exchange])[-1].resource
    is_whole = all(string(each, "relation") != "next" for each in objects(last, "link"))
    ours = {each.reference for each in evidence.resources.values()}
    if isinstance(total, int) and found and is_whole and found <= ours and total != len(found):
        yield True, f"total is {total}, and {len(found)} resources match"
    totals = {page.resource["total"] for page in answer.pages if page.resource and "total" in page.resource}
    if len(totals) > 1 and found <= ours:
        yield True, f"total is {' and '.join(map(str, sorted(totals, key=str)))} on different pages"


def _searchset(entries: Sequence[Mapping[str, Any]]) -> Iterator[tuple[bool, str]]:
    for number, entry in enumerate(entries):
        resource, mode = member(entry, "resource"), string(member(entry, "search"), "mode")
        kind = string(resource, "resourceType")
        at = f"Bundle.entry[{number}]"
        if kind == "OperationOutcome":
            if mode != "outcome":
                yield (
                    False,
                    f"{at}.search.mode: {mode or 'none'} found, an OperationOutcome is marked as outcome",
                )
            if {"error", "fatal"} & {string(each, "severity") for each in objects(resource, "issue")}:
                yield False, f"{at}.resource: the OperationOutcome of a search that succeeded names an error"
        elif not kind:
            yield False, f"{at}.resource is missing"
        elif not entry.get("fullUrl"):
            yield False, f"{at}.fullUrl is missing"


def _history(entries: Sequence[Mapping[str, Any]]) -> Iterator[tuple[bool, str]]:
    for number, entry in enumerate(entries):
        method, at = string(member(entry, "request"), "method"), f"Bundle.entry[{number}]"
        if method in _WITH_CONTENT and "resource" not in entry:
            yield False, f"{at}.resource is missing, though the method is {method}"
        if method == "DELETE" and "resource" in entry:
            yield True, f"{at}.resource found, though the method is DELETE: a deletion has no content"
        if "lastModified" not in member(entry, "response"):
            yield True, f"{at}.response.lastModified is missing"
        tag, version = _tag(entry), _version(entry)
        if tag and version and tag != version:
            yield False, f"{at}.response.etag: {tag} found for version {version}"
        yield from _other_moment(entry, at)


def _response(entries: Sequence[Mapping[str, Any]]) -> Iterator[tuple[bool, str]]:
    for number, entry in enumerate(entries):
        response, at = member(entry, "response"), f"Bundle.entry[{number}].response"
        status = string(response, "status")
        if not _STATUS.fullmatch(status):
            yield False, f"{at}.status: {status!r} found, which starts with no HTTP status"
        if status.startswith("201") and not response.get("location"):
            yield False, f"{at}.location is missing, though the entry created a resource"
        if status.startswith("201") and not response.get("etag"):
            yield True, f"{at}.etag is missing"
        if status.startswith("201") and not response.get("lastModified"):
            yield True, f"{at}.lastModified is missing"
        tag, version = _tag(entry), _version(entry) or string(response, "location").partition("/_history/")[2]
        if tag and version and tag != version:
            yield False, f"{at}.etag: {tag} found for version {version}"
        yield from _other_moment(entry, f"Bundle.entry[{number}]")


def _other_moment(entry: Mapping[str, Any], at: str) -> Iterator[tuple[bool, str]]:
    """`lastModified` "has to match the same time in the meta header" of a resource that stands beside it.

    https://hl7.org/fhir/R4/bundle-definitions.html#Bundle.entry.response.lastModified
    """
    told = string(member(entry, "response"), "lastModified")
    updated = string(member(member(entry, "resource"), "meta"), "lastUpdated")
    try:
        apart = abs((datetime.fromisoformat(told) - datetime.fromisoformat(updated)).total_seconds())
    except (TypeError, ValueError):  # not told, or no instant, which the validator says
        return
    if apart >= 1:  # headers of HTTP have whole seconds, and may be where the server takes it from
        yield True, f"{at}.response.lastModified: {told} found beside meta.lastUpdated {updated}"


def _tag(entry: Mapping[str, Any]) -> str:
    return string(member(entry, "response"), "etag").removeprefix("W/").strip('"')


def _version(entry: Mapping[str, Any]) -> str:
    return string(member(member(entry, "resource"), "meta"), "versionId")


_RULES = {
    "searchset": _searchset,
    "history": _history,
    "batch-response": _response,
    "transaction-response": _response,
}
