"""Text (https://hl7.org/fhirpath/N1/#string-manipulation)."""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from vbpr_conformance.fhir.fhirpath.evaluation import EMPTY, Environment, Items, raw, single
from vbpr_conformance.fhir.fhirpath.expression_error import ExpressionError
from vbpr_conformance.fhir.fhirpath.functions.signature import Function


def _text(items: Items, name: str) -> str | None:
    value = single(items, f"{name}()")
    if value is None or isinstance(value, str):
        return value
    raise ExpressionError(f"{name}() takes text, not {'an object' if isinstance(value, dict) else value}")


def _on_text(name: str, call: Callable[..., Any], least: int = 0, most: int | None = None) -> Function:
    """A function of texts that is empty where any of them is."""

    def apply(items: Items, args: list[Items], _env: Environment) -> Items:
        if len(items) == 1 and type(items[0]) is str and len(args) == 1 == len(args[0]) and type(args[0][0]) is str:
            return [call(items[0], args[0][0])]  # the common case, straight
        texts = [_text(items, name), *(_text(arg, name) for arg in args)]
        return EMPTY if None in texts else [call(*texts)]

    return Function(apply, least, least if most is None else most)


@lru_cache(maxsize=512)
def _pattern(expression: str) -> re.Pattern[str]:
    try:
        return re.compile(expression, re.DOTALL)
    except re.error as error:
        raise ExpressionError(f"{expression!r} is not a regular expression: {error}") from None


def _replace_matches(text: str, expression: str, by: str) -> str:
    if not expression:
        return text
    template = re.sub(r"\$(\d+)", r"\\g<\1>", by.replace("\\", "\\\\"))
    return _pattern(expression).sub(template, text)


def _substring(items: Items, args: list[Items], _env: Environment) -> Items:
    text = _text(items, "substring")
    start = single(args[0], "substring()")
    length = single(args[1], "substring()") if len(args) > 1 else None
    if text is None or start is None or not 0 <= start < len(text):
        return EMPTY
    return [text[start:] if length is None else text[start : start + max(0, length)]]


def _join(items: Items, args: list[Items], _env: Environment) -> Items:
    separator = (_text(args[0], "join") if args else None) or ""
    texts = [raw(item) for item in items]
    return [separator.join(text for text in texts if isinstance(text, str))] if texts else EMPTY


def _split(items: Items, args: list[Items], _env: Environment) -> Items:
    text, separator = _text(items, "split"), _text(args[0], "split")
    if text is None or separator is None:
        return EMPTY
    return list(text.split(separator) if separator else text)


def _to_chars(items: Items, _args: list[Items], _env: Environment) -> Items:
    return list(_text(items, "toChars") or "")


_ENCODINGS: dict[str, tuple[Callable[[bytes], bytes], Callable[[str], bytes]]] = {
    "hex": (binascii.hexlify, binascii.unhexlify),
    "base64": (base64.b64encode, base64.b64decode),
    "urlbase64": (base64.urlsafe_b64encode, base64.urlsafe_b64decode),
}


def _encode(text: str, encoding: str) -> str:
    return _encoding(encoding)[0](text.encode()).decode()


def _decode(text: str, encoding: str) -> str:
    try:
        return _encoding(encoding)[1](text).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise ExpressionError(f"decode() cannot read {text!r} as {encoding}") from None


def _encoding(name: str) -> tuple[Callable[[bytes], bytes], Callable[[str], bytes]]:
    if name not in _ENCODINGS:
        raise ExpressionError(f"there is no encoding {name!r}: hex, base64 or urlbase64 is expected")
    return _ENCODINGS[name]


def _escape(text: str, target: str) -> str:
    if target == "html":
        return html.escape(text, quote=True)
    if target == "json":
        return json.dumps(text, ensure_ascii=False)[1:-1]
    raise ExpressionError(f"escape() takes html or json, not {target!r}")


def _unescape(text: str, target: str) -> str:
    if target == "html":
        return html.unescape(text)
    if target == "json":
        return re.sub(r"\\(u[0-9a-fA-F]{4}|.)", lambda m: str(json.loads(f'"{m[0]}"')), text)
    raise ExpressionError(f"unescape() takes html or json, not {target!r}")


FUNCTIONS = {
    "indexOf": _on_text("indexOf", str.find, 1),
    "lastIndexOf": _on_text("lastIndexOf", str.rfind, 1),
    "substring": Function(_substring, 1, 2),
    "startsWith": _on_text("startsWith", str.startswith, 1),
    "endsWith": _on_text("endsWith", str.endswith, 1),
    "contains": _on_text("contains", str.__contains__, 1),
    "upper": _on_text("upper", str.upper),
    "lower": _on_text("lower", str.lower),
    "replace": _on_text("replace", str.replace, 2),
    "matches": _on_text("matches", lambda text, pattern: bool(_pattern(pattern).search(text)), 1),
    "matchesFull": _on_text("matchesFull", lambda text, pattern: bool(_pattern(pattern).fullmatch(text)), 1),
    "replaceMatches": _on_text("replaceMatches", _replace_matches, 2),
    "length": _on_text("length", len),
    "trim": _on_text("trim", str.strip),
    "toChars": Function(_to_chars),
    "split": Function(_split, 1, 1),
    "join": Function(_join, 0, 1),
    "encode": _on_text("encode", _encode, 1),
    "decode": _on_text("decode", _decode, 1),
    "escape": _on_text("escape", _escape, 1),
    "unescape": _on_text("unescape", _unescape, 1),
}
