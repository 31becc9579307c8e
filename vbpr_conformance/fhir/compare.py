"""Whether two payloads are the same, digit for digit, and where they are not.

The order of properties means nothing, the order of arrays does (https://hl7.org/fhir/R4/json.html); decimals are
the same when value and digits after the point are (https://hl7.org/fhir/R4/datatypes.html#decimal); the lists of a
resource's own `meta` are sets (https://hl7.org/fhir/R4/resource.html#Meta); narratives are compared as XML.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lxml import etree

from vbpr_conformance.fhir.json_codec import dumps
from vbpr_conformance.fhir.round_trip import Allowance
from vbpr_conformance.fhir.xml_names import narrative_element

_SETS = {("meta", "profile"), ("meta", "security"), ("meta", "tag")}
_MOST_PAIRS = 2500
"""Arrays of different length are aligned while that takes at most so many comparisons, else compared by index."""


@dataclass(frozen=True, slots=True)
class ContentDifference:
    """A place where two payloads differ, as FHIRPath; None stands for what is absent."""

    path: str
    sent: Any
    got: Any

    def __str__(self) -> str:
        """Say it in a line."""
        return f"{self.path or '$this'}: sent {_shown(self.sent)}, got {_shown(self.got)}"


def differences(sent: Any, got: Any, *, ignore: Iterable[Allowance | str] = ()) -> list[ContentDifference]:
    """Compare what was sent with what came; `ignore` holds what may differ: allowances, or paths without indexes."""
    allowed = tuple(_path_allowance(each) if isinstance(each, str) else each for each in ignore)
    comparison = _Comparison(allowed)
    comparison.values(sent, got, (), "")
    return comparison.found


class _Comparison:
    def __init__(self, allowed: tuple[Allowance, ...]) -> None:
        self._allowed = allowed
        self.found: list[ContentDifference] = []

    def values(self, sent: Any, got: Any, steps: tuple[str, ...], path: str) -> None:
        """Compare what stands at one place."""
        if isinstance(sent, dict) and isinstance(got, dict):
            self._objects(sent, got, steps, path)
        elif isinstance(sent, list) and isinstance(got, list):
            if steps in _SETS:
                self._sets(sent, got, steps, path)
            else:
                self._arrays(sent, got, steps, path)
        elif not _same(sent, got, steps) and not self._permitted(sent, got, steps):
            self.found.append(ContentDifference(path, sent, got))

    def _permitted(self, sent: Any, got: Any, steps: tuple[str, ...]) -> bool:
        return any(each.permits(steps, sent, got) for each in self._allowed)

    def _objects(self, sent: dict[str, Any], got: dict[str, Any], steps: tuple[str, ...], path: str) -> None:
        for name in [*sent, *(name for name in got if name not in sent)]:
            mine, theirs = _whole(sent, name), _whole(got, name)
            below = (*steps, name.removeprefix("_"))
            if mine is None and theirs is None:
                continue
            if below == ("meta",):  # what a server adds here is judged piece by piece, also where none was sent
                mine, theirs = mine or {}, theirs or {}
            self.values(mine, theirs, below, _step(path, name, sent, got))

    def _arrays(self, sent: list[Any], got: list[Any], steps: tuple[str, ...], path: str) -> None:
        if len(sent) == len(got) or len(sent) * len(got) > _MOST_PAIRS:
            for i in range(max(len(sent), len(got))):
                mine, theirs = sent[i] if i < len(sent) else None, got[i] if i < len(got) else None
                self.values(mine, theirs, steps, f"{path}[{i}]")
            return
        for at, there in self._aligned(sent, got, steps):
            mine, theirs = None if at is None else sent[at], None if there is None else got[there]
            self.values(mine, theirs, steps, f"{path}[{there if at is None else at}]")

    def _aligned(self, sent: list[Any], got: list[Any], steps: tuple[str, ...]) -> list[tuple[int | None, int | None]]:
        """Pair what is the same in both, in order, so that one lost item is one difference and not many."""
        same = [[self._equal(mine, theirs, steps) for theirs in got] for mine in sent]
        longest = [[0] * (len(got) + 1) for _ in range(len(sent) + 1)]
        for i in reversed(range(len(sent))):
            for j in reversed(range(len(got))):
                skip = max(longest[i + 1][j], longest[i][j + 1])
                longest[i][j] = longest[i + 1][j + 1] + 1 if same[i][j] else skip
        pairs: list[tuple[int | None, int | None]] = []
        i = j = 0
        while i < len(sent) and j < len(got):
            if same[i][j]:
                pairs.append((i, j))
                i, j = i + 1, j + 1
            elif longest[i + 1][j] >= longest[i][j + 1]:
                pairs.append((i, None))
                i += 1
            else:
                pairs.append((None, j))
                j += 1
        return [*pairs, *((i, None) for i in range(i, len(sent))), *((None, j) for j in range(j, len(got)))]

    def _equal(self, sent: Any, got: Any, steps: tuple[str, ...]) -> bool:
        inner = _Comparison(self._allowed)
        inner.values(sent, got, steps, "")
        return not inner.found

    def _sets(self, sent: list[Any], got: list[Any], steps: tuple[str, ...], path: str) -> None:
        mine, theirs = {_member(each): each for each in sent}, {_member(each): each for each in got}
        for i, (member, each) in enumerate(mine.items()):
            if member not in theirs:
                self.values(each, None, steps, f"{path}[{i}]")
        for member, each in theirs.items():
            if member not in mine:
                self.values(None, each, steps, f"{path}[{got.index(each)}]")


def _whole(holder: dict[str, Any], name: str) -> Any:
    """Give a property without the null padding of primitives: an array of nothing else is absent."""
    value = holder.get(name)
    if isinstance(value, list) and value and value[-1] is None:
        filled = [i for i, each in enumerate(value) if each is not None]
        return value[: filled[-1] + 1] if filled else None
    return value


def _same(sent: Any, got: Any, steps: tuple[str, ...]) -> bool:
    if isinstance(sent, bool) or isinstance(got, bool):
        return sent is got
    if isinstance(sent, int | Decimal) and isinstance(got, int | Decimal):
        return sent == got and _digits(sent) == _digits(got)
    if type(sent) is not type(got):
        return False
    return bool(sent == got) or (steps[-2:] == ("text", "div") and _canonical(sent) == _canonical(got) != "")


def _digits(number: int | Decimal) -> int:
    """How many digits stand after the point; an exponent moves the point."""
    if isinstance(number, int):
        return 0
    exponent = number.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _canonical(narrative: Any) -> str:
    """Give the narrative in the one form that all texts of the same XML have; empty for what is no XML."""
    try:
        element = narrative_element(narrative)
    except (ValueError, TypeError):
        return ""
    _collapse(element)
    # The prefix of a namespace means nothing: a server that writes XML may give XHTML one.
    return str(etree.canonicalize(etree.tostring(element, encoding="unicode"), rewrite_prefixes=True))


def _collapse(element: etree._Element) -> None:
    """Take out white space that means nothing in XHTML: servers that indent XML indent narratives too."""
    if etree.QName(element).localname == "pre":
        return
    element.text = _collapsed(element.text)
    for child in element.iterchildren(etree.Element):
        _collapse(child)
        child.tail = _collapsed(child.tail)


def _collapsed(text: str | None) -> str | None:
    """Give one space for each run of white space, and nothing for a text of white space alone."""
    return re.sub(r"[ \t\r\n]+", " ", text) if text and text.strip(" \t\r\n") else None


def _member(value: Any) -> str:
    """Give what tells members of a set apart: a Coding's system and code, never its version or display."""
    if isinstance(value, dict) and "code" in value:
        return dumps([value.get("system"), value["code"]])
    return dumps(value)


def _step(path: str, name: str, sent: dict[str, Any], got: dict[str, Any]) -> str:
    """Extend a path: `_date` is `date`, and the value of an extension is taken by its type."""
    step = name.removeprefix("_")
    if "url" in sent and "url" in got and step.startswith("value") and step[5:6].isupper():
        step = f"value.ofType({_type_name(step[5:])})"
    return f"{path}.{step}" if path else step


def _type_name(suffix: str) -> str:
    small = suffix[0].lower() + suffix[1:]
    return small if small in _PRIMITIVES else suffix


_PRIMITIVES = {
    *("base64Binary", "boolean", "canonical", "code", "date", "dateTime", "decimal", "id", "instant", "integer"),
    *("markdown", "oid", "positiveInt", "string", "time", "unsignedInt", "uri", "url", "uuid"),
}


def _path_allowance(path: str) -> Allowance:
    names = tuple(path.split("."))
    return Allowance(path, "left out of the comparison", "", lambda steps, _sent, _got: steps[: len(names)] == names)


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    text = dumps(value)
    return text if len(text) <= 120 else f"{text[:117]}…"  # noqa: PLR2004  one line of a terminal
