"""Faults of what is answered: statuses, headers, versions, errors and representations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from vbpr_conformance.reference.behaviour import Behaviour, Change
from vbpr_conformance.reference.faults.fault import Fault, at
from vbpr_conformance.reference.faults.hooks import (
    after,
    instead,
    not_supported,
    refused,
    resource,
    status,
    without,
)
from vbpr_conformance.reference.http_messages import Request, Response

_Faults = Iterator[tuple[str, str, str, Change]]


def faults(main: str) -> Iterator[Fault]:
    """Yield the faults; `main` is the type that requirements are about."""
    for name, interaction, words, change in (*_of_writes(), *_of_reads()):
        yield Fault(name, {"resource": main, "interaction": interaction}, words, change)
    unwritten = instead("history-system", do=lambda _, _r: not_supported(501))
    yield Fault("history-system-fails", {"interaction": "history-system"}, "the system has no history", unwritten)
    for name, topic, words, change in _of_trouble():
        yield Fault(name, {"topic": topic}, words, change)
    for name, form, words, change in _of_formats():
        yield Fault(name, {"format": form}, words, change)


def _of_writes() -> _Faults:
    yield "create-returns-200", "create", "create answers 200", after("create", change=status(200))
    yield (
        "create-no-location",
        "create",
        "create does not say where the resource is",
        after("create", change=without("Location")),
    )
    yield "create-location-wrong", "create", "Location leads to nothing", after("create", change=_wrong_location)
    yield "create-no-etag", "create", "create gives no ETag", after("create", change=without("ETag"))
    yield (
        "create-body-without-id",
        "create",
        "what create gives back has no id",
        after("create", change=resource(lambda body: {name: each for name, each in body.items() if name != "id"})),
    )
    yield "update-no-etag", "update", "update gives no ETag", after("update", change=without("ETag"))
    yield (
        "update-returns-201",
        "update",
        "an update of what exists answers 201",
        after("update", change=status(201), status=200),
    )
    yield (
        "etag-wrong",
        "update",
        "ETag names a version that If-Match does not take",
        after("read", "create", "update", change=_other_etag),
    )
    yield "delete-returns-500", "delete", "delete is done, but answered 500", after("delete", change=status(500))
    yield "patch-returns-500", "patch", "patch is done, but answered 500", after("patch", change=status(500))


def _of_reads() -> _Faults:
    yield "etag-missing", "read", "read gives no ETag", after("read", change=without("ETag"))
    yield "last-modified-missing", "read", "read gives no Last-Modified", after("read", change=without("Last-Modified"))
    yield (
        "read-missing-200",
        "read",
        "what is not there is answered 200",
        refused("read", status=404, change=status(200)),
    )
    yield (
        "read-missing-500",
        "read",
        "what is not there is answered 500",
        refused("read", status=404, change=status(500)),
    )
    yield "read-fails", "read", "read is not possible", instead("read", do=lambda _, _r: not_supported(501))
    yield (
        "vread-returns-current",
        "vread",
        "an old version is answered with the newest",
        instead("vread", do=lambda _, request: replace(request, steps=request.steps[:2])),
    )
    yield "vread-fails", "vread", "old versions are not kept", instead("vread", do=lambda _, _r: not_supported(404))
    yield (
        "history-loses-one",
        "history-instance",
        "history leaves out the oldest version",
        after("history-instance", change=resource(_shorter)),
    )
    yield (
        "history-order-reversed",
        "history-instance",
        "history starts with the oldest version",
        after("history-instance", change=resource(lambda body: body | {"entry": body.get("entry", [])[::-1]})),
    )
    yield (
        "history-type-loses-one",
        "history-type",
        "history of a type leaves out the newest version",
        after("history-type", change=resource(_without_newest)),
    )


def _of_trouble() -> _Faults:
    yield (
        "malformed-500",
        "errors",
        "malformed content is answered 500",
        refused("create", "update", status=400, change=status(500)),
    )
    yield (
        "invalid-500",
        "errors",
        "a resource that breaks rules is answered 500",
        refused("create", "update", status=422, change=status(500)),
    )
    yield (
        "read-404-without-outcome",
        "errors",
        "a 404 comes without OperationOutcome",
        refused("read", status=404, change=_emptied),
    )
    yield "errors-as-html", "errors", "errors come as HTML", at(refusal=_as_html)
    yield "errors-without-issue", "errors", "an OperationOutcome has no issue", at(refusal=_no_issue)
    yield (
        "unknown-type-200",
        "errors",
        "an unknown type is answered with an empty searchset",
        at(refusal=_empty_searchset),
    )
    yield (
        "media-type-unchecked",
        "errors",
        "a body of an unknown media type is answered 500",
        refused("create", "update", status=415, change=status(500)),
    )


def _of_formats() -> _Faults:
    yield "xml-not-supported", "xml", "XML is neither taken nor given", _without_xml
    yield "xml-answered-as-json", "xml", "what asks for XML is answered in JSON", at(format=lambda _, _f: "json")
    yield "format-ignored", "xml", "_format is ignored", at(format=_by_accept)
    yield "content-type-wrong", "json", "answers are said to be text/plain", at(response=_as_plain_text)


def _wrong_location(answer: Response) -> None:
    answer.headers["Location"] = answer.headers["Location"].replace("/_history", "0/_history")


def _other_etag(answer: Response) -> None:
    if "ETag" in answer.headers:
        answer.headers["ETag"] = 'W/"other"'


def _emptied(answer: Response) -> None:
    answer.resource = answer.text = None


def _without_newest(bundle: dict[str, Any]) -> dict[str, Any]:
    return _with_entries(bundle, bundle.get("entry", [])[1:])


def _shorter(bundle: dict[str, Any]) -> dict[str, Any]:
    return _with_entries(bundle, bundle.get("entry", [])[:-1])


def _with_entries(bundle: dict[str, Any], kept: list[Any]) -> dict[str, Any]:
    rest = {name: each for name, each in bundle.items() if name != "entry"}
    return rest | {"total": len(kept)} | ({"entry": kept} if kept else {})


def _as_html(request: Request, answer: Response) -> Response:
    if request.in_bundle:  # there is no place for HTML in an entry of a Bundle
        return answer
    answer.headers["Content-Type"] = "text/html"
    return replace(answer, resource=None, text="<html><body>error</body></html>")


def _no_issue(_: Request, answer: Response) -> Response:
    return replace(answer, resource={"resourceType": "OperationOutcome"}, text=None)


def _empty_searchset(request: Request, answer: Response) -> Response:
    if answer.status == 404 and request.interaction == "search-type":  # noqa: PLR2004  # not found
        return Response(200, {}, {"resourceType": "Bundle", "type": "searchset", "total": 0})
    return answer


def _without_xml(behaviour: Behaviour) -> Behaviour:
    return replace(behaviour, xml=False)


def _by_accept(request: Request, _: str) -> str:
    return "xml" if "xml" in request.header("accept") else "json"


def _as_plain_text(_: Request, answer: Response) -> Response:
    answer.headers["Content-Type"] = "text/plain"
    return answer
