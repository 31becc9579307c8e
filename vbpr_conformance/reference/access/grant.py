"""What the holder of a token may do: SMART's system scopes, versions 1 and 2.

https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_SCOPE = re.compile(r"system/(\*|[A-Z][A-Za-z]+)\.(read|write|\*|(?=[cruds])c?r?u?d?s?)")
_VERSION_1 = {"read": "rs", "write": "cud", "*": "cruds"}
EVERYTHING = "system/*.cruds"
LETTERS = {
    "read": "r",
    "vread": "r",
    "history-instance": "r",
    "search-type": "s",
    "search-system": "s",
    "history-type": "s",
    "history-system": "s",
    "create": "c",
    "conditional-create": "c",
    "update": "u",
    "conditional-update": "u",
    "patch": "u",
    "conditional-patch": "u",
    "delete": "d",
    "conditional-delete": "d",
}
"""What each interaction takes; those that are not named here are judged by what they are made of."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Scopes that were granted, as a client wrote them."""

    scopes: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Grant:
        """Read a list of scopes; raises `ValueError` with the first that is not understood."""
        scopes = tuple(text.split())
        for each in scopes:
            if not _SCOPE.fullmatch(each):
                raise ValueError(each)
        return cls(scopes)

    def allows(self, resource_type: str, letter: str) -> bool:
        """Whether an operation (c, r, u, d or s) on a type is granted; of no type in particular: on any."""
        for each in self.scopes:
            match = _SCOPE.fullmatch(each)
            if match and match[1] in {"*", resource_type or match[1]} and letter in _letters(match[2]):
                return True
        return False

    def covers(self, others: Iterable[str]) -> bool:
        """Whether all that other scopes allow is allowed by these too."""
        matches = [_SCOPE.fullmatch(each) for each in others]
        return all(
            match is not None and all(self._allows_whole(match[1], letter) for letter in _letters(match[2]))
            for match in matches
        )

    def _allows_whole(self, kind: str, letter: str) -> bool:
        if kind != "*":
            return self.allows(kind, letter)
        return any(
            match is not None and match[1] == "*" and letter in _letters(match[2])
            for match in map(_SCOPE.fullmatch, self.scopes)
        )


def _letters(text: str) -> str:
    return _VERSION_1.get(text, text)
