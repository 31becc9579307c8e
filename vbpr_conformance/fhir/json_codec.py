"""JSON as FHIR uses it: numbers kept as they were written, and nothing accepted that would lose or change data.

https://hl7.org/fhir/R4/json.html, https://hl7.org/fhir/R4/datatypes.html#decimal (precision is significant).
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, Self

import msgspec

from vbpr_conformance.fhir.format_error import FormatError
from vbpr_conformance.fhir.json_diagnosis import explain

MAX_DEPTH = 200
"""How deeply arrays and objects may nest; FHIR's own examples stay below 40."""

MAX_LINE = 256 * 1024 * 1024
"""The longest line of NDJSON, in bytes: what is longer is no resource."""

__all__ = ["MAX_DEPTH", "FormatError", "WrittenDecimal", "dumps", "iter_ndjson", "loads", "written"]


class WrittenDecimal(Decimal):
    """A number that was written in a form `Decimal` does not give back (`1.0e2`); `text` is that form."""

    text: str

    def __new__(cls, text: str) -> Self:
        """Keep the text beside the value."""
        made = super().__new__(cls, text)
        made.text = text
        return made

    def __reduce__(self) -> tuple[type[WrittenDecimal], tuple[str]]:
        return type(self), (self.text,)

    def __copy__(self) -> WrittenDecimal:
        return self

    def __deepcopy__(self, memo: object) -> WrittenDecimal:
        return self


def written(number: Decimal) -> str:
    """Give a number as it was read: digits, trailing zeros and exponent; a computed one without exponent."""
    return number.text if isinstance(number, WrittenDecimal) else format(number, "f")


def loads(data: bytes | str) -> Any:
    """Read JSON text; what is no JSON, or would lose data, raises `FormatError` with line and column."""
    value = _quickly(data)
    if value is not _UNSURE:
        return value
    text = _text(data)
    try:
        value = _READER.decode(text)
        suspect = _ESCAPED_SURROGATE.search(text) is not None or _may_be_too_deep(text.encode())
    except (ValueError, ArithmeticError, RecursionError, _RefusedError) as error:
        raise explain(text, MAX_DEPTH, error) or FormatError(f"not readable as JSON: {error}") from None
    if suspect:
        failure = explain(text, MAX_DEPTH)
        if failure:
            raise failure
    return value


def dumps(value: Any, *, indent: int | None = None) -> str:
    """Write JSON text, the exact inverse of `loads`; compact unless `indent` is given."""
    text = (_WRITER if indent is None else _writer(indent)).encode(value)
    return _MARKED.sub(r"\1", text) if _MARK in text else text


def iter_ndjson(source: Path | str | BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield (line number, line) for each line with content, holding one line at a time.

    https://hl7.org/fhir/R4/nd-json.html
    """
    if isinstance(source, Path | str):
        with Path(source).open("rb") as stream:
            yield from iter_ndjson(stream)
        return
    number = 0
    while line := source.readline(MAX_LINE):
        number += 1
        if len(line) == MAX_LINE:
            raise FormatError(f"a line of NDJSON is longer than {MAX_LINE // 1024 // 1024} MiB", number, 1)
        if number == 1:
            line = line.removeprefix(_BOM)
        line = line.strip()
        if line:
            yield number, line


class _RefusedError(Exception):
    """Raised by the hooks, which do not know where they are; `explain` finds the place."""


_BOM = b"\xef\xbb\xbf"
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_MARK = f"\ue000{secrets.token_hex(8)}:"
"""Stands before a number inside a string until the text is whole; drawn anew, so that no payload can hold it."""
_MARKED = re.compile(f'"{_MARK}([^"]*)"')


def _text(data: bytes | str) -> str:
    if isinstance(data, bytes | bytearray):
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            column = error.start - data.rfind(b"\n", 0, error.start)
            raise FormatError(f"not UTF-8: byte 0x{data[error.start]:02X}", line, column) from None
    else:
        text = data
        try:
            text.isascii() or text.encode()
        except UnicodeEncodeError as error:
            line = text.count("\n", 0, error.start) + 1
            column = error.start - text.rfind("\n", 0, error.start)
            raise FormatError("half of a surrogate pair: no character", line, column) from None
    text = text.removeprefix("\ufeff")
    if not text or text.isspace():
        raise FormatError("nothing to read: the input is empty", 1, 1)
    return text


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _RefusedError
    return found


def _number(text: str) -> Decimal:
    return WrittenDecimal(text) if "e" in text or "E" in text else Decimal(text)


def _integer(text: str) -> int | Decimal:
    """Keep `-0`, which no int can hold."""
    return Decimal(text) if text == "-0" else int(text)


def _refuse(_text: str) -> NoReturn:
    raise _RefusedError


_UNSURE = object()
_FAST = msgspec.json.Decoder(float_hook=_number)
_FAST_WRITER = msgspec.json.Encoder(decimal_format="number", enc_hook=lambda _: 0)
_DOUBTFUL_ESCAPE = re.compile(rb"\\u(?:[dD][89a-fA-F]|0022)")
_MINUS_ZERO = re.compile(rb"-0(?:[\s,\]}]|\Z)")


def _quickly(data: bytes | str) -> Any:
    """Read, twice as fast, what is beyond doubt; `_UNSURE` is all else, for the reader that can tell what is wrong.

    What gives the same text when written again has lost nothing. Of other texts, with space between or with
    exponents, a property given twice would be lost silently; the value written again would then have fewer quotes:
    nothing but the escape of a quote, which is doubtful, could make up for them.
    """
    try:
        text = data if isinstance(data, bytes) else data.encode()
        if _may_be_too_deep(text):
            return _UNSURE
        value = _FAST.decode(text)
        again = _FAST_WRITER.encode(value)
    except (msgspec.MsgspecError, ArithmeticError, RecursionError, TypeError, ValueError):
        return _UNSURE
    if again == text:
        return value
    if _DOUBTFUL_ESCAPE.search(text) or _MINUS_ZERO.search(text) or again.count(b'"') != text.count(b'"'):
        return _UNSURE
    return value


_READER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_number, parse_int=_integer, parse_constant=_refuse)


def _may_be_too_deep(text: bytes) -> bool:
    """Whether brackets, reduced pair by pair, leave enough for the limit; nothing is parsed for it."""
    brackets = text.translate(None, _NOT_BRACKETS)
    for removed in range(0, MAX_DEPTH, 2):  # each round takes away at most two levels, `{}` and the `[]` around it
        if removed + len(brackets) <= MAX_DEPTH:
            return False
        shorter = brackets.replace(b"{}", b"").replace(b"[]", b"")
        if len(shorter) == len(brackets):
            return True
        brackets = shorter
    return True


def _marked(value: object) -> str:
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"JSON has no number {value}")
        return _MARK + written(value)
    raise TypeError(f"JSON has no form for {type(value).__name__}")


def _writer(indent: int | None) -> json.JSONEncoder:
    separators = (",", ":") if indent is None else (",", ": ")
    return json.JSONEncoder(
        ensure_ascii=False, allow_nan=False, separators=separators, indent=indent, default=_marked, check_circular=False
    )


_WRITER = _writer(None)
