"""The one rendering of what came out of a case and of what was exchanged, for every output that shows text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from vbpr_conformance.fhir.format_error import FormatError
from vbpr_conformance.fhir.json_codec import dumps, loads
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.suite.causes import Cause
from vbpr_conformance.suite.recorder import CUT
from vbpr_conformance.suite.verdicts import CaseKey, CaseResult, Verdict

_MOST_REQUIREMENTS = 3
_READING = ("GET", "HEAD")
_REMEMBERED = 64
"""So many bodies are laid out once: what cases share, and what several outputs show of one case."""
_DEEPEST = 40
"""Indented so far: a target's body of brackets alone would else grow by the square of its length."""
_PART = re.compile(r'"(?:[^"\\]|\\.)*"?|[{}\[\],:]|[^\s{}\[\],:"]+')


def full_text(result: CaseResult, edition: Edition) -> str:
    """Give the sentence first, the evidence below."""
    head = f"{result.verdict.upper():5} {result.id}   {result.message}   {result.strength}"
    known = [("known", result.deviation)] if result.deviation else []
    lines = [*known, *evidence(result, edition)]
    return "\n".join([head, *(f"      {label:15}  {text}" for label, text in lines)])


def evidence(result: CaseResult, edition: Edition) -> list[tuple[str, str]]:
    """Give what stands below a verdict, each line with its label: the requirements, what was found, where it stands."""
    is_failure = result.verdict in {Verdict.FAIL, Verdict.WARN}
    if not is_failure and not result.details:
        return []
    sources = {each.id: each.source for each in edition.requirements}
    lines = [("requirement", f"{name} · {sources.get(name, '')}") for name in result.requirements[:_MOST_REQUIREMENTS]]
    lines += result.details
    lines += [(_curl_label(result), each["curl"]) for each in _failed(result)[:1] if is_failure]
    lines += [("specification", result.link)] if result.link else []
    return [*lines, ("scenario" if result.actor == "client" else "suite", result.source)]


def _failed(result: CaseResult) -> list[Mapping[str, Any]]:
    return [each for each in result.exchanges if each["failed"]]


def _curl_label(result: CaseResult) -> str:
    """Name the command: repeated by itself it shows the fault again only where nothing was created for it."""
    needs = result.actor == "server" and any(map(writes, result.exchanges))
    return "request" if needs else "seen again with"


def writes(exchange: Mapping[str, Any]) -> bool:
    """Whether a request changes what the server holds."""
    return exchange["method"] not in _READING and not exchange["url"].partition("?")[0].endswith("_search")


def explained(result: CaseResult, cause: Cause | None, edition: Edition) -> str:
    """Give the full text for the case that shows a cause first, and one line for each other of the same cause."""
    if cause is None or cause.cases[0] == result.key:
        return full_text(result, edition)
    return f"{result.verdict.upper():5} {result.id}   {result.message}\n      same cause       {first_of(cause)}"


def first_of(cause: Cause) -> str:
    """Say where the details of a cause are told."""
    return f"{cause.sentence}: see {cause.cases[0].id}"


def cause_by_case(causes: Iterable[Cause]) -> dict[CaseKey, Cause]:
    """Give the cause of each case that has one."""
    return {key: cause for cause in causes for key in cause.cases}


def transcript(exchange: Mapping[str, Any]) -> str:
    """Give an exchange as HTTP shows it, with resources laid out to be read."""
    lines = [f"{exchange['method']} {exchange['url']}", *_headers(exchange["request_headers"])]
    lines += ["", pretty(exchange["request_body"])] if exchange["request_body"] else []
    answered = f"{exchange['status']}" if exchange["status"] else f"no answer: {exchange['error']}"
    lines += ["", f"→ {answered} in {exchange['elapsed_s'] * 1000:.0f} ms", *_headers(exchange["headers"])]
    lines += ["", pretty(exchange["body"])] if exchange["body"] else []
    return "\n".join(lines) + "\n"


def step_name(exchange: Mapping[str, Any]) -> str:
    """Say in a line what was exchanged, in which part of the case."""
    return f"{exchange['phase']}: {exchange['method']} {exchange['url']} → {exchange['status'] or exchange['error']}"


@lru_cache(maxsize=_REMEMBERED)
def pretty(body: str) -> str:
    """Lay out a JSON body, to where it was cut off; everything else stays as it is. No digit of a number changes."""
    if body[:1] not in "{[":
        return body
    if body.endswith(CUT):
        kept, mark, how_long = body.rpartition("…")
        return f"{_beginning(kept)}{mark}{how_long}"
    try:
        laid_out = dumps(loads(body), indent=2)
    except FormatError:
        return body
    return laid_out if len(laid_out) <= 2 * _DEEPEST * len(body) else body


def _beginning(text: str) -> str:
    """Lay out the beginning of a JSON text, which no parser takes."""
    lines, depth = [""], 0
    parts = _PART.findall(text)
    for part, following in zip(parts, [*parts[1:], ""], strict=True):
        depth += (part in "{[") - (part in "}]")
        if part in "}]" and lines[-1].strip()[-1:] not in {"{", "["}:
            lines.append("  " * min(depth, _DEEPEST))
        lines[-1] += f"{part} " if part == ":" else part
        if part == "," or (part in "{[" and following not in {"}", "]"}):
            lines.append("  " * min(depth, _DEEPEST))
    return "\n".join(lines)


def _headers(headers: Mapping[str, str]) -> list[str]:
    return [f"{name}: {value}" for name, value in headers.items()]
