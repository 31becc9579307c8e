"""Fixed values and patterns (https://hl7.org/fhir/R4/elementdefinition.html#ElementDefinition.fixed_x_)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any


def equal(wanted: Any, found: Any) -> bool:
    """Whether two JSON values are the same; numbers as they are written (1.0 is more precise than 1), true never 1."""
    if isinstance(wanted, dict):
        return (
            isinstance(found, dict)
            and wanted.keys() == found.keys()
            and all(equal(each, found[name]) for name, each in wanted.items())
        )
    if isinstance(wanted, list):
        return isinstance(found, list) and len(wanted) == len(found) and all(map(equal, wanted, found))
    if isinstance(wanted, bool) or isinstance(found, bool):
        return wanted is found
    if isinstance(wanted, int | float | Decimal) and isinstance(found, int | float | Decimal):
        return str(wanted) == str(found)
    return bool(wanted == found)


def matches(pattern: Any, found: Any) -> bool:
    """Whether a value has at least what the pattern has; each item of an array must be matched by some item."""
    if isinstance(pattern, dict):
        return isinstance(found, dict) and all(
            name in found and matches(each, found[name]) for name, each in pattern.items()
        )
    if isinstance(pattern, list):
        return isinstance(found, list) and all(any(matches(each, one) for one in found) for each in pattern)
    return equal(pattern, found)
