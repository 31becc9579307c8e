"""Makes every free value of a resource occur once, so that finding it in a client's output is proof.

Codes, references, URLs, narratives and what the scenario has set stay as they are; what breaks a rule is undone.
"""

from __future__ import annotations

import datetime as dt
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from vbpr_conformance.fhir.json_codec import WrittenDecimal

Object = dict[str, Any]
Made = TypeVar("Made")

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_MONTH = re.compile(r"\d{4}-\d\d")
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)")
_KEPT = frozenset(
    {
        "resourceType", "url", "system", "code", "reference", "profile", "status", "type", "unit", "currency",
        "language", "comparator", "use", "contentType", "measure", "resource", "version", "display", "expression",
        "criteria", "library", "path", "gender", "postalCode", "state", "country",
    }
)  # fmt: skip
"""Elements whose plain values stay."""
_WHOLE = frozenset({"meta", "telecom", "criteria"})
"""Elements that stay with all that is in them."""
_LETTERS = "bcdfghjkmnpqrstvwxz"


@dataclass
class _Edit:
    holder: Any
    key: Any
    old: Any
    new: Any

    def do(self) -> None:
        self.holder[self.key] = self.new

    def undo(self) -> None:
        if self.old is None:
            self.holder.pop(self.key, None)
        else:
            self.holder[self.key] = self.old


class DistinctValues:
    """Gives values that it has not given before; the same `rng` gives the same ones."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._given: set[str] = set()

    def word(self, length: int = 7) -> str:
        """A word that stands in no language: consonants and digits."""
        return self._once(lambda: "".join(self._rng.choice(_LETTERS + "23456789") for _ in range(length)), is_distinct)

    def number(self, like: Decimal) -> Decimal:
        """A decimal of the same sign and about the same size, with five or more digits that say something."""
        if like == 0:
            return like
        if -1 <= like <= 1:
            return self._once(lambda: WrittenDecimal(_signed(like, f"0.{self._digits(5)}")))
        if abs(like) <= 100:  # noqa: PLR2004  # may be a percentage
            return self._once(lambda: WrittenDecimal(_signed(like, f"{self._rng.randint(11, 89)}.{self._digits(3)}")))
        whole = self._rng.randint(1000, 98999)
        return self._once(lambda: WrittenDecimal(_signed(like, f"{whole}.{self._digits(2)}")))

    def integer(self) -> int:
        """A whole number of six digits."""
        return self._once(lambda: self._rng.randint(100_123, 899_987))

    def date(self) -> dt.date:
        """A day between 2027 and 2045 that is not the same read as month and day the other way round."""
        return self._once(
            lambda: dt.date(self._rng.randint(2027, 2045), self._rng.randint(1, 12), self._rng.randint(13, 28))
        )

    def _digits(self, count: int) -> str:
        return "".join(self._rng.choice("123456789") for _ in range(count))

    def _once(self, make: Callable[[], Made], good: Callable[[Made], bool] = lambda _: True) -> Made:
        while True:
            made = make()
            if good(made) and str(made) not in self._given:
                self._given.add(str(made))
                return made


def is_distinct(text: str) -> bool:
    """Whether a word can be taken neither for a number nor for a word of a language."""
    return text[0].isalpha() and sum(each.isalpha() for each in text) > 1 and any(each.isdigit() for each in text)


def _signed(like: Decimal, text: str) -> str:
    return f"-{text}" if like < 0 else text


def make_distinct(resource: Object, values: DistinctValues, kept: set[str], is_valid: Callable[[Object], bool]) -> None:
    """Change the free values of `resource`; `kept` are texts of values that stay; what is not valid is undone."""
    edits = list(_edits(resource, values, kept))
    for edit in edits:
        edit.do()
    if is_valid(resource):
        return
    for edit in edits:
        edit.undo()
    _apply_by_halves(resource, edits, is_valid)


def _apply_by_halves(resource: Object, edits: list[_Edit], is_valid: Callable[[Object], bool]) -> None:
    for edit in edits:
        edit.do()
    if is_valid(resource):
        return
    for edit in reversed(edits):
        edit.undo()
    if len(edits) > 1:
        half = len(edits) // 2
        _apply_by_halves(resource, edits[:half], is_valid)
        _apply_by_halves(resource, edits[half:], is_valid)


def _edits(value: Any, values: DistinctValues, kept: set[str]) -> Iterator[_Edit]:
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from _edit(value, index, each, values, kept)
        return
    if _is_period(value, kept):
        yield from _period(value, values)
        return
    for key in list(value):
        each = value[key]
        is_narrative = key == "text" and isinstance(each, dict) and "div" in each
        if key not in _WHOLE and not key.startswith("_") and not is_narrative:
            yield from _edit(value, key, each, values, kept)
    if "coding" in value and "text" not in value:
        yield _Edit(value, "text", None, f"{_display(value)} {values.word()}".strip())


def _edit(holder: Any, key: Any, value: Any, values: DistinctValues, kept: set[str]) -> Iterator[_Edit]:
    if isinstance(value, dict | list):
        yield from _edits(value, values, kept)
    elif key not in _KEPT and str(value) not in kept:
        yield from _leaf(holder, key, value, values)


def _display(concept: Object) -> str:
    codings = concept["coding"]
    return str(codings[0].get("display", "")) if codings and isinstance(codings[0], dict) else ""


def _leaf(holder: Any, key: Any, old: Any, values: DistinctValues) -> Iterator[_Edit]:
    new = _fresh(old, values)
    if new is not None:
        yield _Edit(holder, key, old, new)


def _fresh(old: Any, values: DistinctValues) -> Any:
    if isinstance(old, bool) or old is None:
        return None
    if isinstance(old, int):
        return values.integer() if old > 0 else None
    if isinstance(old, Decimal):
        return values.number(old) if old else None
    if not isinstance(old, str) or "://" in old or old.startswith("urn:"):
        return None
    if _DATE.fullmatch(old):
        return values.date().isoformat()
    if _MONTH.fullmatch(old):
        return values.date().isoformat()[:7]
    time = _TIME.fullmatch(old)
    if time:
        return f"{values.date().isoformat()}T{time[2]}{time[3] or ''}{time[4]}"
    if re.fullmatch(r"[\d:.+TZ-]+", old):
        return None
    return f"{old} {values.word()}" if " " in old else f"{old}-{values.word()}"


def _is_period(value: Object, kept: set[str]) -> bool:
    ends = [value.get("start"), value.get("end")]
    dated = all(isinstance(each, str) and re.match(r"\d{4}", each) for each in ends if each is not None)
    return any(ends) and dated and not any(str(each) in kept for each in ends)


def _period(value: Object, values: DistinctValues) -> Iterator[_Edit]:
    first, last = sorted((values.date(), values.date()))
    for key, day in (("start", first), ("end", last)):
        old = value.get(key)
        if old is None:
            continue
        new = day.isoformat()[: len(old)] if len(old) <= 10 else day.isoformat() + old[10:]  # noqa: PLR2004  # a date
        yield _Edit(value, key, old, new)
