"""The words of an expression (https://hl7.org/fhirpath/N1/grammar.html)."""

from __future__ import annotations

import re
from typing import NamedTuple

from vbpr_conformance.fhir.fhirpath.expression_error import ExpressionError

_TOKEN = re.compile(
    r"""
    (?P<space>\s+|//[^\n]*|/\*.*?\*/)
  | (?P<datetime>@\d{4}(?:-\d\d(?:-\d\d)?)?T(?:\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?(?:Z|[+-]\d\d:\d\d)?)?)
  | (?P<date>@\d{4}(?:-\d\d(?:-\d\d)?)?)
  | (?P<time>@T\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?)
  | (?P<number>\d+(?:\.\d+)?)
  | (?P<string>'(?:[^'\\]|\\.)*')
  | (?P<quoted>`(?:[^`\\]|\\.)*`)
  | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<special>\$[a-z]+)
  | (?P<variable>%(?:
        (?:vs|ext)-[A-Za-z0-9\-]+|[A-Za-z_][A-Za-z0-9_]*|`(?:[^`\\]|\\.)*`|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"))
  | (?P<symbol><=|>=|!=|!~|[-=~<>|+*/&()\[\]{},.])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}


class Token(NamedTuple):
    """One word: its kind, its text (of strings and quoted names the content), and where it stands."""

    kind: str
    text: str
    at: int


def tokens(expression: str) -> list[Token]:
    """Split an expression into its words, the last of kind `end`."""
    found: list[Token] = []
    at = 0
    while at < len(expression):
        match = _TOKEN.match(expression, at)
        if match is None or expression.startswith("/*", at) is not match[0].startswith("/*"):
            raise ExpressionError(f"{_unreadable(expression, at)} at {at + 1}")
        kind = str(match.lastgroup)
        text = match[0]
        if kind in {"string", "quoted"}:
            text = _unescape(text[1:-1])
        elif kind == "variable":
            text = _unescape(text[2:-1]) if text[1] in "`'\"" else text[1:]
        if kind != "space":
            found.append(Token(kind, text, at))
        at = match.end()
    return [*found, Token("end", "", at)]


def _unreadable(expression: str, at: int) -> str:
    for start, what in (("'", "a string"), ("`", "a quoted name"), ("/*", "a comment")):
        if expression.startswith(start, at):
            return f"{what} is not closed"
    return f"{expression[at]!r} means nothing"


def _unescape(text: str) -> str:
    """Resolve escapes; a backslash before any other character is left out, as the specification says."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda m: chr(int(m[1][1:], 16)) if len(m[1]) > 1 else _ESCAPED.get(m[1], m[1]), text)
