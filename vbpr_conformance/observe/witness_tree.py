"""What a client put out, as a tree of pieces: objects of JSON, rows of CSV and HTML, elements of XML, lines of text.

The tree serves one question: which piece speaks of one thing and of no other of its kind.
"""

from __future__ import annotations

import contextlib
import csv
import html
import io
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from typing import Any

from lxml import etree

from vbpr_conformance.observe.witness_page import read_page

_MOST_DEPTH = 60
CELL = " \u2502 "
"""What stands between the cells of a row in its text."""
_LETTERS = re.compile(r"\w")
_WORDS = re.compile(r"[\w.-]+")
_COMMA_IN_NUMBER = re.compile(r"\d,\d")
_LEAST_ROWS = 2
_WORD_PARTS = re.compile(r"[._]")


@dataclass
class Piece:
    """One piece of output: its text as shown, the smaller pieces inside it, and what kind of whole they make.

    `kind` is array, object, member, element, rows, columns, lines, files, or nothing for a piece without structure.
    """

    text: str
    parts: list[Piece] = field(default_factory=list)
    kind: str = ""

    @cached_property
    def plain(self) -> str:
        """The text for comparison: no difference of case, of spaces, of composed letters."""
        return plain(self.text)

    def has(self, label: str) -> bool:
        """Whether a label (as `plain` gives it) stands in it as a whole."""
        return bool(label) and position(self.plain, label) >= 0


