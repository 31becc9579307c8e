"""Reads YAML as FHIR needs it: scalars by the core schema of YAML 1.2, decimals as written, lines remembered.

https://yaml.org/spec/1.2.2/#103-core-schema. `no` and `2024-03-15` stay text, `1.10` keeps its zero, a key given twice
is refused. Keys are always text, as in JSON. What JSON cannot hold (`.nan`, tags) is refused, and so are anchors and
aliases: what a file says stands where it is read. Nothing of the YAML library leaves this module.

On the events of PyYAML's C parser. ruamel.yaml knows YAML 1.2 itself, takes over 20 times as long; its C
parser refuses files of ours as YAML 1.1 does; and it turns `1.10` into 1.1 and `2024-03-15` into a date all the same,
so that the rules below would stay (`benchmarks/yaml_readers.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from yaml import CSafeLoader

from vbpr_conformance.errors import UsageError

_DEPTH = 60
_CONSTANTS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBER_START = frozenset("+-.0123456789")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_TIPS = {
    "mapping values are not allowed in this context": "expected one `key: value` a line; a text with `: ` needs quotes",
    "found a tab character that violates indentation": "expected spaces for indentation",
    "found character that cannot start any token": "expected spaces for indentation, and quotes around a text that "
    "starts with a special character",
}


class YamlDict(dict[str, Any]):
    """A mapping that knows the line it starts on and the line of each key, counted from 1."""

    __slots__ = ("key_lines", "line")

    def __init__(self, line: int = 0) -> None:
        super().__init__()
        self.line = line
        self.key_lines: dict[str, int] = {}


class YamlList(list[Any]):
    """A list that knows the line it starts on and the line of each item, counted from 1."""

    __slots__ = ("item_lines", "line")

    def __init__(self, line: int = 0) -> None:
        super().__init__()
        self.line = line
        self.item_lines: list[int] = []


def load_file(path: Path, source: str | None = None) -> Any:
    """Read one YAML file; `source` is the name shown in errors, the path unless given."""
    name = str(path) if source is None else source
    try:
        return load(path.read_bytes(), name)
    except OSError as error:
        raise UsageError(f"{name}: cannot be read ({error.strerror}), expected a YAML file") from error


def load(text: str | bytes, source: str) -> Any:
    """Read one YAML document into `YamlDict`, `YamlList`, str, int, bool, Decimal and None."""
    if isinstance(text, bytes):
        text = _decoded(text, source)
    try:
        return _Reader(text, source).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = error.problem or "not YAML"
        raise wrong(source, mark.line + 1 if mark else 1, what, _TIPS.get(what, "expected YAML")) from error
    except yaml.reader.ReaderError as error:
        line = text.encode().count(b"\n", 0, error.position) + 1  # the parser counts bytes
        raise wrong(source, line, "a control character", "expected printable text") from error


def wrong(source: str, line: int, what: str, expected: str) -> UsageError:
    """Make the error of a mistake in a YAML file: `file:line: what, and what was expected`."""
    return UsageError(f"{source}:{line}: {what}; {expected}")


def scalar(text: str) -> Any:
    """Give the value of a plain scalar by the core schema: None, bool, int, Decimal or text."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] in _NUMBER_START:
        if _INTEGER.fullmatch(text):
            return int(text)
        if _DECIMAL.fullmatch(text):
            return Decimal(text)
        if _OCTAL.fullmatch(text):
            return int(text, 0)
        if _HEXADECIMAL.fullmatch(text):
            return int(text, 0)
        if _NOT_FINITE.fullmatch(text):
            raise ValueError(text)
    return text


class _Reader:
    """Builds values straight from the parser's events: no nodes in between, which halves the time."""

    def __init__(self, text: str, source: str) -> None:
        self._source = source
        self._next: Callable[[], Any] = CSafeLoader(text).get_event
        self._depth = 0

    def document(self) -> Any:
        self._next()  # stream start
        if isinstance(self._next(), yaml.StreamEndEvent):
            return None
        value = self._value(self._next())
        self._next()  # document end
        after = self._next()
        if not isinstance(after, yaml.StreamEndEvent):
            raise wrong(self._source, after.start_mark.line + 1, "a second document", "expected one document a file")
        return value

    def _value(self, event: Any) -> Any:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            raise wrong(self._source, line, "an anchor or alias (& or *)", "expected the content itself, or quotes")
        if event.tag is not None:
            raise wrong(self._source, line, f"the tag {event.tag}", "expected plain YAML without tags")
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, line)
        self._depth += 1
        if self._depth > _DEPTH:
            raise wrong(self._source, line, f"more than {_DEPTH} levels of nesting", "expected fewer")
        value = self._mapping(line) if isinstance(event, yaml.MappingStartEvent) else self._sequence(line)
        self._depth -= 1
        return value

    def _scalar(self, event: Any, line: int) -> Any:
        if event.style:  # quoted or a block: text, whatever it says (a plain scalar has the style "" or None)
            return event.value
        try:
            return scalar(event.value)
        except ValueError:
            raise wrong(self._source, line, f"{event.value} is no number in JSON", "expected a finite number") from None

    def _mapping(self, line: int) -> YamlDict:
        mapping = YamlDict(line)
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key_line = event.start_mark.line + 1
            if not isinstance(event, yaml.ScalarEvent) or event.anchor or event.tag is not None:
                raise wrong(self._source, key_line, "a key that is not plain text", "expected `key: value`")
            key = event.value
            if key in mapping:
                first = mapping.key_lines[key]
                raise wrong(self._source, key_line, f"the key {key!r} stands twice (line {first})", "expected it once")
            mapping.key_lines[key] = key_line
            mapping[key] = self._value(self._next())
        return mapping

    def _sequence(self, line: int) -> YamlList:
        sequence = YamlList(line)
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            sequence.item_lines.append(event.start_mark.line + 1)
            sequence.append(self._value(event))
        return sequence


def _decoded(data: bytes, source: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise wrong(source, line, "a byte that is not UTF-8", "expected UTF-8") from error
