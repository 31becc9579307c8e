"""Random numbers that follow from the run's seed and what they are for: the same on every machine."""

from __future__ import annotations

import hashlib
import random


def number(seed: int, *purpose: str) -> int:
    """Derive a number from the run's seed and a purpose."""
    text = "\0".join((str(seed), *purpose))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


def rng(seed: int, *purpose: str) -> random.Random:
    """Give the random numbers for a purpose."""
    return random.Random(number(seed, *purpose))
