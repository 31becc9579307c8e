"""Runs a case over generated examples: Hypothesis draws them, and shrinks one that fails.

Reproducible by the run's seed and the case's id alone; no database, no deadline, and a hard limit of requests.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from vbpr_conformance.suite.findings import Finding
from vbpr_conformance.suite.payloads import SIZES

Draw = Callable[[], tuple[str, random.Random]]
"""Gives how much an example holds, and the random numbers that make it."""

_REQUESTS_TO_SHRINK = 30


@dataclass(frozen=True)
class Effort:
    """How much may be tried: examples, and requests, counted by `spent`."""

    seed: int
    examples: int
    requests: int
    spent: Callable[[], int]


class _StopError(BaseException):
    """Ends the examples at once with a reason that is no finding: Hypothesis must not shrink it."""

    def __init__(self, reason: Exception) -> None:
        super().__init__(reason)
        self.reason = reason


def run_examples(body: Callable[[Draw], None], effort: Effort) -> None:
    """Run `body` over examples; what comes out is a `Finding` of the smallest failing one, or any other trouble."""
    from hypothesis import HealthCheck, Phase, assume, given, seed, settings  # noqa: PLC0415  takes 0.2 s to load
    from hypothesis import strategies as st  # noqa: PLC0415
    from hypothesis.errors import FlakyFailure  # noqa: PLC0415

    failing: dict[tuple[Any, ...], Finding] = {}
    limit = effort.requests

    @seed(effort.seed)
    @settings(
        max_examples=effort.examples,
        phases=(Phase.generate, Phase.shrink),
        deadline=None,
        database=None,
        derandomize=False,
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def run(data: Any) -> None:
        nonlocal limit
        drawn: list[Any] = []

        def draw() -> tuple[str, random.Random]:
            drawn.extend((data.draw(st.sampled_from(SIZES)), data.draw(st.integers(0, 2**20))))
            return drawn[-2], random.Random(drawn[-1])

        def known_to_fail() -> bool:
            return tuple(drawn) in failing

        try:
            body(_limited(draw, lambda: assume(known_to_fail() or effort.spent() < limit)))
        except Finding as finding:
            if not failing:
                limit = min(limit, effort.spent() + _REQUESTS_TO_SHRINK)
            failing[tuple(drawn)] = finding
            raise
        except (AssertionError, Exception) as trouble:
            if type(trouble).__module__.startswith("hypothesis"):
                raise
            raise _StopError(trouble) from trouble

    try:
        run()
    except _StopError as stop:
        raise stop.reason from None
    except FlakyFailure as flaky:
        first = next(iter(failing.values()))
        raise Finding(
            f"answered the same request differently: once {first.sentence}, then as expected",
            first.details,
            first.exchanges,
        ) from flaky


def _limited(draw: Draw, check: Callable[[], object]) -> Draw:
    def limited() -> tuple[str, random.Random]:
        made = draw()
        check()
        return made

    return limited
