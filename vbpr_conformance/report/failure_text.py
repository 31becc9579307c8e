"""The one rendering of what came out of a case and of what was exchanged, for every output that shows text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from vbpr_conformance.fhir.format_error import FormatError
from vbpr_conformance.fhir.json_codec import dumps, loads
from vbpr_conformance.suite.causes import Cause
from vbpr_conformance.suite.recorder import CUT
from vbpr_conformance.suite.verdicts import CaseKey, CaseResult

_REMEMBERED = 64
"""So many bodies are laid out once: what cases share, and what several outputs show of one case."""
_PART = re.compile(r'"(?:[^"\\]|\\.)*"?|[{}\[\],:]|[^\s{}\[\],:"]+')


def explained(result: CaseResult, cause: Cause | None) -> str:
    """Give the full text for the case that shows a cause first, and one line for each other of the same cause."""
    if cause is None or cause.cases[0] == result.key:
        return result.text()
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
        return dumps(loads(body), indent=2)
    except FormatError:
        return body


def _beginning(text: str) -> str:
    """Lay out the beginning of a JSON text, which no parser takes."""
    lines, depth = [""], 0
    parts = _PART.findall(text)
    for part, following in zip(parts, [*parts[1:], ""], strict=True):
        depth += (part in "{[") - (part in "}]")
        if part in "}]" and lines[-1].strip()[-1:] not in {"{", "["}:
            lines.append("  " * depth)
        lines[-1] += f"{part} " if part == ":" else part
        if part == "," or (part in "{[" and following not in {"}", "]"}):
            lines.append("  " * depth)
    return "\n".join(lines)


def _headers(headers: Mapping[str, str]) -> list[str]:
    return [f"{name}: {value}" for name, value in headers.items()]
