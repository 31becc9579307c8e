"""Faults of search results and their pages, whatever was searched for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from vbpr_conformance.reference.behaviour import Change, Resource
from vbpr_conformance.reference.faults.fault import Fault, at
from vbpr_conformance.reference.faults.hooks import instead, not_supported
from vbpr_conformance.reference.http_messages import Pairs, Request, Response
from vbpr_conformance.reference.pages import PAGE

if TYPE_CHECKING:
    from vbpr_conformance.reference.server import Server

_Faults = Iterator[tuple[str, str, Change]]


def faults(main: str, include: str) -> Iterator[Fault]:
    """Yield the faults; `main` is the type that requirements are about, `include` what they want to be included."""
    about = {"resource": main, "interaction": "search-type"}
    for name, words, change in (*_of_matches(), *_of_post(), *_of_bundles(), *_of_parameters(), *_of_pages()):
        yield Fault(name, about, words, change)
    for name, words, change in _of_includes() if include else ():
        yield Fault(name, {"resource": main, "include": include}, words, change)


def _of_matches() -> _Faults:
    yield "search-not-supported", "search is not possible", instead("search-type", do=lambda _, _r: not_supported(501))
    yield (
        "search-returns-subset",
        "of several matches the newest is left out",
        _found(lambda seqs: seqs[:-1] if len(seqs) > 1 else seqs),
    )
    yield "search-returns-one", "never more than one match is returned", _found(lambda seqs: seqs[:1])
    yield "search-returns-twice", "the first match is there twice", _found(lambda seqs: seqs[:1] + seqs)
    yield "search-returns-nothing", "nothing is ever found", _found(lambda _: [])
    yield "search-finds-old-values", "what an update changes is not found anew", _with(index_follows_updates=False)


def _of_post() -> _Faults:
    yield "post-search-ignores-body", "a search by POST finds everything", at(request=_without_form)
    yield "post-search-differs", "a search by POST leaves out the first match", at(response=_without_first)
    yield "post-search-not-supported", "search by POST is not possible", at(request=_no_post)


def _of_bundles() -> _Faults:
    yield (
        "search-total-wrong",
        "total is one too many",
        _bundle(lambda bundle: bundle | ({"total": bundle["total"] + 1} if "total" in bundle else {})),
    )
    yield (
        "search-wrong-bundle-type",
        "the result is a collection",
        _bundle(lambda bundle: bundle | {"type": "collection"}),
    )
    yield "search-no-full-url", "entries have no fullUrl", _entries(lambda entry: _less(entry, "fullUrl"))
    yield (
        "search-full-url-wrong",
        "fullUrl names another id",
        _entries(lambda entry: entry | ({"fullUrl": f"{entry['fullUrl']}0"} if "fullUrl" in entry else {})),
    )
    yield (
        "search-full-url-relative",
        "fullUrl is relative",
        _entries(lambda entry: entry | ({"fullUrl": _relative(entry["fullUrl"])} if "fullUrl" in entry else {})),
    )
    yield "search-no-self-link", "the self link is missing", _links(lambda link: link["relation"] != "self")
    yield "search-summarised", "matches are given without the elements inside them", _entries(_without_inner)
    yield "search-drops-extensions", "matches are given without extensions", _entries(_without_extensions)


def _of_parameters() -> _Faults:
    yield "search-strict-ignored", "unknown parameters are ignored where handling=strict is asked", at(request=_lenient)
    yield "search-second-parameter-ignored", "only the first parameter counts", at(query=_first(1))
    yield "search-third-parameter-ignored", "only the first two parameters count", at(query=_first(2))
    yield "search-repeated-parameter-ignored", "of a repeated parameter only the last counts", at(query=_last_of_same)
    yield (
        "search-missing-ignored",
        ":missing is ignored",
        at(query=lambda _, query: [pair for pair in query if not pair[0].endswith(":missing")]),
    )
    yield (
        "search-escapes-ignored",
        "escaped commas separate values",
        at(query=lambda _, query: [(name, value.replace("\\,", ",")) for name, value in query]),
    )


def _of_pages() -> _Faults:
    yield "search-page-2-fails", "the second page fails", instead("page", do=lambda _, _r: not_supported(500))
    yield "paging-repeats-one", "each page starts with the last match of the one before", _with(page_overlap=1)
    yield (
        "paging-loses-one",
        "each page leaves out its last match",
        at(page=lambda _, seqs: seqs[:-1] if len(seqs) > 1 else seqs),
    )
    yield "paging-loses-pages", "there is no link to a second page", _links(lambda link: link["relation"] != "next")
    yield "paging-loses-filter", "later pages hold what does not match too", instead("page", do=_all_on_later_pages)
    yield "paging-never-ends", "the last page links to itself", _bundle(_next_is_self)
    yield "count-ignored", "_count is ignored", at(request=_uncounted)


def _of_includes() -> _Faults:
    yield "search-no-mode", "entries do not say whether they match", _entries(lambda entry: _less(entry, "search"))
    yield "include-missing", "_include brings nothing", _parameter_ignored("_include")
    yield "include-first-only", "_include brings only one resource", _bundle(_with_one_include)
    yield (
        "include-as-match",
        "what is included is marked as match",
        _entries(lambda entry: entry | ({"search": {"mode": "match"}} if "search" in entry else {})),
    )


def _found(change: Callable[[list[int]], list[int]]) -> Change:
    return at(found=lambda _type, _query, seqs: change(seqs))


def _bundle(change: Callable[[Resource], Resource]) -> Change:
    def bundle(_: str, result: Resource) -> Resource:
        return change(result) if result["type"] == "searchset" else result

    return at(bundle=bundle)


def _entries(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Change:
    def edited(result: Resource) -> Resource:
        return result | ({"entry": [change(each) for each in result["entry"]]} if "entry" in result else {})

    return _bundle(edited)


def _links(keep: Callable[[dict[str, str]], bool]) -> Change:
    return _bundle(lambda result: result | {"link": [each for each in result["link"] if keep(each)]})


def _less(value: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: each for key, each in value.items() if key != name}


def _without_inner(entry: dict[str, Any]) -> dict[str, Any]:
    resource = entry["resource"]
    return entry | {"resource": {name: each for name, each in resource.items() if not _is_inner(each)}}


def _is_inner(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(each, dict) and "code" in each for each in value)


def _relative(url: str) -> str:
    return "/".join(url.split("/")[-2:])


def _without_extensions(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_extensions(each) for each in value]
    if isinstance(value, dict):
        return {name: _without_extensions(each) for name, each in value.items() if name != "extension"}
    return value


def _without_form(_: Server, request: Request) -> Request:
    return replace(request, body=b"") if request.steps[-1:] == ("_search",) else request


def _without_first(request: Request, answer: Response) -> Response:
    if request.steps[-1:] == ("_search",) and answer.has_content and "entry" in answer.parsed():
        bundle = answer.parsed()
        rest = bundle["entry"][1:]
        answer.replace(_less(bundle, "entry") | ({"entry": rest} if rest else {}))
    return answer


def _no_post(_: Server, request: Request) -> Request | Response:
    return not_supported(405) if request.steps[-1:] == ("_search",) else request


def _lenient(_: Server, request: Request) -> Request:
    if "prefer" not in request.headers:
        return request
    return replace(request, headers=_less(request.headers, "prefer"))


def _uncounted(_: Server, request: Request) -> Request:
    if not any(name == "_count" for name, _ in request.query):
        return request
    return replace(request, query=[pair for pair in request.query if pair[0] != "_count"])


def _first(most: int) -> Callable[[str, Pairs], Pairs]:
    def query(_: str, asked: Pairs) -> Pairs:
        criteria = [pair for pair in asked if not pair[0].startswith("_")]
        return [pair for pair in asked if pair[0].startswith("_") or pair in criteria[:most]]

    return query


def _last_of_same(_: str, query: Pairs) -> Pairs:
    return list(dict(query).items())


def _parameter_ignored(name: str) -> Change:
    def request(_: Server, asked: Request) -> Request:
        if not any(each.partition(":")[0] == name for each, _ in asked.query):
            return asked
        return replace(asked, query=[pair for pair in asked.query if pair[0].partition(":")[0] != name])

    return at(request=request)


def _with(**choices: int) -> Change:
    return lambda behaviour: replace(behaviour, **choices)  # type: ignore[arg-type]  # each is one of its switches


def _all_on_later_pages(server: Server, request: Request) -> Request:
    """Go on with all resources of the type, as if the link told the place and not what was asked for."""
    token, _, start = dict(request.query)[PAGE].rpartition(".")
    kept = server.store.kept_result(token)
    if kept is None:
        return request
    seen = kept["seqs"][: int(start)]
    kind = server.store.rows(seen[:1])[0].type
    living = "SELECT seq FROM version WHERE current = 1 AND body IS NOT NULL AND type = ? ORDER BY seq"
    rest = [seq for (seq,) in server.store.select(living, [kind]) if seq not in seen]
    server.store.keep_result(f"{token}.all", kept | {"seqs": seen + rest})
    return replace(request, query=[(PAGE, f"{token}.all.{start}")])


def _with_one_include(bundle: Resource) -> Resource:
    entries = bundle.get("entry", [])
    more = [each for each in entries if each["search"]["mode"] == "include"][1:]
    return bundle | ({"entry": [each for each in entries if each not in more]} if more else {})


def _next_is_self(bundle: Resource) -> Resource:
    links = {each["relation"]: each["url"] for each in bundle["link"]}
    if "previous" in links and "next" not in links:
        return bundle | {"link": [*bundle["link"], {"relation": "next", "url": links["self"]}]}
    return bundle
