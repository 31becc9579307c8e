"""How lines look where people watch them: in colours, and no word broken at the edge of the screen."""

from __future__ import annotations

import os
import re
import shutil
import textwrap
from collections.abc import Iterable, Iterator
from typing import TextIO

from vbpr_conformance.rest.printable import printable

_RED, _GREEN, _YELLOW, _MAGENTA, _DIM = 31, 32, 33, 35, 2
_FIRST_WORD = re.compile(
    r"^ *(?:(?P<bad>FAIL|NOT CONFORMANT|SHALL|claim)|(?P<warn>WARN|INCOMPLETE|SHOULD|not tested|limits)"
    r"|(?P<error>ERROR|error)|(?P<good>CONFORMANT)|(?P<dim>known|stale|expired))(?= {2,}|(?<=ERROR) )"
)
_COLOURS = {"bad": _RED, "warn": _YELLOW, "error": _MAGENTA, "good": _GREEN, "dim": _DIM}
_COUNTS = re.compile(r"^  (?P<suite>\S.*?)(?P<gap> {2,})(?P<counts>\d+ (?:pass|fail|warn|skip|error)(?: · \d+ \w+)*)$")
_COUNT = re.compile(r"\d+ (pass|fail|warn|skip|error)")
_OF_VERDICT = {"pass": _GREEN, "fail": _RED, "warn": _YELLOW, "skip": _DIM, "error": _MAGENTA}
_LABEL = re.compile(r"^ *\S+(?: \S+)* {2,}|^ *")
_COMMAND = re.compile(r"^(again    | {6}(request|seen again with) +)")
_MOST_INDENT = 24


def is_watched(out: TextIO) -> bool:
    """Whether somebody watches a terminal; `NO_COLOR` (https://no-color.org) and `CI` ask for plain lines."""
    return out.isatty() and not {"NO_COLOR", "CI"} & set(os.environ)


def styled(lines: Iterable[str], *, watched: bool) -> Iterator[str]:
    """Give lines as they are shown: what a target sent in them moves and colours nothing."""
    width = shutil.get_terminal_size().columns
    for text in lines:
        for line in text.split("\n"):
            shown = printable(line)
            if not watched:
                yield shown
            else:
                yield from map(_coloured, _wrapped(shown, width))


def _wrapped(line: str, width: int) -> list[str]:
    """Break a line between words, below the text that its label leads to; commands stay whole, to be copied."""
    if len(line) <= width or _COMMAND.match(line):
        return [line]
    label = _LABEL.match(line)
    indent = label.end() if label and label.end() <= _MOST_INDENT else len(line) - len(line.lstrip())
    rest = textwrap.wrap(
        line[indent:], max(20, width - indent), break_long_words=False, break_on_hyphens=False, drop_whitespace=True
    )
    return [line[:indent] + rest[0], *(" " * indent + each for each in rest[1:])]


def _coloured(line: str) -> str:
    counts = _COUNTS.match(line)
    if counts:
        painted = _COUNT.sub(lambda each: _in(_OF_VERDICT[each[1]], each[0]), counts["counts"])
        return f"  {counts['suite']}{counts['gap']}{painted}"
    word = _FIRST_WORD.match(line)
    if word is None or word.lastgroup is None:
        return line
    start, end = word.span(word.lastgroup)
    return line[:start] + _in(_COLOURS[word.lastgroup], line[start:end]) + line[end:]


def _in(colour: int, text: str) -> str:
    return f"\x1b[{colour}m{text}\x1b[0m"
