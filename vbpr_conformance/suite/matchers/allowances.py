"""Two more liberties of servers, seen in servers that many use: another spelling of the same."""

from __future__ import annotations

import re
from typing import Any

from vbpr_conformance.fhir.allowances import Allowance

_UTC = re.compile(r"(?<=\d)(Z|[+-]00:00)$")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*")
_ZEROS = re.compile(r"(?<=:\d\d)(?:\.0+|(\.\d*?[1-9])0+)(?=(?:Z|[+-]\d\d:\d\d)$)")
"""Zeros at the end of a fraction of a second, as libraries of dates write them."""
_AROUND_TAGS = re.compile(r"\s*(<[^>]*>)\s*")


def _same_moment(_: tuple[str, ...], sent: Any, got: Any) -> bool:
    """Whether both are the same moment, in the same offset from UTC."""
    return (
        isinstance(sent, str) and isinstance(got, str) and bool(_MOMENT.fullmatch(sent)) and _plain(sent) == _plain(got)
    )


def _plain(moment: str) -> str:
    """The one spelling of moments that differ in the zeros of their fraction or in how they write UTC."""
    return _ZEROS.sub(r"\1", _UTC.sub("Z", moment))


def _same_words(steps: tuple[str, ...], sent: Any, got: Any) -> bool:
    if steps[-2:] != ("text", "div") or not isinstance(sent, str) or not isinstance(got, str):
        return False
    return _unindented(sent) == _unindented(got)


def _unindented(narrative: str) -> str:
    return " ".join(_AROUND_TAGS.sub(r"\1", narrative).split())


MOMENT_SPELLED_OTHERWISE = Allowance(
    "moment-spelled-otherwise",
    "Z, +00:00 and -00:00 are the same offset from UTC; zeros after a fraction of a second add nothing",
    "https://hl7.org/fhir/R4/datatypes.html#dateTime",
    _same_moment,
)
NARRATIVE_INDENTED = Allowance(
    "narrative-indented",
    "white space beside the tags of a narrative is a matter of layout",
    "https://hl7.org/fhir/R4/narrative.html",
    _same_words,
)
