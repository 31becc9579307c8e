"""Actions on requests, whatever they carry: who sees which of them, and what becomes of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from vbpr_conformance.fhir import json_codec
from vbpr_conformance.reference.changes.message_filters import FILTERS, concerned
from vbpr_conformance.reference.changes.object_edits import action, as_list, without
from vbpr_conformance.reference.http_messages import Request, Response, pairs
from vbpr_conformance.reference.pages import PAGE
from vbpr_conformance.reference.store import Store

AskedHook = Callable[[Store, Request], Request | Response]
_DELETED = {"system": "http://example.org/marks", "code": "deleted"}


def request_point(given: Mapping[str, Any]) -> AskedHook:
    """Act on requests before they are carried out."""
    concerns = concerned(given)
    actions = [action(_REQUESTS, name)(argument) for name, argument in given.items() if name not in FILTERS]

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


def refused(status: int, code: str = "not-supported") -> Response:
    """Refuse with an OperationOutcome that says nothing more."""
    issue = {"severity": "error", "code": code, "diagnostics": "not supported"}
    return Response(status, {}, {"resourceType": "OperationOutcome", "issue": [issue]})


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


def _overlook_headers_of_new(names: Any) -> AskedHook:
    """Overlook headers of what is about a resource that is not there."""
    overlook = _overlook_headers(names)

    def request(store: Store, asked: Request) -> Request | Response:
        row = store.current(asked.type, asked.id)
        return asked if row is not None and row.body is not None else overlook(store, asked)

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
    """Take it for another interaction: a read of the resource, a create of its type, or an update by its body's id."""
    if interaction == "read":
        return lambda _, asked: replace(asked, method="GET", steps=asked.steps[:2])
    if interaction == "create":
        return lambda _, asked: replace(asked, method="POST", query=[])
    if interaction == "update":
        return _of_id_in_body
    if interaction == "conditional-update":
        return lambda _, asked: replace(asked, method="PUT", query=pairs(asked.header("if-none-exist")))
    raise ValueError("`as` takes read, create, update or conditional-update")


def _of_id_in_body(_: Store, asked: Request) -> Request:
    own = json_codec.loads(asked.body).get("id")
    return replace(asked, steps=(asked.type, own), query=[]) if own else asked


def _without_id(_: Any) -> AskedHook:
    """Overlook the id of the resource that is sent."""

    def request(_: Store, asked: Request) -> Request:
        return replace(asked, body=json_codec.dumps(without(json_codec.loads(asked.body), "id")).encode())

    return request


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


def _appends_as(how: str | int) -> AskedHook:
    """Refuse with this status what of a JSON Patch goes to the end of a list, or put it `first`."""

    def request(_: Store, asked: Request) -> Request | Response:
        operations = json_codec.loads(asked.body)
        if not any(each["path"].endswith("/-") for each in operations):
            return asked
        if isinstance(how, int):
            return refused(how)
        changed = [each | {"path": re.sub("/-$", "/0", each["path"])} for each in operations]
        return replace(asked, body=json_codec.dumps(changed).encode())

    return request


def _refuse_tests_of_objects(status: int) -> AskedHook:
    """Let a test of a JSON Patch fail whose value is an object."""

    def request(_: Store, asked: Request) -> Request | Response:
        is_hit = any(
            isinstance(each.get("value"), dict) for each in json_codec.loads(asked.body) if each["op"] == "test"
        )
        return refused(status) if is_hit else asked

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


def _type_of_body(_: Any) -> AskedHook:
    """Look at the type of a resource that is created, and not at that of the URL."""
    named = re.compile(rb'"resourceType"\s*:\s*"(\w+)"')

    def request(_: Store, asked: Request) -> Request:
        found = named.search(asked.body)
        return replace(asked, steps=(found[1].decode(),)) if found else asked

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


def _substitute_values(patterns: Mapping[str, tuple[str, str]]) -> AskedHook:
    """Put something else in the place of what a pattern finds in the values of parameters."""

    def request(_: Store, asked: Request) -> Request:
        known = [(name, value, patterns.get(name.partition(":")[0])) for name, value in asked.query]
        return replace(asked, query=[(name, re.sub(*sub, value) if sub else value) for name, value, sub in known])

    return request


def _refuse_values(refusals: Mapping[str, tuple[str, int]]) -> AskedHook:
    """Refuse what has a parameter with a value in which a pattern is found."""

    def request(_: Store, asked: Request) -> Request | Response:
        known = [(value, *refusals[name]) for name, value in asked.query if name in refusals]
        status = next((status for value, pattern, status in known if re.search(pattern, value)), None)
        return refused(status) if status else asked

    return request


def _last_of_form(_: Any) -> AskedHook:
    """Look in a form at the last of several parameters of one name alone."""
    return lambda _, asked: replace(asked, body=urlencode(dict(pairs(asked.body.decode()))).encode())


def _refuse_by(header: str) -> Callable[[Mapping[str, int]], AskedHook]:
    """Refuse what has just this value of a header."""

    def made(refusals: Mapping[str, int]) -> AskedHook:
        def request(_: Store, asked: Request) -> Request | Response:
            status = refusals.get(asked.header(header))
            return refused(status) if status else asked

        return request

    return made


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
    "overlook-headers-of-new": _overlook_headers_of_new,
    "overlook-parameters": _overlook_parameters,
    "overlook-values": _overlook_values,
    "overlook-body": _overlook_body,
    "only-operations": _only_operations,
    "operations-as": _operations_as,
    "appends-as": _appends_as,
    "refuse-tests-of-objects": _refuse_tests_of_objects,
    "without-id": _without_id,
    "first-condition": _first_condition,
    "deleted-for-reads-only": _deleted_for_reads_only,
    "all-on-later-pages": _all_on_later_pages,
    "refuse-empty-values": _refuse_empty_values,
    "refuse-media-type-parameters": _refuse_media_type_parameters,
    "lower-case-id": _lower_case_id,
    "type-ignored": _type_ignored,
    "type-of-body": _type_of_body,
    "merged-with-current": _merged_with_current,
    "set-parameters": _set_parameters,
    "substitute-values": _substitute_values,
    "refuse-values": _refuse_values,
    "last-of-form": _last_of_form,
    "refuse-media-type": _refuse_by("content-type"),
    "refuse-accept": _refuse_by("accept"),
    "overlook-parameters-after": lambda most: lambda _, asked: replace(asked, query=asked.query[:most]),
    "overlook-query": lambda _: lambda _, asked: replace(asked, query=[]),
    "bundle-as": _bundle_as,
}