def plain(text: str) -> str:
    """Give a text without differences of case, of spaces and of composed letters."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def position(text: str, label: str, start: int = 0) -> int:
    """Find a label as a whole: not as a part of a longer word or number; -1 if it is not there."""
    while (found := text.find(label, start)) >= 0:
        before, after = text[found - 1 : found], text[found + len(label) : found + len(label) + 1]
        inside = (_LETTERS.match(before) and _LETTERS.match(label[0])) or (
            _LETTERS.match(after) and _LETTERS.match(label[-1])
        )
        if not inside:
            return found
        start = found + 1
    return -1


def read_output(content: bytes, name: str = "") -> Piece:
    """Read what was put out: JSON, NDJSON, CSV, HTML, XML, or text with any of JSON in it; never refuses."""
    text = content.decode("utf-8-sig", errors="replace")
    start = text.lstrip()[:512].lower()
    if start.startswith(("<!doctype html", "<html")) or name.endswith((".html", ".htm")) or "<table" in start:
        return _of_html(text)
    if start.startswith("<"):
        found = _of_xml(content)
        return found if found is not None else _of_html(text)
    if name.endswith((".csv", ".tsv")) or _is_csv(text):
        return _of_csv(text)
    return _of_text(text)


def _is_csv(text: str) -> bool:
    """Whether every line has as many values with commas between them; a comma inside of a number is none."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < _LEAST_ROWS or text.lstrip()[:1] in "{[" or _COMMA_IN_NUMBER.search(lines[0]):
        return False
    try:
        rows = list(csv.reader(lines, strict=True))
    except csv.Error:
        return False
    return len(rows[0]) > 1 and all(
        len(row) == len(rows[0]) and not any(cell.startswith(" ") for cell in row) for row in rows
    )


def _of_text(text: str) -> Piece:
    """Lines; JSON that starts a line is read as such, however many lines it has."""
    decoder = json.JSONDecoder(parse_float=Decimal, object_pairs_hook=_pairs)
    parts: list[Piece] = []
    place = 0
    while place < len(text):
        end = text.find("\n", place)
        end = len(text) if end < 0 else end
        line = text[place:end]
        if line.lstrip().startswith(("{", "[")):
            begin = place + len(line) - len(line.lstrip())
            try:
                value, stop = decoder.raw_decode(text, begin)
            except (ValueError, RecursionError):
                pass
            else:
                if isinstance(value, _Object | list):
                    parts.append(_of_json(value))
                    place = stop
                    continue
        if line.strip():
            parts.append(Piece(line))
        place = end + 1
    return _joined(parts, "lines")


class _Object(list[tuple[str, Any]]):
    """The members of a JSON object, in order."""


def _pairs(pairs: list[tuple[str, Any]]) -> _Object:
    return _Object(pairs)


def _of_json(value: Any, depth: int = 0) -> Piece:
    if depth > _MOST_DEPTH:
        return Piece("")
    if isinstance(value, _Object):
        return _joined([_member(name, each, depth) for name, each in value], "object")
    if isinstance(value, list):
        return _joined([_of_json(each, depth + 1) for each in value], "array")
    return Piece(_scalar(value))


def _member(name: str, value: Any, depth: int) -> Piece:
    """One member; a key that is no element name may be a label itself (`{"Metric A": 12}`)."""
    inner = _of_json(value, depth + 1)
    if not inner.text:
        return inner
    shown = Piece(f"{name}: {inner.text}" if not inner.parts else f"{name}\n{inner.text}", [inner], "member")
    if not inner.parts:
        shown.parts = []
    if isinstance(value, str) and value.lstrip().startswith("<div"):
        return Piece("")  # the narrative is not what the client made of the data
    return shown


def _scalar(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _of_csv(text: str) -> Piece:
    dialect: Any = csv.excel
    if not _is_csv(text):
        with contextlib.suppress(csv.Error):
            dialect = csv.Sniffer().sniff(text[:8192], delimiters=",;\t|")
    try:
        rows = list(csv.reader(io.StringIO(text), dialect))
    except csv.Error:
        return _joined([Piece(line) for line in text.splitlines()], "lines")
    return _of_rows(rows)


def _of_rows(rows: Sequence[Sequence[str]]) -> Piece:
    """A table: its rows, and its columns where they are headed by what they are about."""
    lines = [Piece(CELL.join(row)) for row in rows if any(row)]
    whole = _joined(lines, "rows")
    if len(rows) > 1 and len(rows[0]) > 1:
        width = max(len(row) for row in rows)
        columns = [Piece("\n".join(row[at] for row in rows if at < len(row))) for at in range(width)]
        return Piece(whole.text, [whole, _joined(columns, "columns")], "table")
    return whole


def _of_html(text: str) -> Piece:
    blocks = read_page(text)
    return _joined([Piece(each) if isinstance(each, str) else _of_rows(each) for each in blocks], "lines")


def _of_xml(content: bytes) -> Piece | None:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    return _of_element(root, 0)


def _of_element(element: Any, depth: int) -> Piece:
    if not isinstance(element.tag, str) or depth > _MOST_DEPTH:
        return Piece("")
    name = etree.QName(element).localname
    if name == "div":
        return Piece("")
    own = [
        Piece(html.unescape(str(each))) for each in (*element.attrib.values(), element.text) if each and each.strip()
    ]
    runs = groupby(element, key=lambda each: each.tag)
    inner = [[_of_element(each, depth + 1) for each in alike] for _, alike in runs]
    parts = [alike[0] if len(alike) == 1 else _joined(alike, "array") for alike in inner]
    return parts[0] if len(parts) == 1 and not own else _joined([*own, *parts], "object" if own else "element")


def _joined(parts: Iterable[Piece], kind: str = "") -> Piece:
    kept = [each for each in parts if each.text]
    return Piece("\n".join(each.text for each in kept), kept, kind)


def read_outputs(outputs: Iterable[tuple[str, bytes]]) -> Piece:
    """Read several outputs, each with its name, as one."""
    parts = []
    for name, content in outputs:
        piece = read_output(content, name)
        if piece.text:
            parts.append(Piece(piece.text, [piece], "file"))
    return _joined(parts, "files")


class RecordIndex:
    """Which pieces speak of which thing: `labels` maps what a thing is called to the thing.

    A label of nothing (an empty thing) is no name of anything, and no other label is found inside it.
    """

    def __init__(self, root: Piece, labels: Mapping[str, str]) -> None:
        self._labels = {plain(label): owner for label, owner in labels.items() if plain(label)}
        self._words = {label for label in self._labels if " " not in label}
        self._phrases = sorted((label for label in self._labels if " " in label), key=len, reverse=True)
        self._owners: dict[int, frozenset[str]] = {}
        self._found: dict[str, list[Piece]] = {}
        self._mark(root)
        self._collect(root)

    def of(self, owner: str) -> list[Piece]:
        """The largest pieces that speak of this thing and of no other one."""
        return self._found.get(owner, [])

    def owners(self, piece: Piece) -> frozenset[str]:
        """The things that a piece of the tree speaks of."""
        return self._owners.get(id(piece), frozenset())

    def named_by_key(self, piece: Piece) -> bool:
        """Whether a member of an object is called by what names a thing (`{"Metric A": …}`), not only its value."""
        head = piece.text.partition("\n")[0]
        return any(True for _ in self._in(plain(head.partition(": ")[0])))

    def _mark(self, piece: Piece) -> frozenset[str]:
        inner = [self._mark(each) for each in piece.parts]
        if piece.parts:
            found = frozenset().union(*inner)
            head = piece.text.partition("\n")[0] if piece.kind == "member" else ""
            found |= frozenset(self._in(plain(head))) if head else frozenset()
        else:
            found = frozenset(self._in(piece.plain))
        self._owners[id(piece)] = found
        return found

    def _in(self, text: str) -> Iterator[str]:
        """The things that a text names; a label inside a longer one is not meant by itself."""
        for phrase in self._phrases:
            at = position(text, phrase)
            while at >= 0:
                if self._labels[phrase]:
                    yield self._labels[phrase]
                text = f"{text[:at]}{' ' * len(phrase)}{text[at + len(phrase) :]}"
                at = position(text, phrase, at)
        for word in _WORDS.findall(text):
            for each in {word, word.strip(".-"), *_WORD_PARTS.split(word)}:
                if each in self._words and self._labels[each]:
                    yield self._labels[each]

    def _collect(self, piece: Piece) -> None:
        owners = self._owners[id(piece)]
        if len(owners) == 1:
            self._found.setdefault(next(iter(owners)), []).append(piece)
            return
        if not owners:
            return
        if not piece.parts:
            self._cut(piece)
            return
        for index, part in enumerate(piece.parts):
            own = self._owners[id(part)]
            if len(own) == 1 and piece.kind in {"lines", "object", ""}:
                following = [part]
                for after in piece.parts[index + 1 :]:
                    if self._owners[id(after)]:
                        break
                    following.append(after)
                self._found.setdefault(next(iter(own)), []).append(_joined(following))
            else:
                self._collect(part)

    def _cut(self, piece: Piece) -> None:
        """A text that speaks of several is cut before each of their labels; what stands before belongs to the first."""
        text = piece.plain
        marks: list[tuple[int, str]] = []
        taken: list[tuple[int, int]] = []
        for label in sorted(self._labels, key=len, reverse=True):
            for at in _positions(text, label):
                if not any(start <= at < end for start, end in taken):
                    taken.append((at, at + len(label)))
                    marks.append((at, self._labels[label]))
        marks = sorted(mark for mark in marks if mark[1])
        changes = [mark for index, mark in enumerate(marks) if index == 0 or marks[index - 1][1] != mark[1]]
        for index, (at, owner) in enumerate(changes):
            end = changes[index + 1][0] if index + 1 < len(changes) else len(text)
            self._found.setdefault(owner, []).append(Piece(text[at if index else 0 : end]))


def _positions(text: str, label: str) -> Iterator[int]:
    at = position(text, label) if label else -1
    while at >= 0:
        yield at
        at = position(text, label, at + 1)
