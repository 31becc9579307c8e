"""Parts of the sentences in which findings are told: what was asked for, and what the server said about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vbpr_conformance.suite.untrusted import member, objects, string

if TYPE_CHECKING:
    from vbpr_conformance.rest.exchange import Exchange

_MOST_TEXT = 200


def short_url(exchange: Exchange) -> str:
    """The end of the URL that says what is asked for: type and what follows, without the server's base."""
    path, question, query = str(exchange.url).partition("?")
    steps = path.rstrip("/").split("/")
    start = next((at for at, step in enumerate(steps) if step[:1].isupper()), len(steps) - 1)
    return "/".join(steps[start:]) + question + query


def explanation_in(exchange: Exchange) -> str:
    """What the server said about an answer: in an OperationOutcome, or the beginning of a text that is no resource."""
    resource = exchange.resource
    if resource is not None:
        return outcome_text(resource)
    return exchange.body[:_MOST_TEXT].decode("utf-8", "replace").strip()


def outcome_text(resource: Any) -> str:
    """What an OperationOutcome says, its issues joined; empty for any other resource."""
    if string(resource, "resourceType") != "OperationOutcome":
        return ""
    texts = [
        string(each, "diagnostics") or string(member(each, "details"), "text") or string(each, "code")
        for each in objects(resource, "issue")
    ]
    return "; ".join(text for text in texts if text)[:_MOST_TEXT]


def in_brackets(text: str) -> str:
    """A text as an addition to a sentence, nothing where it is empty."""
    return f" ({text})" if text else ""
