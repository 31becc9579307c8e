"""Payloads that break exactly one rule: a conformant one, an edit, and the validator's word that it did just that."""

from __future__ import annotations

import copy
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

from vbpr_conformance.errors import UsageError
from vbpr_conformance.generate.builder import build
from vbpr_conformance.generate.datatypes import TYPES
from vbpr_conformance.generate.drawn_choices import MINIMAL, TYPICAL, Choices
from vbpr_conformance.generate.fault_case import FaultCase
from vbpr_conformance.generate.json_location import fill
from vbpr_conformance.generate.mutations import MUTATIONS
from vbpr_conformance.generate.paths import Path, resolve
from vbpr_conformance.generate.proof import errors
from vbpr_conformance.generate.sample_values import PRIMITIVES
from vbpr_conformance.generate.shapes import shape
from vbpr_conformance.generate.unbreakable import reason
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import Constraint, Profile
from vbpr_conformance.validate.rules import Rule
from vbpr_conformance.validate.validator import validator_for

Object = dict[str, Any]

_PLACES = 16
"""So many places of a rule are tried, those nearest to the root, and so many of the others, spread over all of them."""
_TRIES = 6
_KINDS = (
    *TYPES,
    *PRIMITIVES,
    *("Annotation", "Contributor", "DataRequirement", "Dosage", "ParameterDefinition", "Reference", "RelatedArtifact"),
    *("SampledData", "Signature", "Timing", "TriggerDefinition", "UsageContext"),
)
"""Types that a choice on the way to a rule may have."""
_EDITS = 60
_PATIENCE = 400
"""How many edits are tried, at all places together, before a rule is taken to be one that is not broken alone."""
_TURNS = 10
"""How often a new payload, and where none is named a new rule, is tried."""


@lru_cache(maxsize=32)
def _breakable(url: str, edition: Edition) -> Mapping[str, Sequence[Rule]]:
    """The rules that make a resource of the profile invalid, by id, each with its places, shallow ones first."""
    found: dict[str, list[Rule]] = defaultdict(list)
    for rule in validator_for(edition).rules(edition.profile(url)):
        if rule.severity == "error":
            found[rule.id].append(rule)
    return {key: sorted(each, key=lambda rule: rule.place.count(".")) for key, each in sorted(found.items())}


def rule_ids(profile: Profile, edition: Edition) -> tuple[str, ...]:
    """The ids of the rules whose breach makes a resource of the profile invalid."""
    return tuple(_breakable(profile.url, edition))


def breakable(profile: Profile, edition: Edition) -> tuple[str, ...]:
    """The ids of the rules that nothing is known to speak against breaking alone."""
    return _breakable_alone(profile.url, edition)


@lru_cache(maxsize=32)
def _breakable_alone(url: str, edition: Edition) -> tuple[str, ...]:
    profile = edition.profile(url)
    return tuple(each for each in _breakable(url, edition) if reason(each, profile, edition) is None)


def sample_faulty(
    profile: Profile, edition: Edition, rng: random.Random, rule: str | None = None
) -> tuple[Object, str]:
    """Build a payload that breaks one rule, the given one or any, and no other; with the id of the rule."""
    ids = breakable(profile, edition)
    if rule is not None and rule not in ids:
        if rule not in _breakable(profile.url, edition):
            raise UsageError(f"{profile.id} has no rule {rule!r}.")
        raise UsageError(f"{rule} of {profile.id} is never broken alone: {reason(rule, profile, edition)}")
    for _ in range(_TURNS):
        chosen = rule or ids[int(rng.random() * len(ids))]
        made = attempt(profile, edition, rng, chosen)
        if made is not None:
            return made, chosen
    raise UsageError(f"No payload of {profile.id} was found that breaks {rule or 'a rule'} and nothing else.")


