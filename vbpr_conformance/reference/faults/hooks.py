"""What faults do at the points where the behaviour can be changed, in a form that reads like a sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from vbpr_conformance.reference.behaviour import Change
from vbpr_conformance.reference.faults.fault import at
from vbpr_conformance.reference.http_messages import Request, Response

if TYPE_CHECKING:
    from vbpr_conformance.reference.server import Server

Edit = Callable[[Response], None]


def after(*interactions: str, change: Edit, status: int | None = None) -> Change:
    """Change the answers of some interactions, or only those with one status."""

    def response(request: Request, answer: Response) -> Response:
        if request.interaction in interactions and (status is None or answer.status == status):
            change(answer)
        return answer

    return at(response=response)


def refused(*interactions: str, status: int, change: Edit) -> Change:
    """Change the answers that refuse some interactions with one status."""

    def refusal(request: Request, answer: Response) -> Response:
        if request.interaction in interactions and answer.status == status:
            change(answer)
        return answer

    return at(refusal=refusal)


def instead(*interactions: str, do: Callable[[Server, Request], Request | Response]) -> Change:
    """Do something else than what some interactions ask."""

    def request(server: Server, asked: Request) -> Request | Response:
        return do(server, asked) if asked.interaction in interactions else asked

    return at(request=request)


def without_headers(*names: str) -> Change:
    """Overlook some headers of every request."""

    def request(_: Server, asked: Request) -> Request:
        if not any(name in asked.headers for name in names):
            return asked
        return replace(asked, headers={name: text for name, text in asked.headers.items() if name not in names})

    return at(request=request)


def status(number: int) -> Edit:
    """Answer with another status."""

    def change(answer: Response) -> None:
        answer.status = number

    return change


def without(header: str) -> Edit:
    """Leave out a header."""

    def change(answer: Response) -> None:
        answer.headers.pop(header, None)

    return change


def resource(edit: Callable[[dict[str, Any]], dict[str, Any]]) -> Edit:
    """Answer with a changed resource."""

    def change(answer: Response) -> None:
        if answer.has_content:
            answer.replace(edit(answer.parsed()))

    return change


def not_supported(number: int) -> Response:
    """Refuse with an OperationOutcome."""
    issue = {"severity": "error", "code": "not-supported", "diagnostics": "not supported"}
    return Response(number, {}, {"resourceType": "OperationOutcome", "issue": [issue]})
