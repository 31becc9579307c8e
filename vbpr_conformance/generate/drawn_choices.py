"""Where the builder gets its choices from: `random.Random`, by its `random()` alone.

`random.Random.random()` gives the same numbers on every Python version, the methods above it do not; everything
here is made of it, so that the same seed gives the same bytes everywhere.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar

T = TypeVar("T")

MINIMAL, TYPICAL, MAXIMAL = "minimal", "typical", "maximal"
_DENSITY = {MINIMAL: 0.0, TYPICAL: 1.0, MAXIMAL: 100.0}


class Choices:
    """One build in progress: its random numbers, and what all of its parts must know of each other."""

    __slots__ = (
        "containable",
        "contained",
        "counter",
        "density",
        "excluded",
        "forced",
        "outward",
        "own_type",
        "references",
        "risky",
        "rnd",
        "turns",
    )

    def __init__(  # noqa: PLR0913 - what a caller may wish, each by its name
        self,
        rng: random.Random,
        *,
        size: str = TYPICAL,
        forced: Mapping[str, str | None] | None = None,
        excluded: Collection[str] = (),
        references: Mapping[str, Sequence[str]] | None = None,
        outward: bool = True,
    ) -> None:
        self.rnd = rng.random
        self.density = _DENSITY[size]
        """Multiplies how likely optional elements are: 0 for none of them, a large number for all."""
        self.forced = forced or {}
        """Ids of elements that must be present, each with the type it must have, or None for any."""
        self.excluded = excluded
        """Ids of elements that are left out unless they are mandatory."""
        self.references = references or {}
        """What references point to, by resource type or profile, instead of targets that nobody has."""
        self.outward = outward
        """Whether references may point to targets that nobody has."""
        self.contained: list[dict[str, Any]] = []
        self.containable = size == TYPICAL and not self.references and outward
        self.risky = False
        """Whether something was made that is not conformant by the way it is made."""
        self.counter = 0
        self.turns = 0
        self.own_type = ""

    def chance(self, probability: float) -> bool:
        """Say yes this often."""
        return self.rnd() < probability

    def below(self, bound: int) -> int:
        """Give a whole number from 0 to below the bound."""
        return int(self.rnd() * bound)

    def between(self, low: int, high: int) -> int:
        """Give a whole number from low to high, both included."""
        return low + int(self.rnd() * (high - low + 1))

    def pick(self, options: Sequence[T]) -> T:
        """Give one of the options."""
        return options[int(self.rnd() * len(options))]

    def next(self) -> int:
        """Give the next number of this build, for ids that must not repeat."""
        self.counter += 1
        return self.counter
