"""Parts of the sentences in which findings are told: what was asked for, and what the server said about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vbpr_conformance.suite.seed_payloads import TAG_SYSTEM
from vbpr_conformance.suite.untrusted import member, objects, string

if TYPE_CHECKING:
    from vbpr_conformance.rest.exchange import Exchange

_MOST_TEXT = 200
_AT_THE_BASE = frozenset({"transaction", "batch", "search"})
_OF_THE_RUN = f"identifier={TAG_SYSTEM.rpartition(':')[0]}:"
"""How a search begins that is kept to resources of the run: all of them, or those of one case."""


def short_url(exchange: Exchange) -> str:
    """The end of the URL that says what is asked for: type and what follows, without the server's base.

    Nor with what keeps a search to the resources of the run, where it asks for something else besides.
    """
    path, question, query = str(exchange.url).partition("?")
    steps = path.rstrip("/").split("/")
    start = next((at for at, step in enumerate(steps) if step[:1].isupper()), None)
    if start is None:
        start, steps = 0, ["[base]"] if exchange.interaction in _AT_THE_BASE else steps[-1:]
    return "/".join(steps[start:]) + question + _asked(query)


def request_text(exchange: Exchange) -> str:
    """What was asked for, as a sentence can bear it: method and place, or the name of what has no place of its own."""
    if exchange.interaction in {"transaction", "batch"}:
        return f"the {exchange.interaction}"
    is_search = exchange.interaction in {"search", "page"}
    if is_search and exchange.method == "GET":
        return short_url(exchange)
    form = exchange.request_body if is_search else b""
    asked = f" with {printable(_asked(form.decode('utf-8', 'replace'))[:_MOST_TEXT])}" if form else ""
    return f"{exchange.method} {short_url(exchange)}{asked}"


def _asked(query: str) -> str:
    return "&".join(each for each in query.split("&") if not each.startswith(_OF_THE_RUN)) or query


def explanation_in(exchange: Exchange) -> str:
    """What the server said about an answer in an OperationOutcome; of what is no resource why it is none.

    Of a text of another media type it is its beginning.
    """
    resource = exchange.resource
    if resource is not None:
        return outcome_text(resource)
    kind = media_type(exchange)
    if exchange.parse_error and ("json" in kind or "xml" in kind):
        return f"no resource can be read: {printable(exchange.parse_error)}"
    text = printable(exchange.body[:_MOST_TEXT].decode("utf-8", "replace"))
    return f"{kind or 'no media type'}: {text}" if text else ""


def media_type(exchange: Exchange) -> str:
    """The media type of the answer, without parameters and in small letters; empty where none is stated."""
    return exchange.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def printable(text: str) -> str:
    """A text of the server in one line, without what a terminal would take for a command."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def outcome_text(resource: Any) -> str:
    """What an OperationOutcome says, its issues joined; empty for any other resource."""
    if string(resource, "resourceType") != "OperationOutcome":
        return ""
    texts = [
        string(each, "diagnostics") or string(member(each, "details"), "text") or string(each, "code")
        for each in objects(resource, "issue")
    ]
    return printable("; ".join(text for text in texts if text))[:_MOST_TEXT]


def in_brackets(text: str) -> str:
    """A text as an addition to a sentence, nothing where it is empty."""
    return f" ({text})" if text else ""
