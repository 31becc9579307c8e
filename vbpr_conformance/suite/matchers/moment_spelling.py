"""One more liberty of servers, seen in servers that many use: another spelling of the same moment."""

from __future__ import annotations

import re
from typing import Any

from vbpr_conformance.fhir.round_trip import Allowance

_UTC = re.compile(r"(?<=\d)(Z|[+-]00:00)$")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*")
_ZEROS = re.compile(r"(?<=:\d\d)(?:\.0+|(\.\d*?[1-9])0+)(?=(?:Z|[+-]\d\d:\d\d)$)")
"""Zeros at the end of a fraction of a second, as libraries of dates write them."""


def _same_moment(_: tuple[str, ...], sent: Any, got: Any) -> bool:
    """Whether both are the same moment, in the same offset from UTC."""
    return (
        isinstance(sent, str) and isinstance(got, str) and bool(_MOMENT.fullmatch(sent)) and _plain(sent) == _plain(got)
    )


def _plain(moment: str) -> str:
    """The one spelling of moments that differ in the zeros of their fraction or in how they write UTC."""
    return _ZEROS.sub(r"\1", _UTC.sub("Z", moment))


MOMENT_SPELLED_OTHERWISE = Allowance(
    "moment-spelled-otherwise",
    "Z, +00:00 and -00:00 are the same offset from UTC; zeros after a fraction of a second add nothing",
    "https://hl7.org/fhir/R4/datatypes.html#dateTime",
    _same_moment,
)
