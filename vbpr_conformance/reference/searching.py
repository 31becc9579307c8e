"""Search: by type and over all types, by GET and by POST.

https://hl7.org/fhir/R4/search.html, https://hl7.org/fhir/R4/http.html#search
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vbpr_conformance.fhir import json_codec
from vbpr_conformance.reference.access.access_control import may
from vbpr_conformance.reference.content import read_form
from vbpr_conformance.reference.history import history_entries, only_granted
from vbpr_conformance.reference.http_messages import Pairs, Request, Response
from vbpr_conformance.reference.include import included
from vbpr_conformance.reference.pages import Result, count_of, first_page
from vbpr_conformance.reference.pages import later_page as later
from vbpr_conformance.reference.problems import ProblemError, issue, outcome
from vbpr_conformance.reference.query import MOST_KEPT, RESULT_PARAMETERS, Found, count, find
from vbpr_conformance.reference.server import known_type
from vbpr_conformance.reference.subsetting import cut

if TYPE_CHECKING:
    from vbpr_conformance.reference.server import Server


def search_type(server: Server, request: Request) -> Response:
    """Search one type by GET."""
    known_type(server, request.type)
    return _answer(server, request, [request.type])


def search_post(server: Server, request: Request) -> Response:
    """Search one type, or all, by POST: the parameters stand in the form, in the URL or in both."""
    request = replace(request, query=read_form(request))
    if request.type == "_search":
        return search_system(server, request)
    return search_type(server, request)


def search_system(server: Server, request: Request) -> Response:
    """Search all types, or those that `_type` names, by the parameters that all of them share."""
    named = [each for name, value in request.query if name == "_type" for each in value.split(",")]
    for each in named:
        known_type(server, each)
        if not may(request, server.behaviour, each, "s"):
            raise ProblemError(403, "the scopes of the token are too narrow", code="forbidden")
    return _answer(
        server, request, named or [each for each in server.types if may(request, server.behaviour, each, "s")]
    )


def later_page(server: Server, request: Request) -> Response:
    """Answer with a later page of a search or history."""
    return later(server, request, {"searchset": searchset_entries, "history": history_entries}, _complete)


def _answer(server: Server, request: Request, types: list[str]) -> Response:
    # Parameters without a value are ignored: https://hl7.org/fhir/R4/search.html#errors
    filled = [pair for pair in request.query if pair[1]]
    request = replace(request, query=filled)
    strict = request.preference("handling") == "strict" or server.behaviour.unknown_parameter_refused
    found = [find(server, each, request.query, request.base, strict=strict, most=MOST_KEPT) for each in types]
    seqs = [seq for each in found for seq in each.seqs]
    more = tuple(name for name, each in zip(types, found, strict=True) if not each.complete)
    if len(types) == 1:
        seqs = server.behaviour.found_by(types[0], request.query, seqs)
    result = Result(
        "searchset",
        seqs,
        _page_size(server, request.query),
        _used(found[0], request.query),
        _total(server, request, types, more, len(seqs)),
        outcome=_ignored(found[0]),
        more=more,
    )
    return first_page(server, request, result, searchset_entries)


def _total(server: Server, request: Request, types: list[str], more: tuple[str, ...], seen: int) -> int | None:
    """Say how many matches there are: all are counted where that is little work, or where the client wants it.

    https://hl7.org/fhir/R4/search.html#total
    """
    wanted = dict(request.query).get("_total", "")
    if wanted == "none":
        return None
    if not more:
        return seen
    only_counted = ("_summary", "count") in request.query or ("_count", "0") in request.query
    if wanted != "accurate" and not only_counted:
        return None
    query = [pair for pair in request.query if pair[0] != "_sort"]
    return sum(count(server, each, query, request.base, strict=False) for each in types)


def _complete(server: Server, base: str, result: Result) -> None:
    """Add all the matches that the first look left out."""
    seen = set(result.seqs)
    for each in result.more:
        result.seqs += [seq for seq in find(server, each, result.query, base, strict=False).seqs if seq not in seen]
    result.more = ()


def _page_size(server: Server, query: Pairs) -> int:
    return 0 if ("_summary", "count") in query else count_of(server, query)


def _used(found: Found, query: Pairs) -> Pairs:
    """Say what was understood, as the self link must."""
    return [pair for pair in query if pair in found.used or pair[0] in RESULT_PARAMETERS]


def _ignored(found: Found) -> str:
    if not found.ignored:
        return ""
    issues = [issue("not-supported", f"{name} was ignored", severity="warning") for name in found.ignored]
    return json_codec.dumps(outcome(issues))


def searchset_entries(server: Server, request: Request, seqs: list[int], result: Result) -> list[str]:
    """Write one page of matches, with what they include, as the entries of a searchset Bundle."""
    base = request.base
    gone = server.store.deleted_since(seqs)
    rows = server.store.rows([seq for seq in seqs if seq not in gone])
    only_granted(server, request, rows)
    shaping = [pair for pair in result.query if pair[0] in {"_summary", "_elements"}]
    entries = []
    for row in rows:
        text = server.show(row, base)
        entries.append(_entry(base, row.key, cut(server, shaping, text) if shaping else text, "match"))
    if rows and any(name.startswith(("_include", "_revinclude")) for name, _ in result.query):
        leaky = server.behaviour.includes_without_scope
        extra = [
            row
            for row in included(server, rows, result.query)
            if leaky or may(request, server.behaviour, row.type, "r")
        ]
        entries += [_entry(base, row.key, server.show(row, base), "include") for row in extra]
    if result.outcome:
        entries.append(f'{{"resource":{result.outcome},"search":{{"mode":"outcome"}}}}')
    return entries


def _entry(base: str, key: str, text: str, mode: str) -> str:
    return f'{{"fullUrl":"{base}/{key}","resource":{text},"search":{{"mode":"{mode}"}}}}'


def one_match(server: Server, request: Request, query: str, pairs: Pairs) -> int | None:
    """Find the one resource that a condition means; None if there is none, 412 if there are several.

    https://hl7.org/fhir/R4/http.html#ccreate
    """
    seqs = all_matches(server, request, pairs)
    if len(seqs) > 1 and not server.behaviour.first_of_several:
        raise ProblemError(412, f"{len(seqs)} resources match {request.type}?{query}: one was meant")
    return seqs[0] if seqs else None


def all_matches(server: Server, request: Request, pairs: Pairs) -> list[int]:
    """Find all resources that a condition means; it must say something, and all of it must be understood."""
    criteria = [pair for pair in pairs if pair[0] not in {"_format", "_pretty", "_summary", "_elements"}]
    if not any(value for _, value in criteria):
        raise ProblemError(412, "the condition names no criteria")
    return find(server, request.type, criteria, request.base, strict=True).seqs
