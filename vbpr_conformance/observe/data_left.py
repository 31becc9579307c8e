"""What the server holds when a client has written, held against what it was asked to write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from vbpr_conformance.observe.observed_scenario import ObservedScenario
from vbpr_conformance.observe.scenario_data import HeldResource

Wanted = str | Mapping[str, Any]
"""`there`, `gone`, `unchanged`, or the elements that have another value."""
_NOT_COMPARED = frozenset({"id", "meta", "text"})
"""What servers set themselves, and what is generated from the rest."""


def left_otherwise(observed: ObservedScenario, wanted: Mapping[str, Wanted]) -> Iterator[str]:
    """Say what the server holds otherwise than it should."""
    for name, state in wanted.items():
        held = observed.data.held[name]
        if state == "there":
            yield from _there(observed, held)
            continue
        now = observed.ask(held.reference)
        if state == "gone":
            if now is not None:
                yield f"{held.reference} is still there"
        elif now is None:
            yield f"{held.reference} is gone, though nobody asked for that"
        else:
            changes = state if isinstance(state, Mapping) else {}
            yield from (
                f"{held.reference} has {element} {_told(now.get(element))}, it should have {_told(value)}"
                for element, value in changes.items()
                if now.get(element) != value
            )
            lost = _differing({**held.resource, **changes}, now, set(changes))
            if lost:
                yield f"{', '.join(lost)} of {held.reference} changed, though nobody asked for that"


def _there(observed: ObservedScenario, held: HeldResource) -> Iterator[str]:
    identifier = held.resource["identifier"][0]
    token = quote(f"{identifier.get('system', '')}|{identifier['value']}", safe="")
    bundle = observed.ask(f"{held.profile.type}?identifier={token}") or {}
    found = [each["resource"] for each in bundle.get("entry", ()) if each.get("search", {}).get("mode") != "outcome"]
    if not found:
        yield f"no {held.profile.type} with the identifier {identifier['value']} is there"
    elif len(found) > 1:
        yield f"{len(found)} resources have the identifier {identifier['value']}"
    else:
        lost = _differing(held.resource, found[0], set())
        if lost:
            yield f"{', '.join(lost)} of what was to be sent did not arrive as it was given"


def _differing(given: Mapping[str, Any], now: Mapping[str, Any], told: set[str]) -> list[str]:
    """The elements that are not as given; what came to them is the client's own affair."""
    kept = set(given) - _NOT_COMPARED - told
    return sorted(each for each in kept if given[each] != now.get(each))


def _told(value: Any) -> str:
    return "no value" if value is None else str(value)