def attempt(profile: Profile, edition: Edition, rng: random.Random, rule: str) -> Object | None:
    """Try to build a payload that breaks exactly this rule; None if none of the ways leads there."""
    places = _breakable(profile.url, edition)[rule]
    spread = places[_PLACES :: len(places) // _PLACES + 1]
    tried = (
        found
        for each in (*places[:_PLACES], *spread)
        for size in ((MINIMAL, TYPICAL, TYPICAL, TYPICAL) if each.kind == "invariant" else (MINIMAL, TYPICAL))
        for found in _tried(each, profile, edition, rng, size)
    )
    return next((found for found in islice(tried, _PATIENCE) if found is not None), None)


def _tried(rule: Rule, profile: Profile, edition: Edition, rng: random.Random, size: str) -> Iterator[Object | None]:
    """Edit after edit at one place: the payload where only this rule is broken, None where it is not."""
    path = _path(rule, profile, edition)
    good = _good(rule, path, profile, edition, rng, size)
    if good is None:
        return
    seed = rng.random()
    for number in range(_EDITS):
        case = FaultCase(copy.deepcopy(good), path, rule, profile, edition, Choices(random.Random(seed)))
        edit = next(islice(MUTATIONS[rule.kind](case), number, None), None)
        if edit is None:
            return
        edit()
        found = errors(case.resource, profile, edition)
        yield case.resource if found and all(issue.rule == rule.id for issue in found) else None


def _good(  # noqa: PLR0913, PLR0917 - one payload, and all that bears on it
    rule: Rule, path: Path | None, profile: Profile, edition: Edition, rng: random.Random, size: str
) -> Object | None:
    """A conformant payload that has what the rule is about."""
    require = _required(path, rule, profile)
    b = Choices(rng)
    b.containable = False
    banned = rule.kind == "max" and rule.detail == 0
    for _ in range(_TRIES):
        try:
            good = build(profile, edition, rng, require=require, size=size)
        except UsageError:
            return None
        if path is not None:
            fill(good, path, edition, b)
        if banned or not errors(good, profile, edition):
            return good
    return None


def _path(rule: Rule, profile: Profile, edition: Edition) -> Path | None:
    """Where the rule is to be broken, with a type for each choice on the way; None for the resource as a whole."""
    if "." not in rule.place:
        return None
    words = rule.place.split(".")
    if words[-1].endswith("[x]"):
        kind = str(rule.detail) if rule.kind == "format" else rule.element_id
        if kind in _KINDS and kind != "Reference":
            words[-1] = words[-1][:-3] + _capital(kind)
    found = _typed(words, 1, rule, profile, edition)
    base = edition.type(profile.type)
    if found is None and rule.detail == 0 and base is not None and ":" not in rule.place:
        return resolve(rule.place, base, edition)  # forbidden by the profile: only the type tells what it would be
    return found


def _typed(words: list[str], start: int, rule: Rule, profile: Profile, edition: Edition) -> Path | None:
    """Resolve a path; where a step leaves a choice open that decides what comes below, find the type that has it."""
    found = _resolved(words, profile, edition)
    if found is not None:
        return found
    for number in range(start, len(words) - 1):
        if not words[number].endswith("[x]"):
            continue
        likely = (rule.element_id.partition(".")[0], *(("Reference",) if rule.kind == "target" else ()))
        for kind in (*likely, *_KINDS):
            chosen = [*words[:number], words[number][:-3] + _capital(kind), *words[number + 1 :]]
            if _resolved(chosen[: number + 2], profile, edition) is None:
                continue  # another type, or one that has no such element
            found = _typed(chosen, number + 1, rule, profile, edition)
            if found is not None:
                return found
    return None


def _resolved(words: list[str], profile: Profile, edition: Edition) -> Path | None:
    try:
        return resolve(".".join(words), profile, edition, lenient=True)
    except UsageError:
        return None


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _required(path: Path | None, rule: Rule, profile: Profile) -> list[str]:
    """The part of a path that the profile itself knows: what lies below is filled in afterwards."""
    found = []
    made = shape(Constraint(rule.id, rule.severity, str(rule.detail))) if rule.kind == "invariant" else None
    if made is not None and made.prefix:
        found.append(".".join((rule.place, *made.prefix)))
    if path is not None:
        known = sum(1 for step in path.steps if step.id is not None)
        if known:
            words = path.text.split(".")
            found.append(".".join(words[: known + (words[0] == profile.type)]))
    return found
