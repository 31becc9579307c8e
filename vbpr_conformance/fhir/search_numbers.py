"""Numbers and quantities in searches (https://hl7.org/fhir/R4/search.html#number, #quantity)."""

from __future__ import annotations

from decimal import Decimal

from vbpr_conformance.fhir.match import Match
from vbpr_conformance.fhir.search_index import QuantityValue
from vbpr_conformance.fhir.search_values import SearchNumber, SearchQuantity


def match_number(wanted: SearchNumber, found: Decimal) -> Match:
    """Match a number: with `eq`, `ne` by what its digits stand for, with the others exactly."""
    return _match_range(wanted, found, found)


def _match_range(wanted: SearchNumber, low: Decimal | None, high: Decimal | None) -> Match:
    """Match the stretch from low to high, None for an open end; of a single number both are the same."""
    equal = low is not None and high is not None and wanted.low <= low and high < wanted.high
    above = high is None or high > wanted.value
    below = low is None or low < wanted.value
    exactly = low == high == wanted.value
    match wanted.prefix:
        case "eq":
            # Whether the upper end itself still counts is not said: 100.5 for 100.
            edge = high is not None and high == wanted.high and low is not None and low >= wanted.low
            return Match.UNDECIDED if edge else Match.of(equal)
        case "ne":
            return _match_range(_with_prefix(wanted, "eq"), low, high).opposite
        case "gt":
            return Match.of(above)
        case "lt":
            return Match.of(below)
        case "ge":
            return Match.of(above or exactly)
        case "le":
            return Match.of(below or exactly)
        case "sa":
            return Match.of(low is not None and low > wanted.value)
        case "eb":
            return Match.of(high is not None and high < wanted.value)
    return Match.YES if equal else Match.UNDECIDED


def _with_prefix(wanted: SearchNumber, prefix: str) -> SearchNumber:
    return SearchNumber(prefix, wanted.value, wanted.low, wanted.high)


def match_quantity(wanted: SearchQuantity, found: QuantityValue) -> Match:
    """Match a quantity: number and unit; a quantity in another unit may be converted, or not."""
    if found.comparator is not None:
        return Match.UNDECIDED
    if wanted.code is not None and wanted.code not in found.units:
        return Match.UNDECIDED if found.units else Match.NO
    if wanted.system is not None and wanted.system not in found.systems:
        return Match.NO
    return _match_range(wanted.number, found.low, found.high)
