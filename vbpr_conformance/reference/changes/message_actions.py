"""Actions on requests and answers, whatever they carry: who sees which of them, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from vbpr_conformance.fhir import json_codec
from vbpr_conformance.reference.behaviour import Resource
from vbpr_conformance.reference.changes.bundle_actions import BUNDLE_EDITS
from vbpr_conformance.reference.changes.object_edits import OBJECT_EDITS, action, as_list, edit_of, without
from vbpr_conformance.reference.http_messages import Request, Response, pairs
from vbpr_conformance.reference.pages import PAGE
from vbpr_conformance.reference.store import Store

AskedHook = Callable[[Store, Request], Request | Response]
AnswerHook = Callable[[Request, Response], Response]
_FILTERS = ("of", "method", "status", "in-bundle", "if-asked", "if-query")
"""Arguments that say which requests an action is for: interaction, HTTP method, status of the answer, whether it is an
entry of a Bundle, whether it has a header, and whether it has a parameter."""
_DELETED = {"system": "http://example.org/marks", "code": "deleted"}
_HTML = "<html><body>error</body></html>"


def request_point(given: Mapping[str, Any]) -> AskedHook:
    """Act on requests before they are carried out."""
    concerns = _concerned(given)
    actions = [action(_REQUESTS, name)(argument) for name, argument in given.items() if name not in _FILTERS]

    def request(store: Store, asked: Request) -> Request | Response:
        if not concerns(asked, None):
            return asked
        for each in actions:
            result: Request | Response = each(store, asked)
            if isinstance(result, Response):
                return result
            asked = result
        return asked

    return request


def response_point(given: Mapping[str, Any]) -> AnswerHook:
    """Act on answers; a name of a change of the resource that they carry will do as well."""
    concerns = _concerned(given)
    actions: list[AnswerHook] = []
    for name, argument in given.items():
        if name in OBJECT_EDITS or name in BUNDLE_EDITS:
            actions.append(_resource(edit_of({name: argument}, BUNDLE_EDITS)))
        elif name not in _FILTERS:
            actions.append(action(_ANSWERS, name)(argument))

    def response(asked: Request, answer: Response) -> Response:
        if concerns(asked, answer.status):
            for each in actions:
                answer = each(asked, answer)
        return answer

    return response


refusal_point = response_point


def format_point(given: Mapping[str, Any]) -> Callable[[Request, str], str]:
    """Choose another format for the answer."""
    (name,) = given
    chosen: Callable[[Request, str], str] = action(_FORMATS, name)
    return chosen


def refused(status: int, code: str = "not-supported") -> Response:
    """Refuse with an OperationOutcome that says nothing more."""
    issue = {"severity": "error", "code": code, "diagnostics": "not supported"}
    return Response(status, {}, {"resourceType": "OperationOutcome", "issue": [issue]})


def _concerned(given: Mapping[str, Any]) -> Callable[[Request, int | None], bool]:
    interactions, methods, statuses = (as_list(given[each]) if each in given else None for each in _FILTERS[:3])

    def concerns(asked: Request, status: int | None) -> bool:
        return (
            (interactions is None or asked.interaction in interactions)
            and (methods is None or asked.method in methods)
            and (statuses is None or status in statuses)
            and (asked.in_bundle or not given.get("in-bundle"))
            and ("if-asked" not in given or given["if-asked"] in asked.headers)
            and ("if-query" not in given or any(name == given["if-query"] for name, _ in asked.query))
        )

    return concerns


def _refuse(status: int) -> AskedHook:
    return lambda _, _asked: refused(status)


def _refuse_new(status: int) -> AskedHook:
    """Refuse what is about a resource that is not there."""

    def request(store: Store, asked: Request) -> Request | Response:
        row = store.current(asked.type, asked.id)
        return asked if row is not None and row.body is not None else refused(status)

    return request


def _answer(status: int) -> AskedHook:
    return lambda _, _asked: Response(status)


def _overlook_headers(names: Any) -> AskedHook:
    def request(_: Store, asked: Request) -> Request:
        if not any(name in asked.headers for name in as_list(names)):
            return asked
        return replace(asked, headers=without(asked.headers, *as_list(names)))

    return request


def _overlook_parameters(names: Any) -> AskedHook:
    def request(_: Store, asked: Request) -> Request:
        kept = [pair for pair in asked.query if pair[0].partition(":")[0] not in as_list(names)]
        return asked if len(kept) == len(asked.query) else replace(asked, query=kept)

    return request


def _overlook_values(values: Mapping[str, str]) -> AskedHook:
    """Overlook parameters that have just this value."""
    return lambda _, asked: replace(asked, query=[pair for pair in asked.query if pair not in values.items()])


def _overlook_body(_: Any) -> AskedHook:
    return lambda _, asked: replace(asked, body=b"")


def _as(interaction: str) -> AskedHook:
    """Take it for another interaction: a read of the resource, or a create of its type."""
    if interaction == "read":
        return lambda _, asked: replace(asked, method="GET", steps=asked.steps[:2])
    if interaction == "create":
        return lambda _, asked: replace(asked, method="POST", query=[])
    if interaction == "conditional-update":
        return lambda _, asked: replace(asked, method="PUT", query=pairs(asked.header("if-none-exist")))
    raise ValueError("`as` takes read, create or conditional-update")


def _only_operations(kinds: Any) -> AskedHook:
    """Apply of a JSON Patch only some kinds of operations."""

    def request(_: Store, asked: Request) -> Request:
        kept = [each for each in json_codec.loads(asked.body) if each["op"] in as_list(kinds)]
        return replace(asked, body=json_codec.dumps(kept).encode())

    return request


def _first_condition(_: Any) -> AskedHook:
    """Look of If-None-Exist at the first parameter alone."""

    def request(_: Store, asked: Request) -> Request:
        first = asked.header("if-none-exist").partition("&")[0]
        return replace(asked, headers=asked.headers | {"if-none-exist": first})

    return request


def _operations_as(kinds: Mapping[str, str]) -> AskedHook:
    """Take some kinds of operations of a JSON Patch for others."""

    def request(_: Store, asked: Request) -> Request:
        taken = [each | {"op": kinds.get(each["op"], each["op"])} for each in json_codec.loads(asked.body)]
        return replace(asked, body=json_codec.dumps(taken).encode())

    return request


def _deleted_for_reads_only(_: Any) -> AskedHook:
    """Mark instead of deleting, and let only reads look at the mark."""

    def request(store: Store, asked: Request) -> Request | Response:
        row = store.current(asked.type, asked.id)
        if row is None or row.body is None:
            return asked
        resource = json_codec.loads(row.body)
        if asked.interaction == "delete":
            marked = resource | {"meta": resource["meta"] | {"tag": [*resource["meta"].get("tag", ()), _DELETED]}}
            return replace(asked, method="PUT", in_bundle=True, resource=marked)
        return refused(410) if _DELETED in resource["meta"].get("tag", ()) else asked

    return request


def _all_on_later_pages(_: Any) -> AskedHook:
    """Go on with all resources of the type, as if the link told the place and not what was asked for."""

    def request(store: Store, asked: Request) -> Request:
        token, _, start = dict(asked.query)[PAGE].rpartition(".")
        kept = store.kept_result(token)
        if kept is None:
            return asked
        seen = kept["seqs"][: int(start)]
        kind = store.rows(seen[:1])[0].type
        living = "SELECT seq FROM version WHERE current = 1 AND body IS NOT NULL AND type = ? ORDER BY seq"
        rest = [seq for (seq,) in store.select(living, [kind]) if seq not in seen]
        store.keep_result(f"{token}.all", kept | {"seqs": seen + rest})
        return replace(asked, query=[(PAGE, f"{token}.all.{start}")])

    return request


def _refuse_empty_values(status: int) -> AskedHook:
    return lambda _, asked: asked if all(value for _name, value in asked.query) else refused(status)


def _refuse_media_type_parameters(status: int) -> AskedHook:
    return lambda _, asked: refused(status) if ";" in asked.header("content-type") else asked


def _type_ignored(_: Any) -> AskedHook:
    """Look at the id of a resource and not at its type."""

    def request(store: Store, asked: Request) -> Request:
        sql = "SELECT type FROM version WHERE id = ? AND current = 1 AND body IS NOT NULL LIMIT 1"
        found = store.select(sql, [asked.id])
        return replace(asked, steps=(found[0][0], *asked.steps[1:])) if found else asked

    return request


def _merged_with_current(_: Any) -> AskedHook:
    """Keep of the current version what an update leaves out."""

    def request(store: Store, asked: Request) -> Request:
        row = store.current(asked.type, asked.id)
        if row is None or row.body is None or "json" not in asked.header("content-type"):
            return asked
        return replace(asked, body=json_codec.dumps(json_codec.loads(row.text) | json_codec.loads(asked.body)).encode())

    return request


def _set_parameters(values: Mapping[str, str]) -> AskedHook:
    """Take other values for parameters that are asked for."""
    return lambda _, asked: replace(asked, query=[(name, values.get(name, value)) for name, value in asked.query])


def _bundle_as(kind: str) -> AskedHook:
    """Carry out a Bundle as one of another type."""

    def request(_: Store, asked: Request) -> Request:
        if "json" not in asked.header("content-type"):
            return asked
        return replace(asked, body=json_codec.dumps(json_codec.loads(asked.body) | {"type": kind}).encode())

    return request


def _lower_case_id(_: Any) -> AskedHook:
    return lambda _, asked: replace(asked, steps=(asked.steps[0], *(each.lower() for each in asked.steps[1:])))


_REQUESTS: Mapping[str, Callable[[Any], AskedHook]] = {
    "refuse": _refuse,
    "refuse-new": _refuse_new,
    "answer": _answer,
    "as": _as,
    "overlook-headers": _overlook_headers,
    "overlook-parameters": _overlook_parameters,
    "overlook-values": _overlook_values,
    "overlook-body": _overlook_body,
    "only-operations": _only_operations,
    "operations-as": _operations_as,
    "first-condition": _first_condition,
    "deleted-for-reads-only": _deleted_for_reads_only,
    "all-on-later-pages": _all_on_later_pages,
    "refuse-empty-values": _refuse_empty_values,
    "refuse-media-type-parameters": _refuse_media_type_parameters,
    "lower-case-id": _lower_case_id,
    "type-ignored": _type_ignored,
    "merged-with-current": _merged_with_current,
    "set-parameters": _set_parameters,
    "overlook-parameters-after": lambda most: lambda _, asked: replace(asked, query=asked.query[:most]),
    "overlook-query": lambda _: lambda _, asked: replace(asked, query=[]),
    "bundle-as": _bundle_as,
}


def _resource(edit: Callable[[Resource], Resource]) -> AnswerHook:
    def response(_: Request, answer: Response) -> Response:
        if answer.has_content:
            answer.replace(edit(answer.parsed()))
        return answer

    return response


def _set_status(status: int) -> AnswerHook:
    return lambda _, answer: replace(answer, status=status)


def _set_resource(resource: Resource) -> AnswerHook:
    return lambda _, answer: replace(answer, resource=resource, text=None)


def _set_headers(headers: Mapping[str, Any]) -> AnswerHook:
    new = {name: str(value) for name, value in headers.items()}
    return lambda _, answer: replace(answer, headers=answer.headers | new)


def _allow_origin(_: Any) -> AnswerHook:
    """Let pages of whatever origin asks read the answer with the user's credentials."""
    allowed = {"Access-Control-Allow-Credentials": "true"}
    name = "Access-Control-Allow-Origin"
    return lambda asked, answer: replace(answer, headers=answer.headers | allowed | {name: asked.header("origin")})


