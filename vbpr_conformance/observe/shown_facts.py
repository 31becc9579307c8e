"""What a value looks like to a reader, and whether a text shows it: exactly, with something lost, or not at all.

A FHIR value is taken apart into facts that must all be shown; each fact may be shown in several ways (a code by its
code, its display or its text; a reference by what it refers to).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from vbpr_conformance.observe.shown_dates import FhirMoment, date_shown
from vbpr_conformance.observe.shown_numbers import number_tokens, rounded_from
from vbpr_conformance.observe.witness_tree import Piece, plain

EXACT = "exact"
_TRUE = ("true", "yes", "ja", "oui", "si", "sí", "✓", "✔", "☑", "☒", "met", "achieved", "1")
_FALSE = ("false", "no", "nein", "non", "✗", "✘", "☐", "✕", "not met", "not achieved", "0")
_DIGITS = frozenset({"0", "1"})
_LINE = 200
"""So short a text may say yes or no by a digit; in a longer one a digit may say anything."""
_IN_URLS = frozenset(":/")
"""What holds one of these is looked for in URLs too: they end in references."""
_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_URL = re.compile(r"\b(?:https?|urn):\S+")
_CURRENCY_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "CNY": "¥", "INR": "₹", "KRW": "₩", "CHF": "Fr"}
_DATE = re.compile(r"\d{4}(-\d\d(-\d\d(T.*)?)?)?")
_DIMENSIONLESS = {"1", "%", ""}
_NOISE = Decimal("1e-12")
"""What binary fractions make of a decimal differs by less, relative to it."""
_SURE_DIGITS = 4
_SURE_LETTERS = 5


_COMPARATORS = {
    "<": (
        "<",
        "less than",
        "under",
        "below",
        "fewer than",
        "weniger als",
        "unter",
        "kleiner",
        "moins de",
        "inf\u00e9rieur",
    ),
    "<=": ("<=", "\u2264", "=<", "at most", "up to", "no more than", "max", "h\u00f6chstens", "bis zu", "au plus"),
    ">=": (">=", "\u2265", "=>", "at least", "no less than", "min", "mindestens", "au moins"),
    ">": (
        ">",
        "more than",
        "over",
        "above",
        "greater than",
        "mehr als",
        "\u00fcber",
        "gr\u00f6\u00dfer",
        "plus de",
        "sup\u00e9rieur",
    ),
}
"""How somebody says what a comparator says, which changes what the number means.

