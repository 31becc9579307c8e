"""What a client shows for a value that is not there: zero for an absent score, a date for the open end of a period.

https://hl7.org/fhir/R4/datatypes.html#Period: an end that is missing means that the period goes on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from vbpr_conformance.observe.shown_dates import date_places, date_shown
from vbpr_conformance.observe.shown_numbers import number_tokens
from vbpr_conformance.observe.witness_tree import Piece, plain

_MARK = "[-\u2013\u2014/\u2192\u2502|,;]|[.]{2,3}"
_WORD = r"(?:\w{0,12}(?:end|to|until|till|thru|through|bis|au|al|hasta)\w{0,6})?"
_BETWEEN = rf"\s*(?P<mark>{_MARK})?\s*{_WORD}[^\w\u2502|,;]{{0,3}}"
_DATE = (
    r"(?P<date>\d{4}-\d\d(?:-\d\d)?|\d{1,2}[./]\d{1,2}[./]\d{4}|"
    r"\d{1,2}\.? [^\W\d]{3,9} \d{4}|[^\W\d]{3,9} \d{1,2}, \d{4})"
)
_AFTER = re.compile(_BETWEEN + _DATE, re.IGNORECASE)
_BEFORE = re.compile(_DATE + _BETWEEN + r"$", re.IGNORECASE)
_TO = re.compile(
    r"[^\S\n]*(?:[-\u2013\u2014/\u2192~]|\.{2,3}|\u2026|to|until|till|through|thru|bis|au|al|hasta)[^\S\n]*",
    re.IGNORECASE,
)
"""What stands between the start and the end of a period in one line."""
_STARTS = re.compile(
    r"\b(?:start|starts|begin|begins|from|since|von|seit|ab|beginn|début|du|desde)\b\W{0,4}$", re.IGNORECASE
)
_ENDS = re.compile(r"\b(?:end|ends|to|until|till|through|thru|bis|ende|fin|au|hasta)\b\W{0,4}$", re.IGNORECASE)
_NEAR = 48
_COLUMNS = frozenset("\u2502|,;")
_MOST_QUOTED = 120
_NAME = "\0"
_SAYS_SOMETHING = re.compile(r"[^\W\d]|\0")


def made_up_end(text: str, start: str, end: str, others: Iterable[str]) -> str:
    """Give the date that is shown beside the one end of a period for the other one, which is not there.

    One of `start` and `end` is empty; `others` are further dates of the resource, which may stand beside it.
    """
    known = list(others)
    for begin, stop in date_places(text, start or end):
        found = _AFTER.match(text, stop, stop + _NEAR) if start else _BEFORE.search(text, max(0, begin - _NEAR), begin)
        if found is None or any(date_shown(found["date"], each) for each in known):
            continue
        is_column = found["mark"] in _COLUMNS if found["mark"] else False
        if is_column and date_shown(found["date"], datetime.now(UTC).date().isoformat()):  # when it was fetched
            continue
        return found["date"]
    return ""


def exchanged_ends(text: str, start: str, end: str) -> str:
    """Give the place where a period is shown from its end to its start; nothing if there is none.

    Both ends stand in one line with a word or dash between, or each behind a word for the other one.
    """
    starts, ends = date_places(text, start), date_places(text, end)
    followed = {begin for _, stop in starts for begin, _ in ends if _TO.fullmatch(text[stop:begin])}
    for begin, stop in ends:
        for later, after in starts:
            if begin not in followed and 0 < later - stop <= _NEAR and _TO.fullmatch(text[stop:later]):
                return text[begin:after]
    wrong = [_STARTS.search(text, max(0, begin - _NEAR), begin) for begin, _ in ends]
    others = [_ENDS.search(text, max(0, begin - _NEAR), begin) for begin, _ in starts]
    both = next((each for each in wrong if each), None), next((each for each in others if each), None)
    if both[0] is None or both[1] is None:
        return ""
    return f"{both[0][0].strip()} {end}, {both[1][0].strip()} {start}"


@dataclass(frozen=True)
class ThingShown:
    """A thing with a number, or without one: the pieces that speak of it, and what it is called."""

    pieces: Sequence[Piece]
    names: Sequence[str]
    number: Decimal | None = None

    def places(self) -> Iterator[tuple[str, str]]:
        """Where its number stands (zero for none): what comes before in its line, without the name; and the line."""
        called = sorted((plain(each) for each in self.names), key=len, reverse=True)
        sought = self.number if self.number is not None else Decimal(0)
        for piece in self.pieces:
            above = ""
            for line in piece.text.splitlines():
                text = plain(line)
                for name in called:
                    text = text.replace(name, _NAME)
                for token in number_tokens(text):
                    if sought in token.readings:
                        before = text[: token.start]
                        yield (before if _SAYS_SOMETHING.search(before) else f"{above}\n{before}"), line
                above = text


def zero_stands_for(absent: ThingShown, present: Iterable[ThingShown]) -> str:
    """Give the line in which zero stands where others of its kind have their number; nothing if none does.

    That is where the lines before the numbers differ in nothing but the name.
    """
    places = {place for each in present for place, _ in each.places()}
    return next((line[:_MOST_QUOTED] for place, line in absent.places() if place in places), "")