def _drop_header(name: str) -> AnswerHook:
    return lambda _, answer: replace(answer, headers=without(answer.headers, name))


def _drop_body(_: Any) -> AnswerHook:
    return lambda _, answer: replace(answer, resource=None, text=None)


def _location_of_nothing(_: Any) -> AnswerHook:
    def response(_: Request, answer: Response) -> Response:
        answer.headers["Location"] = answer.headers["Location"].replace("/_history", "0/_history")
        return answer

    return response


def _as_html(_: Any) -> AnswerHook:
    def response(asked: Request, answer: Response) -> Response:
        if asked.in_bundle:  # there is no place for HTML in an entry of a Bundle
            return answer
        return replace(answer, headers=answer.headers | {"Content-Type": "text/html"}, resource=None, text=_HTML)

    return response


def _upper_case_headers(_: Any) -> AnswerHook:
    def response(asked: Request, answer: Response) -> Response:
        if asked.in_bundle:  # an entry has no headers of its own
            return answer
        return replace(answer, headers={name.upper(): text for name, text in answer.headers.items()})

    return response


def _location_without_version(_: Any) -> AnswerHook:
    def response(_: Request, answer: Response) -> Response:
        location = answer.headers.get("Location", "").partition("/_history")[0]
        return replace(answer, headers=answer.headers | {"Location": location})

    return response


