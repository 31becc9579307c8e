"""What the command line asks for: payloads by the name of a profile, or contract packages."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from vbpr_conformance.errors import UsageError
from vbpr_conformance.generate.builder import sample
from vbpr_conformance.generate.contract_packages import bundle, contract_package
from vbpr_conformance.generate.faulty import breakable, rule_ids, sample_faulty
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import Profile

PACKAGE = "contract-package"
_SPREAD = 2**32


def payloads(
    name: str, edition: Edition, *, n: int, seed: int, faulty: bool | str | None = None
) -> Iterator[dict[str, Any]]:
    """Give `n` payloads of a profile, or as many contract packages as Bundles; the same ones for the same seed.

    With `faulty` each breaks exactly one rule: the one that is named, or any.
    """
    if name == PACKAGE:
        if faulty:
            raise UsageError("A contract package has no faulty form; name a profile to break one of its rules.")
        return (bundle(contract_package(edition, _rng(seed, n), f"{seed}-{n}")) for n in range(1, n + 1))
    profile = _profile(name, edition)
    if not faulty:
        return (sample(profile, edition, _rng(seed, number)) for number in range(n))
    rule = faulty if isinstance(faulty, str) else None
    if rule is not None:
        _known_rule(rule, profile, edition)
    return (sample_faulty(profile, edition, _rng(seed, number), rule)[0] for number in range(n))


def _rng(seed: int, number: int) -> random.Random:
    """The random numbers of one payload: they depend on nothing but the seed and its number."""
    return random.Random(seed * _SPREAD + number)


def _profile(name: str, edition: Edition) -> Profile:
    found = edition.find_profile(name)
    if found is None or found.kind != "resource" or found.abstract:
        known = ", ".join([*(each.id for each in edition.profiles), PACKAGE])
        raise UsageError(f"{name!r} is no profile of a resource in edition {edition.version}; there are {known}.")
    return found


def _known_rule(rule: str, profile: Profile, edition: Edition) -> None:
    if rule not in rule_ids(profile, edition):
        few = ", ".join(breakable(profile, edition)[:5])
        raise UsageError(f"{profile.id} has no rule {rule!r}; its rules are such as {few}.")
