"""The words of verdicts on clients."""

from __future__ import annotations

import re
from collections.abc import Sequence

from vbpr_conformance.observe.shown_values import ValueSighting

_MOST_SAID = 4


def element_shown(sighting: ValueSighting) -> str:
    """The element of a value, by its path without indexes."""
    return re.sub(r"\[\d+\]", "", sighting.value.name)


def value_name(sighting: ValueSighting) -> str:
    """How a message calls a value: its path, its resource, and what it is."""
    fact = sighting.fact
    return f"{sighting.value.name} of {sighting.value.thing.split()[0]}" + (f" ({fact.told()})" if fact else "")


def kind_of_text(value: str) -> str:
    """Whether a text that must not be shown is to be looked for as a number."""
    return "number" if value.replace(".", "", 1).lstrip("-").isdigit() else "text"


def listed(names: Sequence[str]) -> str:
    """The first few of some names."""
    more = f" and {len(names) - _MOST_SAID} more" if len(names) > _MOST_SAID else ""
    return ", ".join(names[:_MOST_SAID]) + more
