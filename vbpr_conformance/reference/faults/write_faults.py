"""Faults of what is done: writes that do not happen, conditions that are not looked at, transactions in pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from vbpr_conformance.fhir import json_codec
from vbpr_conformance.reference import crud
from vbpr_conformance.reference.behaviour import Behaviour, Change
from vbpr_conformance.reference.content import read_resource
from vbpr_conformance.reference.faults.fault import Fault, at
from vbpr_conformance.reference.faults.hooks import instead, not_supported, refused, status, without_headers
from vbpr_conformance.reference.http_messages import Request, Response

if TYPE_CHECKING:
    from vbpr_conformance.reference.server import Server

_Faults = Iterator[tuple[str, str, str, Change]]
_DELETED = {"system": "http://example.org/marks", "code": "deleted"}


def faults(main: str) -> Iterator[Fault]:
    """Yield the faults; `main` is the type that requirements are about."""
    for name, interaction, words, change in _of_instances():
        yield Fault(name, {"resource": main, "interaction": interaction}, words, change)
    for name, condition, words, change in _of_conditions():
        yield Fault(name, {"resource": main, "conditional": condition}, words, change)
    for name, interaction, words, change in _of_bundles():
        yield Fault(name, {"interaction": interaction}, words, change)


def _of_instances() -> _Faults:
    yield "create-not-stored", "create", "create is answered, but nothing is stored", instead("create", do=_pretended)
    yield "create-keeps-client-id", "create", "create takes the id of the body", instead("create", do=_under_own_id)
    yield (
        "update-not-stored",
        "update",
        "update is answered, but the old version stays",
        instead("update", do=_answered_only),
    )
    yield "update-ignores-if-match", "update", "If-Match is ignored", without_headers("if-match")
    yield (
        "update-stale-returns-200",
        "update",
        "a stale If-Match is answered 200",
        refused("update", status=412, change=status(200)),
    )
    yield (
        "update-id-mismatch-accepted",
        "update",
        "the id in the body need not be that of the URL",
        instead("update", do=_with_id_of_url),
    )
    yield "update-same-version", "update", "an update does not change the version", _same_version
    yield (
        "update-as-create-fails",
        "update",
        "an update of what is not there fails with 500",
        instead("update", do=_only_existing),
    )
    yield "patch-ignored", "patch", "patch is answered, but changes nothing", instead("patch", do=_read_instead)
    yield "patch-not-supported", "patch", "patch is not possible", instead("patch", do=lambda _, _r: not_supported(501))
    yield "patch-only-replaces", "patch", "of a patch only replacements are applied", instead("patch", do=_replacing)
    yield "patch-ignores-if-match", "patch", "patch ignores If-Match", instead("patch", do=_without_if_match)
    yield (
        "delete-still-readable",
        "delete",
        "delete is answered, but the resource stays",
        instead("delete", do=lambda _, _r: Response(204)),
    )
    yield (
        "delete-still-found",
        "delete",
        "what was deleted is read no more, but searches still find it",
        instead("delete", "read", do=_deleted_for_readers),
    )
    yield (
        "delete-not-supported",
        "delete",
        "delete is not possible",
        instead("delete", do=lambda _, _r: not_supported(405)),
    )


def _of_conditions() -> _Faults:
    yield "conditional-create-duplicates", "create", "If-None-Exist is ignored", without_headers("if-none-exist")
    yield (
        "conditional-create-multiple-accepted",
        "create",
        "several matches of If-None-Exist are answered 200",
        refused("conditional-create", status=412, change=status(200)),
    )
    yield (
        "conditional-update-creates",
        "update",
        "a conditional update always creates",
        instead("conditional-update", do=lambda _, request: replace(request, method="POST", query=[])),
    )
    yield (
        "conditional-update-not-supported",
        "update",
        "conditional update is not possible",
        instead("conditional-update", do=lambda _, _r: not_supported(405)),
    )
    yield (
        "conditional-update-multiple-accepted",
        "update",
        "several matches of a conditional update are answered 200",
        (refused("conditional-update", status=412, change=status(200))),
    )
    yield (
        "conditional-delete-ignored",
        "delete",
        "a conditional delete deletes nothing",
        instead("conditional-delete", do=lambda _, _r: Response(204)),
    )
    yield (
        "conditional-delete-not-supported",
        "delete",
        "conditional delete is not possible",
        instead("conditional-delete", do=lambda _, _r: not_supported(405)),
    )


def _of_bundles() -> _Faults:
    yield "transaction-not-atomic", "transaction", "what came before a refused entry stays", _with(atomic=False)
    yield (
        "transaction-not-supported",
        "transaction",
        "transactions are not possible",
        instead("transaction", do=_unless_batch),
    )
    yield (
        "transaction-references-kept",
        "transaction",
        "references to urn:uuid stay as they are",
        _with(references_resolved=False),
    )
    yield (
        "transaction-answers-shuffled",
        "transaction",
        "answers come in another order than entries",
        at(response=_shuffled),
    )
    yield (
        "transaction-wrong-type",
        "transaction",
        "the answer is a Bundle of type batch-response",
        at(response=_as_batch),
    )
    yield "batch-stops-at-first-error", "batch", "a batch ends at the first refused entry", at(response=_cut_batch)


def _pretended(server: Server, request: Request) -> Response:
    """Answer as if, under an id at which nothing is."""
    resource = crud.incoming(server, request)
    with_id = resource | {"id": crud.fresh_id(server, request.type), "meta": {"versionId": "1"}}
    location = f"{request.base}/{request.type}/{with_id['id']}/_history/1"
    return Response(201, {"Location": location, "ETag": 'W/"1"'}, with_id)


def _under_own_id(server: Server, request: Request) -> Request:
    resource = crud.incoming(server, request)
    return replace(request, given_id=str(resource.get("id", "")))


def _answered_only(server: Server, request: Request) -> Request | Response:
    row = server.store.current(request.type, request.id)
    if row is None or row.body is None:
        return request
    return Response(200, crud.headers(row), crud.incoming(server, request))


def _with_id_of_url(server: Server, request: Request) -> Request:
    return replace(request, in_bundle=True, resource=read_resource(server, request) | {"id": request.id})


def _same_version(behaviour: Behaviour) -> Behaviour:
    def outgoing(_: str, resource: dict[str, Any]) -> dict[str, Any]:
        return resource | {"meta": resource["meta"] | {"versionId": "1"}}

    return behaviour.also(outgoing=outgoing)


def _only_existing(server: Server, request: Request) -> Request | Response:
    return request if server.alive("/".join(request.steps)) else not_supported(500)


def _read_instead(_: Server, request: Request) -> Request:
    return replace(request, method="GET")


def _replacing(_: Server, request: Request) -> Request:
    kept = [each for each in json_codec.loads(request.body) if each["op"] in {"replace", "test"}]
    return replace(request, body=json_codec.dumps(kept).encode())


def _deleted_for_readers(server: Server, request: Request) -> Request | Response:
    """Mark instead of deleting, and let only reads look at the mark."""
    row = server.store.current(request.type, request.id)
    if row is None or row.body is None:
        return request
    resource = json_codec.loads(row.body)
    if request.interaction == "delete":
        marked = resource | {"meta": resource["meta"] | {"tag": [*resource["meta"].get("tag", ()), _DELETED]}}
        return replace(request, method="PUT", in_bundle=True, resource=marked)
    return not_supported(410) if _DELETED in resource["meta"].get("tag", ()) else request


def _without_if_match(_: Server, request: Request) -> Request:
    return replace(request, headers={name: text for name, text in request.headers.items() if name != "if-match"})


def _with(**choices: bool) -> Change:
    return lambda behaviour: replace(behaviour, **choices)  # type: ignore[arg-type]  # each is one of its switches


def _unless_batch(server: Server, request: Request) -> Request | Response:
    return request if read_resource(server, request).get("type") == "batch" else not_supported(501)


def _shuffled(_: Request, answer: Response) -> Response:
    return _changed(answer, "transaction-response", lambda bundle: bundle | {"entry": bundle.get("entry", [])[::-1]})


def _as_batch(_: Request, answer: Response) -> Response:
    return _changed(answer, "transaction-response", lambda bundle: bundle | {"type": "batch-response"})


def _cut_batch(_: Request, answer: Response) -> Response:
    return _changed(answer, "batch-response", _up_to_first_error)


def _changed(answer: Response, kind: str, edit: Callable[[dict[str, Any]], dict[str, Any]]) -> Response:
    if answer.text is not None and f'"type":"{kind}"' in answer.text[:80]:
        answer.replace(edit(answer.parsed()))
    return answer


def _up_to_first_error(bundle: dict[str, Any]) -> dict[str, Any]:
    entries: list[dict[str, Any]] = []
    for entry in bundle.get("entry", []):
        entries.append(entry)
        if not entry["response"]["status"].startswith("2"):
            break
    return bundle | {"entry": entries}