https://hl7.org/fhir/R4/datatypes-definitions.html#Quantity.comparator
"""


@dataclass(frozen=True)
class ShownFact:
    """One thing that must be shown, in one of its `ways`.

    `kind` is number, boolean, date, text, unit or comparator; ends or open end where it is about which end of a period
    is which.
    `is_percent`: a number that is one of percent already, so that a percent sign behind it changes nothing.
    """

    kind: str
    ways: tuple[str, ...]
    is_percent: bool = False

    @property
    def is_sure(self) -> bool:
        """Whether it has enough of its own to be told from chance, as far as it occurs once."""
        first = self.ways[0]
        if self.kind == "number":
            return len(Decimal(first).normalize().as_tuple().digits) >= _SURE_DIGITS
        if self.kind == "date":
            moment = FhirMoment.parse(first)
            return moment is not None and bool(moment.month)
        return self.kind == "text" and any(len(each) >= _SURE_LETTERS for each in self.ways)

    def told(self) -> str:
        """The fact as it is said in a message."""
        return self.ways[0]


def facts_of(value: Any, targets: Mapping[str, Mapping[str, Any]], *, with_unit: bool = False) -> list[ShownFact]:
    """Take a FHIR value apart; `targets` are resources by their reference and canonical URL."""
    return list(dict.fromkeys(_facts(value, targets, with_unit=with_unit)))


def _facts(value: Any, targets: Mapping[str, Mapping[str, Any]], *, with_unit: bool) -> Iterator[ShownFact]:
    if isinstance(value, bool):
        yield ShownFact("boolean", _TRUE if value else _FALSE)
    elif isinstance(value, int | Decimal):
        yield ShownFact("number", (str(value),))
    elif isinstance(value, str):
        yield _text(value, targets)
    elif isinstance(value, list):
        for each in value:
            yield from _facts(each, targets, with_unit=with_unit)
    elif isinstance(value, dict):
        yield from _object(value, targets, with_unit=with_unit)


def _text(value: str, targets: Mapping[str, Mapping[str, Any]]) -> ShownFact:
    if _DATE.fullmatch(value) and FhirMoment.parse(value) is not None:
        return ShownFact("date", (value,))
    target = targets.get(value) or targets.get(value.partition("|")[0])
    bare = value.partition("|")[0] if "://" in value else value
    return ShownFact("text", tuple(dict.fromkeys([value, bare, *(names_of(target) if target else ())])))


def _object(
    value: Mapping[str, Any], targets: Mapping[str, Mapping[str, Any]], *, with_unit: bool
) -> Iterator[ShownFact]:
    if value.get("url") == _ABSENT:  # why there is no value is none
        return
    if "coding" in value or (set(value) <= {"text", "id", "extension"} and "text" in value):
        yield from _concept(value)
    elif isinstance(value.get("code"), str) and "value" not in value:
        yield ShownFact("text", _code_ways(value))
    elif "reference" in value or (
        "identifier" in value and set(value) <= {"identifier", "type", "display", "extension"}
    ):
        yield from _reference(value, targets)
    elif "value" in value and isinstance(value["value"], int | Decimal) and not isinstance(value["value"], bool):
        yield from _quantity(value, with_unit=with_unit)
    else:
        for key, each in value.items():
            if key in {"url", "id", "system", "use", "resourceType", "meta", "contentType", "language"}:
                continue
            if key.startswith("_") or (key == "text" and isinstance(each, dict) and "div" in each):
                continue
            if key == "type" and isinstance(each, dict):  # the type of an identifier
                continue
            yield from _facts(each, targets, with_unit=with_unit)


def _concept(value: Mapping[str, Any]) -> Iterator[ShownFact]:
    ways = [value["text"]] if "text" in value else []
    for coding in value.get("coding", ()):
        ways += _code_ways(coding)
    if ways:
        yield ShownFact("text", tuple(dict.fromkeys(ways)))


def _code_ways(coding: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(coding[key]) for key in ("code", "display") if key in coding)


def _reference(value: Mapping[str, Any], targets: Mapping[str, Mapping[str, Any]]) -> Iterator[ShownFact]:
    ways: list[str] = []
    reference = value.get("reference", "")
    if reference:
        whole = reference.partition("/_history/")[0]  # a version is shown by what it is a version of
        ways += [reference, whole, whole.rpartition("/")[2]]
        target = targets.get(whole) or targets.get("/".join(whole.split("/")[-2:]))
        ways += names_of(target) if target else []
    if "identifier" in value:
        ways.append(str(value["identifier"].get("value", "")))
    if "display" in value:
        ways.append(value["display"])
    kept = tuple(dict.fromkeys(each.lstrip("#") for each in ways if each.lstrip("#")))
    if kept:
        yield ShownFact("text", kept)


def names_of(resource: Mapping[str, Any]) -> list[str]:
    """What a resource may be called by a reader: id, identifiers, name, title."""
    found = [str(resource["id"])] if "id" in resource else []
    identifiers = resource.get("identifier", [])
    listed = identifiers if isinstance(identifiers, list) else [identifiers]
    found += [str(each["value"]) for each in listed if isinstance(each, Mapping) and "value" in each]
    for key in ("name", "title"):
        value = resource.get(key)
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, list):
            found += [str(each.get("family", each.get("text", ""))) for each in value if isinstance(each, Mapping)]
    return [each for each in found if each]


def _quantity(value: Mapping[str, Any], *, with_unit: bool) -> Iterator[ShownFact]:
    ways = tuple(dict.fromkeys(str(value[key]) for key in ("unit", "code") if value.get(key)))
    yield ShownFact("number", (str(value["value"]),), is_percent="%" in ways)
    if value.get("comparator") in _COMPARATORS:
        yield ShownFact("comparator", _COMPARATORS[value["comparator"]])
    if not with_unit:
        return
    if "currency" in value:
        code = str(value["currency"])
        yield ShownFact("unit", tuple(each for each in (code, _CURRENCY_SIGNS.get(code, "")) if each))
        return
    if ways and not set(ways) <= _DIMENSIONLESS:
        yield ShownFact("unit", ways)


class OutputText:
    """A piece of output ready to be asked for facts; its numbers are found once."""

    def __init__(self, pieces: Iterable[Piece]) -> None:
        kept = list(pieces)
        self.text = "\n".join(each.text for each in kept)
        self.plain = plain(self.text)
        self._piece = Piece(self.text)
        self._words = Piece(_URL.sub(" ", self.text))
        self._numbers: set[Decimal] | None = None

    @property
    def numbers(self) -> set[Decimal]:
        """Everything that the numbers in it may mean."""
        if self._numbers is None:
            self._numbers = {each for token in number_tokens(self.text) for each in token.readings}
        return self._numbers

    @property
    def written_numbers(self) -> set[Decimal]:
        """The numbers in it where a percent sign is no part of the number."""
        tokens = [each for each in number_tokens(self.text) if each.text.endswith("%")]
        parts = {each for token in tokens for each in token.readings if each / 100 not in token.readings}
        return self.numbers - parts if parts else self.numbers

    def shows(self, fact: ShownFact) -> str:
        """Say how it shows a fact: `exact`, nothing, or what is lost."""
        if fact.kind == "number":
            return self._shows_number(Decimal(fact.ways[0]), self.written_numbers if fact.is_percent else self.numbers)
        if fact.kind == "date":
            return date_shown(self.text, fact.ways[0])
        if fact.kind == "unit":
            return EXACT if any(self._stands(each) for each in fact.ways) else ""
        if fact.kind == "comparator":
            return EXACT if any(plain(each) in self.plain for each in fact.ways) else ""
        if fact.kind in {"ends", "open end"}:  # its dates are facts of their own
            return EXACT
        if fact.kind == "boolean" and len(self.plain) > _LINE:
            return EXACT if any(self._words.has(each) for each in fact.ways if each not in _DIGITS) else ""
        ways = [plain(each) for each in fact.ways]
        return (
            EXACT
            if any((self._piece if _IN_URLS & set(each) else self._words).has(each) for each in ways if each)
            else ""
        )

    def _shows_number(self, value: Decimal, numbers: set[Decimal]) -> str:
        if value in numbers:
            return EXACT
        if value < 0 and -value in numbers:
            return f"its minus is lost: {-value} is shown"
        noisy = [each for each in numbers if 0 < abs(each - value) <= abs(value) * _NOISE]
        if noisy:
            return f"its digits are changed: {noisy[0]} is shown"
        digits = len(value.normalize().as_tuple().digits)
        near = [each for each in numbers if rounded_from(each, value, min(3, max(1, digits - 1)))]
        return f"it is rounded: {max(near, key=lambda each: len(each.as_tuple().digits))} is shown" if near else ""

    def _stands(self, unit: str) -> bool:
        found = plain(unit)
        if not found:
            return False
        return (
            found in self.plain
            if not found[0].isalnum()
            else self._piece.has(found) or bool(re.search(rf"\d\s?{re.escape(found)}(?!\w)", self.plain))
        )

    def roughly(self, value: Decimal, least_digits: int = 1) -> str:
        """Say which number of it is `value` with digits lost, if any, however few are left."""
        near = [each for each in self.numbers if rounded_from(each, value, least_digits)]
        return str(max(near, key=lambda each: len(each.as_tuple().digits))) if near else ""
