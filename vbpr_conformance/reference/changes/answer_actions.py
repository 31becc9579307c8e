"""Actions on answers, and on their format: who sees which of them, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from vbpr_conformance.reference.behaviour import Resource
from vbpr_conformance.reference.changes.bundle_actions import BUNDLE_EDITS
from vbpr_conformance.reference.changes.message_filters import FILTERS, concerned
from vbpr_conformance.reference.changes.object_edits import OBJECT_EDITS, action, edit_of, without
from vbpr_conformance.reference.http_messages import Request, Response

AnswerHook = Callable[[Request, Response], Response]
_HTML = "<html><body>error</body></html>"


def response_point(given: Mapping[str, Any]) -> AnswerHook:
    """Act on answers; a name of a change of the resource that they carry will do as well."""
    concerns = concerned(given)
    actions: list[AnswerHook] = []
    for name, argument in given.items():
        if name in OBJECT_EDITS or name in BUNDLE_EDITS:
            actions.append(_resource(edit_of({name: argument}, BUNDLE_EDITS)))
        elif name not in FILTERS:
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
