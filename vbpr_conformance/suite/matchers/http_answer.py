"""Matchers of the HTTP part of an answer: status and headers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from vbpr_conformance.suite.env import Answer, Env
from vbpr_conformance.suite.findings import Finding

_MOST_TEXT = 200


def status(value: Sequence[str], answer: Answer, env: Env) -> None:  # noqa: ARG001  all matchers are called alike
    """The status is one of those stated; `4xx` stands for all from 400 to 499."""
    got = str(answer.exchange.status)
    if any(got == each or (each.endswith("xx") and got[0] == each[0]) for each in value):
        return
    said = said_in(answer)
    raise Finding(
        f"{answer.exchange.method} {short_url(answer)} answered {got}, expected {' or '.join(value)}",
        [("said", said)] if said else (),
        [answer.exchange],
    )


def header(value: Mapping[str, str], answer: Answer, env: Env) -> None:  # noqa: ARG001
    """Each header is there and matches its regular expression as a whole."""
    for name, pattern in value.items():
        got = answer.exchange.headers.get(name)
        if got is None:
            raise Finding(
                f"the answer to {answer.exchange.method} {short_url(answer)} has no header {name}",
                [("expected", f"{name}: {pattern}")],
                [answer.exchange],
            )
        if not re.fullmatch(pattern, got):
            raise Finding(
                f"the header {name} of the answer to {answer.exchange.method} {short_url(answer)} is {got!r}",
                [("expected", f"{name}: {pattern}")],
                [answer.exchange],
            )


def short_url(answer: Answer) -> str:
    """The URL without the server's base, as a sentence can bear it."""
    return tail(str(answer.exchange.url))


def tail(url: str) -> str:
    """The end of a URL that says what is asked for: type and what follows."""
    path, question, query = url.partition("?")
    steps = path.rstrip("/").split("/")
    start = next((at for at, step in enumerate(steps) if step[:1].isupper()), len(steps) - 1)
    return "/".join(steps[start:]) + question + query


def said_in(answer: Answer) -> str:
    """What the server said about itself in an OperationOutcome, or the beginning of its text."""
    resource: Any = answer.resource
    if resource and resource.get("resourceType") == "OperationOutcome":
        issues = [each for each in resource.get("issue", []) if isinstance(each, dict)]
        texts = [each.get("diagnostics") or each.get("details", {}).get("text") or each.get("code") for each in issues]
        return "; ".join(str(text) for text in texts if text)[:_MOST_TEXT]
    if resource is not None:
        return ""
    return answer.exchange.body[:_MOST_TEXT].decode("utf-8", "replace").strip()
