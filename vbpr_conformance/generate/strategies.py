"""Hypothesis strategies: a conformant template from a drawn seed, then a few drawn edits.

They shrink to a small good document and the one edit that matters. Drawing every leaf would be ten times slower.
"""

from __future__ import annotations

import random
from typing import Any

from hypothesis import strategies as st

from vbpr_conformance.errors import UsageError
from vbpr_conformance.generate.builder import edited
from vbpr_conformance.generate.faulty import breakable, sample_faulty
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import Profile

Object = dict[str, Any]

_SEEDS = st.integers(0, 2**32 - 1)
_EDITS = st.lists(_SEEDS, max_size=5)
_KEEP = st.binary(min_size=24, max_size=24)
"""Hardly ever with a zero in it, unless Hypothesis is shrinking: then zero by zero the document gets smaller."""


def conformant(profile: Profile | str, *, edition: Edition) -> st.SearchStrategy[Object]:
    """Conformant resources of the profile."""
    chosen = _profile(profile, edition)
    return st.builds(lambda seed, keep, edits: edited(chosen, edition, seed, keep, edits), _SEEDS, _KEEP, _EDITS)


def faulty(profile: Profile | str, rule: str | None = None, *, edition: Edition) -> st.SearchStrategy[Object]:
    """Resources that break exactly one rule of the profile: the given one, or any that can be broken alone."""
    chosen = _profile(profile, edition)
    rules = st.just(rule) if rule is not None else st.sampled_from(breakable(chosen, edition))
    return st.builds(lambda seed, each: sample_faulty(chosen, edition, random.Random(seed), each)[0], _SEEDS, rules)


def _profile(profile: Profile | str, edition: Edition) -> Profile:
    if isinstance(profile, Profile):
        return profile
    found = edition.find_profile(profile)
    if found is None:
        known = ", ".join(each.id for each in edition.profiles)
        raise UsageError(f"Edition {edition.version} has no profile {profile!r}; it has {known}.")
    return found
