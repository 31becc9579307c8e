"""Decisions that an edition asks to take for each payload, read from its `contract-package.yaml`.

Some invariants bind elements that lie far apart: they hold when one of a few alternatives is chosen for the whole
payload, before it is built. What the alternatives are is data of the edition.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from vbpr_conformance.errors import UsageError
from vbpr_conformance.fhir.yaml12 import load_file
from vbpr_conformance.generate.drawn_choices import Choices
from vbpr_conformance.generate.paths import Path, put, resolve
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.folders import editions_folder
from vbpr_conformance.ig.model import Profile

FILE = "contract-package.yaml"
_PARTS = frozenset({"payloads", "package", "unbreakable"})
_KEYS = frozenset({"weight", "require", "without", "values"})


@dataclass(frozen=True, slots=True)
class Alternative:
    """One way to decide: what is there, what is not, and the values that elements take where they are there."""

    weight: float
    forced: Mapping[str, str | None]
    excluded: frozenset[str]
    values: tuple[tuple[Path, Sequence[Any]], ...]

    def fits(self, wanted: Collection[str]) -> bool:
        """Whether it leaves out nothing that the caller wants."""
        return self.excluded.isdisjoint(wanted)


@lru_cache(maxsize=8)
def document(edition: Edition) -> Any:
    """What the edition says of its contract package; nothing where it says nothing."""
    place = editions_folder() / edition.version / FILE
    found = load_file(place, f"{edition.version}/{FILE}") if place.is_file() else {}
    unknown = sorted(set(found) - _PARTS)
    if unknown:
        raise UsageError(f"{edition.version}/{FILE}: {unknown[0]!r} is unknown, expected one of {sorted(_PARTS)}.")
    return plain(found)


def plain(value: Any) -> Any:
    """The same data without the line numbers of the file it was read from."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    return [plain(part) for part in value] if isinstance(value, list) else value


@lru_cache(maxsize=256)
def _decisions(url: str, edition: Edition) -> tuple[tuple[Alternative, ...], ...]:
    """The decisions for a profile, each with its alternatives."""
    profile = edition.profile(url)
    decisions = document(edition).get("payloads", {}).get(profile.id, ())
    return tuple(tuple(_alternative(each, profile, edition) for each in decision["one-of"]) for decision in decisions)


def _alternative(said: Mapping[str, Any], profile: Profile, edition: Edition) -> Alternative:
    unknown = set(said) - _KEYS
    if unknown:
        raise UsageError(f"{edition.version}/{FILE}: {min(unknown)!r} is unknown, expected {sorted(_KEYS)}.")
    forced = [resolve(path, profile, edition) for path in said.get("require", ())]
    excluded = [resolve(path, profile, edition) for path in said.get("without", ())]
    values = [(resolve(path, profile, edition), options) for path, options in said.get("values", {}).items()]
    return Alternative(
        weight=float(said.get("weight", 1)),
        forced={name: kind for path in forced for name, kind in path.forced().items()},
        excluded=frozenset(path.last() for path in excluded),
        values=tuple(values),
    )


def decide(profile: Profile, edition: Edition, b: Choices) -> tuple[Alternative, ...]:
    """Take the decisions for a payload, none of them against what is already asked for."""
    taken = []
    for alternatives in _decisions(profile.url, edition):
        able = [each for each in alternatives if each.fits(b.forced)] or list(alternatives)
        roll = b.rnd() * sum(each.weight for each in able)
        chosen = able[-1]
        for each in able:
            roll -= each.weight
            if roll < 0:
                chosen = each
                break
        b.forced = {**chosen.forced, **b.forced}
        b.excluded = frozenset(b.excluded) | chosen.excluded
        taken.append(chosen)
    return tuple(taken)


def settle(made: dict[str, Any], taken: Sequence[Alternative], b: Choices) -> None:
    """Give elements the values that were decided on, where they are there."""
    for alternative in taken:
        for path, options in alternative.values:
            put(made, path, lambda options=options: copy.deepcopy(b.pick(options)), existing=True)
