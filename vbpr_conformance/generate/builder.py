"""Builds resources of a profile from random choices, to a caller's wishes, and proves them."""

from __future__ import annotations

import copy
import random
from collections.abc import Mapping, Sequence
from typing import Any

from vbpr_conformance.errors import UsageError
from vbpr_conformance.generate.criteria_libraries import use_criteria_without_library
from vbpr_conformance.generate.decisions import decide, settle
from vbpr_conformance.generate.drawn_choices import TYPICAL, Choices
from vbpr_conformance.generate.edits import apply, refers, sites, thin
from vbpr_conformance.generate.paths import Path, has, put, resolve
from vbpr_conformance.generate.payload_planner import planner
from vbpr_conformance.generate.proof import errors
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import Profile

Object = dict[str, Any]

_SEED_STEP = 2**33
"""What lies between the seeds of one attempt and the next."""
_ATTEMPTS = 25
"""How many builds may fail the proof before the wishes are taken to be what cannot hold."""


def build(  # noqa: PLR0913 - the wishes of the suite language, each by its name
    profile: Profile | str,
    edition: Edition,
    choices: random.Random,
    *,
    set: Mapping[str, Any] | None = None,  # noqa: A002 - the word of the suite language
    require: Sequence[str] = (),
    drop: Sequence[str] = (),
    size: str = TYPICAL,
    tag: Mapping[str, str] | None = None,
    identifier: Mapping[str, str] | None = None,
    references: Mapping[str, Sequence[str]] | None = None,
    outward: bool = True,
) -> Object:
    """Build a conformant resource in which each path of `set` has its value and each of `require` is present.

    Paths are those of `paths`; a value of None, like `drop`, takes an element out. `size` is minimal, typical or
    maximal; `tag` and `identifier` are stamped on it. `references` gives what references may point to, by resource
    type or profile URL (canonical URLs for canonicals); types it does not name get synthetic targets, or without
    `outward` identifiers only, so that nothing points to what is not there.
    """
    profile = edition.profile(profile) if isinstance(profile, str) else profile
    values = {**dict.fromkeys(drop), **(set or {})}
    placed = [(resolve(text, profile, edition), value) for text, value in values.items()]
    required = [resolve(text, profile, edition) for text in require]
    forced = _forced(required) | _forced([path for path, value in placed if value is not None])
    found = []
    for _ in range(_ATTEMPTS):
        made = raw(profile, edition, Choices(choices, size=size, forced=forced, references=references, outward=outward))
        _stamp(made, profile, tag, identifier)
        for path, value in placed:
            put(made, path, copy.deepcopy(value))
        found = errors(made, profile, edition)
        if not found and all(has(made, path) for path in required):  # a rule may have put its other side in instead
            return made
    why = f"{found[0].expression}: {found[0].message}" if found else "it never has all that is required"
    raise UsageError(f"No conformant {profile.id} was found with what is asked for: {why}")


def _forced(paths: Sequence[Path]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for path in paths:
        for name, kind in path.forced().items():
            found[name] = kind or found.get(name)
    return found


def raw(profile: Profile, edition: Edition, b: Choices, keep: bytes = b"", edits: Sequence[int] = ()) -> Object:
    """Build a resource without the proof; `keep` and `edits` say what is changed afterwards, see `edits`."""
    b.own_type = profile.type
    taken = decide(profile, edition, b)
    body = planner(edition).resource(profile).make(b)
    if edits or 0 in keep:
        b.containable = False
        places = sites(body, profile, edition, b)
        thin(places, keep, b)
        apply(places, edits, b)
    made: Object = {"resourceType": profile.type}
    if "id" in body:
        made["id"] = body.pop("id")
    meta = body.pop("meta", {})
    if profile.derivation == "constraint":
        meta = {"profile": [profile.url], **{key: part for key, part in meta.items() if key != "profile"}}
    if meta:
        made["meta"] = meta
    inside = [each for each in b.contained if refers(body, f"#{each['id']}")]
    if inside:
        made["contained"] = inside
    made |= body
    settle(made, taken, b)
    use_criteria_without_library(made)
    return made


def _stamp(made: Object, profile: Profile, tag: Mapping[str, str] | None, identifier: Mapping[str, str] | None) -> None:
    if tag is not None:
        meta = made.setdefault("meta", {})
        meta["tag"] = [*meta.get("tag", ()), dict(tag)]
    if identifier is not None:
        holder = profile.root.by_name.get("identifier")
        if holder is None:
            raise UsageError(f"{profile.id} has no identifier that could be stamped.")
        made["identifier"] = [*made.get("identifier", ()), dict(identifier)] if holder.is_array else dict(identifier)


def sample(profile: Profile, edition: Edition, rng: random.Random) -> Object:
    """Build any conformant resource of the profile; proved where it is not conformant by the way it is made."""
    for _ in range(_ATTEMPTS):
        b = Choices(rng)
        made = raw(profile, edition, b)
        if not b.risky or not errors(made, profile, edition):
            return made
    raise UsageError(f"No conformant {profile.id} was found in {_ATTEMPTS} attempts.")


def edited(profile: Profile, edition: Edition, seed: int, keep: bytes, edits: Sequence[int]) -> Object:
    """Build the conformant resource that a seed stands for, with those of the edits that leave it conformant."""
    for attempt in range(_ATTEMPTS):
        kept: list[int] = list(edits)
        while True:
            made = raw(profile, edition, Choices(random.Random(seed + attempt * _SEED_STEP)), keep, kept)
            if not errors(made, profile, edition):
                return made
            if not kept:
                break
            kept.pop()
    raise UsageError(f"No conformant {profile.id} was found in {_ATTEMPTS} attempts.")
