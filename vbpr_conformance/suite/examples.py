"""Runs a case over generated examples: Hypothesis draws them, and shrinks one that fails.

Reproducible by the run's seed and the case's id alone; no database, no deadline, and a hard limit of requests.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vbpr_conformance.suite.findings import Finding
from vbpr_conformance.suite.seed_payloads import SIZES

if TYPE_CHECKING:
    from vbpr_conformance.rest.exchange import Exchange

Drawn = tuple[str, random.Random]
"""How much a payload holds, and the random numbers that make it."""

_REQUESTS_TO_SHRINK = 30


@dataclass(frozen=True)
class Effort:
    """How much may be tried: examples of so many payloads each, and requests, counted by `spent`."""

    seed: int
    payloads: int
    examples: int
    requests: int
    spent: Callable[[], int]


class _StopError(BaseException):
    """Ends the examples at once with a reason that is no finding: Hypothesis must not shrink it."""

    def __init__(self, reason: Exception) -> None:
        super().__init__(reason)
        self.reason = reason


def run_examples(body: Callable[[list[Drawn]], Sequence[Exchange]], effort: Effort) -> None:
    """Run `body` over examples, each of which gives what was exchanged for it.

    What comes out is a `Finding` of the smallest failing one, or any other trouble.
    """
    from hypothesis import HealthCheck, Phase, assume, given, seed, settings  # noqa: PLC0415  takes 0.2 s to load
    from hypothesis import strategies as st  # noqa: PLC0415
    from hypothesis.errors import FlakyFailure  # noqa: PLC0415

    failing: dict[tuple[tuple[str, int], ...], Finding] = {}
    passed_later: list[Exchange] = []
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
    @given(st.tuples(*[st.tuples(st.sampled_from(SIZES), st.integers(0, 2**20))] * effort.payloads))
    def run(drawn: tuple[tuple[str, int], ...]) -> None:
        nonlocal limit
        assume(drawn in failing or effort.spent() < limit)
        try:
            exchanges = body([(size, random.Random(number)) for size, number in drawn])
            if drawn in failing and not passed_later:
                passed_later.extend(exchanges)
        except Finding as finding:
            if not failing:
                limit = min(limit, effort.spent() + _REQUESTS_TO_SHRINK)
            failing[drawn] = finding
            raise
        except Exception as error:
            raise _StopError(error) from error

    # Without a database no key into one is needed; Hypothesis would read this file again to make one for each case.
    setattr(run, "_hypothesis_internal_database_key", b"")  # noqa: B010  it has no public name
    try:
        run()
    except _StopError as stop:
        raise stop.reason from None
    except FlakyFailure as flaky:
        first = next(iter(failing.values()))
        raise Finding(
            f"answered the same request differently: once {first.sentence}, then as expected",
            first.details,
            [*first.exchanges, *_counterpart(first.exchanges, passed_later)],
        ) from flaky


def _counterpart(failed: Sequence[Exchange], passed: Sequence[Exchange]) -> list[Exchange]:
    """The answer that was as expected to the request whose answer once was not."""
    same = [each for each in passed if failed and each.interaction == failed[0].interaction]
    return same[:1]
