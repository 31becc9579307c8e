"""A body laid out to be read, with the lines marked that stand for the elements which a finding names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vbpr_conformance.report.failure_text import pretty

_MEMBER = re.compile(r'"((?:[^"\\]|\\.)*)": (.*)')
_LAST_STEP = re.compile(r"(\[\d+\]|(^|\.)[^.\[]+)$")
_OF_TYPE = re.compile(r"\.ofType\((\w+)\)")
_TYPE = re.compile(r"^[A-Z]\w*(\.|$)")
_MOST = 8_000
"""So many characters are shown whole; of more, the beginning and what stands around the marks."""
_MOST_OF_A_PLACE = 500
"""A place that takes more characters is none of FHIR: nothing is looked for there."""
_HEAD = 12
_AROUND = 8


@dataclass
class ShownLine:
    """A line of a body: where it stands in the resource, and whether it is marked."""

    text: str
    place: str = ""
    is_marked: bool = False


def marked_lines(body: str, expressions: Iterable[str]) -> list[ShownLine]:
    """Give a body line by line. `expressions` are the FHIRPaths of what differs or is invalid in it.

    An element is marked whole; where it is not there, the nearest one around it is marked where it begins.
    """
    text = pretty(body)
    lines = _placed(text)
    for expression in expressions:
        _mark(lines, _place(expression))
    return lines if len(text) <= _MOST else _shortened(lines)


def _placed(text: str) -> list[ShownLine]:
    """Say of each line at which place it stands: `group[0].measureScore.value`. Only of JSON that was laid out."""
    lines: list[ShownLine] = []
    around: list[tuple[str, int | None]] = []  # the places that are open, arrays with the index of the next item
    for line in text.splitlines():
        inner = line.strip()
        if inner[:1] in {"}", "]"} and around:
            place, _ = around.pop()
        else:
            place, inner = _next_place(inner, around)
            if inner in {"{", "["}:
                around.append((place, 0 if inner == "[" else None))
        lines.append(ShownLine(line, place))
    return lines


def _next_place(inner: str, around: list[tuple[str, int | None]]) -> tuple[str, str]:
    if not around:
        return "", inner
    outer, index = around[-1]
    if len(outer) > _MOST_OF_A_PLACE:
        return outer, inner
    if index is not None:
        around[-1] = (outer, index + 1)
        return f"{outer}[{index}]", inner
    member = _MEMBER.fullmatch(inner)
    if member is None:
        return outer, inner
    return f"{outer}.{member[1]}" if outer else member[1], member[2]


def _place(expression: str) -> str:
    """Give the place in JSON of a FHIRPath: without the type in front, and with the names of choices."""
    if len(expression) > _MOST_OF_A_PLACE:
        return ""
    plain = _TYPE.sub("", expression)
    return _OF_TYPE.sub(lambda match: match[1][:1].upper() + match[1][1:], plain)


def _mark(lines: Sequence[ShownLine], place: str) -> None:
    is_there = True
    while place:
        begins = [number for number, line in enumerate(lines) if _is_at(line.place, place)]
        if begins:
            for number in begins if is_there else begins[:1]:
                lines[number].is_marked = True
            return
        is_there = False
        around = _LAST_STEP.sub("", place)
        place = around if around != place else ""  # it is no path, as a name that ends in a point


def _is_at(place: str, wanted: str) -> bool:
    """Whether a line belongs to an element of the resource, or of one that a Bundle holds."""
    own = place.rpartition(".resource.")[2]
    return own == wanted or own.startswith((f"{wanted}.", f"{wanted}["))


def _shortened(lines: Sequence[ShownLine]) -> list[ShownLine]:
    """Keep the beginning and what stands around marks, and say how much is left out between."""
    marked = [number for number, line in enumerate(lines) if line.is_marked]
    kept = set(range(_HEAD if marked else _first_characters(lines)))
    for number in marked:
        kept |= set(range(number - _AROUND, number + _AROUND + 1))
    found: list[ShownLine] = []
    left_out = 0
    for number, line in enumerate(lines):
        if number in kept:
            found += [_gap(left_out)] if left_out else []
            found.append(line)
            left_out = 0
        else:
            left_out += 1
    return [*found, _gap(left_out)] if left_out else found


def _first_characters(lines: Sequence[ShownLine]) -> int:
    """Say how many lines fit in what is shown; a single line that does not is cut."""
    room = _MOST
    for number, line in enumerate(lines):
        if len(line.text) > room:
            line.text = f"{line.text[:room]}…"
            return number + 1
        room -= len(line.text)
    return len(lines)


def _gap(number: int) -> ShownLine:
    return ShownLine(f"… {number:,} more line{'s' if number != 1 else ''}")
