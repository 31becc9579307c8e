"""Judges which versions of a resource a client shows: each is known by the values that no other version has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from vbpr_conformance.observe.scenario_data import HeldResource
from vbpr_conformance.observe.shown_facts import ShownFact, facts_of
from vbpr_conformance.observe.shown_values import ClientOutput

_NAMED = r"(?:_history/|version\w*\W{{0,4}}|\bv\W?|#){}(?!\w)"
"""How a reader is told of a version without its values."""


def versions_shown(held: HeldResource, output: ClientOutput) -> tuple[list[ShownFact], list[ShownFact]]:
    """A value of each version that is shown, and one of each that is not; versions without such a value are in none."""
    shown: list[ShownFact] = []
    hidden: list[ShownFact] = []
    for own in _own_values(held, output):
        seen = next((fact for fact in own if output.text.shows(fact)), None)
        if seen is not None:
            shown.append(seen)
        elif own:
            hidden.append(own[0])
    return shown, hidden


def versions_named(ids: Iterable[str], output: ClientOutput) -> int:
    """How many of some versions are named by their id."""
    text = output.text.text
    return sum(bool(re.search(_NAMED.format(re.escape(each)), text, re.IGNORECASE)) for each in ids)


def _own_values(held: HeldResource, output: ClientOutput) -> Iterator[list[ShownFact]]:
    """For each version the values by which it is known wherever they stand."""
    facts = [facts_of(version, {}) for version in held.versions]
    for at, of_version in enumerate(facts):
        others = {fact for i, each in enumerate(facts) if i != at for fact in each}
        yield [fact for fact in of_version if fact not in others and output.is_unique(fact)]
