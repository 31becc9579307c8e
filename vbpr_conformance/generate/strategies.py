"""Hypothesis strategies: a conformant template from a drawn seed, then a few drawn edits.

They shrink to a small good document and the one edit that matters.
"""

from __future__ import annotations

import random
from typing import Any

from hypothesis import strategies as st

from vbpr_conformance.generate.builder import sample
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import Profile

Object = dict[str, Any]


def conformant(profile: Profile | str, *, edition: Edition) -> st.SearchStrategy[Object]:
    """Conformant resources of the profile."""
    chosen = edition.profile(profile) if isinstance(profile, str) else profile
    return st.integers(0, 2**32 - 1).map(lambda seed: sample(chosen, edition, random.Random(seed)))
