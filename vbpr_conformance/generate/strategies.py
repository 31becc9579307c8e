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
_KEPT = 24
"""As many bytes say what is kept. There is hardly ever a zero in them, unless Hypothesis is shrinking: then zero by
zero the document gets smaller."""
_CHANGES = st.binary(min_size=_KEPT, max_size=_KEPT + 5)
"""What is kept, and behind it an edit for each byte: one draw costs Hypothesis a third of what three cost it."""
_EDIT = 2**33
"""Keeps the edits of a byte apart from those of another one, whatever the seed they are added to."""


def conformant(profile: Profile | str, *, edition: Edition) -> st.SearchStrategy[Object]:
    """Conformant resources of the profile."""
    chosen = _profile(profile, edition)

    def made(seed: int, changes: bytes) -> Object:
        edits = [seed + (each + 1) * _EDIT for each in changes[_KEPT:]]
        return edited(chosen, edition, seed, changes[:_KEPT], edits)

    return st.builds(made, _SEEDS, _CHANGES)


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