def _self_link(change: Callable[[Request, str], str]) -> AnswerHook:
    """Write the self link of a searchset anew, from the request and from what it is."""

    def response(asked: Request, answer: Response) -> Response:
        if not answer.has_content or answer.parsed().get("type") != "searchset":
            return answer
        bundle = answer.parsed()
        links = [
            each | ({"url": change(asked, each["url"])} if each["relation"] == "self" else {})
            for each in bundle.get("link", ())
        ]
        answer.replace(bundle | ({"link": links} if links else {}))
        return answer

    return response


def _of_request(asked: Request, url: str) -> str:
    return f"{url.partition('?')[0]}?{urlencode(asked.query)}"


_ANSWERS: Mapping[str, Callable[[Any], AnswerHook]] = {
    "set-status": _set_status,
    "set-headers": _set_headers,
    "set-resource": _set_resource,
    "allow-origin-that-asks": _allow_origin,
    "drop-header": _drop_header,
    "drop-body": _drop_body,
    "location-of-nothing": _location_of_nothing,
    "as-html": _as_html,
    "upper-case-headers": _upper_case_headers,
    "location-without-version": _location_without_version,
    "self-link-of-request": lambda _: _self_link(_of_request),
    "self-link-without-query": lambda _: _self_link(lambda _asked, url: url.partition("?")[0]),
    "add-to-self-link": lambda more: _self_link(lambda _asked, url: f"{url}{'&' if '?' in url else '?'}{more}"),
}

_FORMATS: Mapping[str, Callable[[Request, str], str]] = {
    "always-json": lambda _, _form: "json",
    "always-xml": lambda _, _form: "xml",
    "by-accept": lambda asked, _: "xml" if "xml" in asked.header("accept") else "json",
}
