"""Numbers as people and programs write them: separators of any locale, signs, percent, exponents.

A token has as many readings as it may have in some locale: `1,234` is 1234 and 1.234.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, InvalidOperation

_SPACES = " \u00a0\u2009\u202f"
_MARKS = "'\u2019_"
_TOKEN = re.compile(
    rf"(?<![\w.])(?P<core>\d+(?:[.,{_MARKS}{_SPACES}]\d+)*|[.,]\d+)(?P<exponent>[eE][+-]?\d+)?(?P<tail>\s?%)?"
)
_GROUPED = re.compile(rf"\d{{1,3}}(?:([{_MARKS}{_SPACES},.])\d{{3}})(?:\1\d{{3}})*")
_SIGN = re.compile(r"(?:^|[^\w)])([-\u2212\u2013])\s?(?:[^\w\s]{0,3}|[A-Z]{3})\s?$|\(\s?(?:[^\w\s]{0,3}|[A-Z]{3})\s?$")
_LONG = 60


@dataclass(frozen=True)
class NumberToken:
    """A number found in a text: where it starts, what it is written as, and what it may mean."""

    start: int
    text: str
    readings: frozenset[Decimal]


def number_tokens(text: str) -> Iterator[NumberToken]:
    """Find every number of a text."""
    for found in _TOKEN.finditer(text):
        yield from _tokens(text, found)


def _tokens(text: str, found: re.Match[str]) -> Iterator[NumberToken]:
    core, exponent = found["core"], found["exponent"] or ""
    sign = _sign(text, found)
    readings = {each for plain in _plain(core) for each in _valued(plain, exponent, sign, percent=bool(found["tail"]))}
    yield NumberToken(found.start(), found[0], frozenset(readings))
    parts = re.split(rf"[{_SPACES}{_MARKS}]", core)
    if len(parts) > 1:  # two numbers beside each other look like one with a space between its thousands
        start = found.start()
        for index, part in enumerate(parts):
            last = index == len(parts) - 1
            values = {
                each
                for plain in _plain(part)
                for each in _valued(
                    plain, exponent if last else "", sign if index == 0 else 1, percent=last and bool(found["tail"])
                )
            }
            yield NumberToken(start, part, frozenset(values))
            start += len(part) + 1


def _sign(text: str, found: re.Match[str]) -> int:
    """Whether a minus stands before the number (also with a currency between), behind it, or brackets around it."""
    before = _SIGN.search(text[max(0, found.start() - 8) : found.start()])
    behind = text[found.end() : found.end() + 2]
    if before is None:
        return -1 if re.match(r"[-\u2212](?![\w-])", behind) else 1
    if before[0].startswith("("):
        return -1 if behind.lstrip(_SPACES + "$€£¥%")[:1] == ")" else 1
    return -1


def _plain(core: str) -> set[str]:
    """The ways to read separators, each as digits with a decimal point."""
    if len(core) > _LONG:
        return set()
    bare = re.sub(rf"[{_MARKS}{_SPACES}]", "", core)
    kinds = {each for each in bare if each in ".,"}
    if not kinds:
        return {bare}
    if len(kinds) == 2:  # noqa: PLR2004  # both: the last one is that of the decimals
        point = max(kinds, key=bare.rfind)
        other = (kinds - {point}).pop()
        return {bare.replace(other, "").replace(point, ".")} if bare.count(point) == 1 else set()
    mark = kinds.pop()
    if bare.count(mark) > 1:
        return {bare.replace(mark, "")}
    found = {bare.replace(mark, ".")}
    if _GROUPED.fullmatch(core) and not core.startswith("0"):
        found.add(bare.replace(mark, ""))
    return found


def _valued(plain: str, exponent: str, sign: int, *, percent: bool) -> Iterator[Decimal]:
    try:
        value = Decimal(plain + exponent) * sign
    except InvalidOperation:
        return
    yield value
    if percent:
        yield value / 100


def rounded_from(shown: Decimal, value: Decimal, least_digits: int = 1) -> bool:
    """Whether `shown` is `value` with digits lost at its end: rounded or cut, at least `least_digits` of them left."""
    if shown in (value, 0):
        return False
    shown_exponent, exponent = shown.normalize().as_tuple().exponent, value.normalize().as_tuple().exponent
    if not isinstance(shown_exponent, int) or not isinstance(exponent, int) or shown_exponent <= exponent:
        return False
    if len(shown.normalize().as_tuple().digits) < least_digits:
        return False
    step = Decimal(1).scaleb(shown_exponent)
    return any(value.quantize(step, how) == shown for how in (ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_DOWN))
