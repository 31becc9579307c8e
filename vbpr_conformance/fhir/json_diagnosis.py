"""Finds where JSON text is wrong, after the fast reader only knew that it is.

A second, slower look at text that was already refused (or is suspect): it is never on the path of good text.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal

from vbpr_conformance.fhir.format_error import FormatError

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
_EXPONENT = re.compile(r"\d[eE][+-]?\d{4}")
_COLON = re.compile(r"\s*:")
_CONSTANTS = {"NaN", "Infinity", "-Infinity"}
_STRING = re.compile(r'"(?:[^"\\]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"')
_ESCAPE = re.compile(r"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|(\\u[dD][89a-fA-F]..)|\\.", re.DOTALL)
"""A pair of surrogates, a half of one (group 1), or any other escape."""
_MAX_DIGITS = 4300
"""Longer integers are refused by Python itself, since reading them takes quadratic time."""


def explain(text: str, max_depth: int, error: Exception | None = None) -> FormatError | None:
    """Say what is wrong with the text and where, given what the reader said of it; None when nothing is found."""
    found = _first_trouble(text, max_depth)
    if isinstance(error, json.JSONDecodeError) and (found is None or error.pos <= found[0]):
        return _at(text, error.pos, _sentence(error, text))
    return None if found is None else _at(text, *found)


def _first_trouble(text: str, max_depth: int) -> tuple[int, str] | None:
    """Find what JSON's grammar allows and we refuse: duplicate keys, depth, NaN, half surrogates, endless integers."""
    keys: list[set[str] | None] = []
    for match in _TOKEN.finditer(text):
        piece, start = match.group(), match.start()
        if piece in "{[":
            keys.append(set() if piece == "{" else None)
            if len(keys) > max_depth:
                return start, f"nested deeper than {max_depth} levels"
        elif piece in "}]":
            if not keys:
                return None
            keys.pop()
        else:
            names = keys[-1] if keys and _COLON.match(text, match.end()) else None
            problem = _trouble_in(piece, start, names)
            if problem:
                return problem
    return None


def _trouble_in(piece: str, start: int, names: set[str] | None) -> tuple[int, str] | None:
    """Look at one string or number; `names` are the property names so far where this is one more of them."""
    if piece[0] != '"':
        if piece in _CONSTANTS:
            return start, f"{piece} is no number in JSON"
        return (start, "a number too large to be read") if _is_out_of_range(piece) else None
    half = next((match.start() for match in _ESCAPE.finditer(piece) if match.group(1)), None)
    if half is not None:
        return start + half, "half of a surrogate pair: no character"
    if names is not None:
        name = json.loads(piece, strict=False) if _STRING.fullmatch(piece) else piece
        if name in names:
            return start, f"the property {name!r} is there twice"
        names.add(name)
    return None


def _is_out_of_range(piece: str) -> bool:
    if len(piece) > _MAX_DIGITS:
        return True
    if not _EXPONENT.search(piece):
        return False
    try:
        Decimal(piece)
    except ArithmeticError:
        return True
    return False


def _at(text: str, position: int, message: str) -> FormatError:
    return FormatError(message, text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position))


def _sentence(error: json.JSONDecodeError, text: str) -> str:
    seen = text[error.pos : error.pos + 20].split("\n", maxsplit=1)[0]
    if error.msg in _INSIDE_STRING:
        return _INSIDE_STRING[error.msg]
    if error.pos == 0 and seen[:1] == "<":
        return "this is XML or HTML, not JSON"
    what = _PLAIN.get(error.msg, error.msg[:1].lower() + error.msg[1:])
    return f"{what}, found {seen!r}" if seen else f"{what}, found the end of the input"


_PLAIN = {
    "Expecting value": "expected a value",
    "Extra data": "expected the end after the first value",
    "Expecting ',' delimiter": "expected a comma or the end of the array or object",
    "Expecting ':' delimiter": "expected a colon after the property name",
    "Expecting property name enclosed in double quotes": "expected a property name in double quotes",
    "Illegal trailing comma before end of object": "a comma before the end of the object",
    "Illegal trailing comma before end of array": "a comma before the end of the array",
}
_INSIDE_STRING = {
    "Unterminated string starting at": "a string without its closing quote",
    "Invalid control character at": "a control character inside a string",
}
