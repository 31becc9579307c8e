"""SMART scopes, v1 and v2: https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_SCOPE = re.compile(r"(system|user|patient)/(\*|[A-Za-z]+)\.([^?]+)(\?.*)?")
_V1 = {"read": "rs", "write": "cud", "*": "cruds"}


def missing_scopes(asked: Iterable[str], granted: Iterable[str]) -> list[str]:
    """Give the scopes asked for that are not granted, whichever version each is written in.

    `system/*.read` covers `system/Measure.rs`; a granted scope with a query covers only the same scope.
    """
    given = list(granted)
    allowed: dict[tuple[str, str], set[str]] = {}
    for context, kind, letters, where in _parsed(given):
        if not where:
            allowed.setdefault((context, kind), set()).update(letters)
    return [each for each in asked if each not in given and not _is_covered(each, allowed)]


def _is_covered(scope: str, allowed: dict[tuple[str, str], set[str]]) -> bool:
    for context, kind, letters, _ in _parsed([scope]):
        return set(letters) <= allowed.get((context, kind), set()) | allowed.get((context, "*"), set())
    return False


def _parsed(scopes: Iterable[str]) -> Iterator[tuple[str, str, str, str]]:
    for each in scopes:
        match = _SCOPE.fullmatch(each)
        if match:
            yield match[1], match[2], _V1.get(match[3], match[3]), match[4] or ""
