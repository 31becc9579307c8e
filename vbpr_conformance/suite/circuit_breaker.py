"""When a run gives up on a target that is down: after three outages in a row."""

from __future__ import annotations

OUTAGES_TO_GIVE_UP = 3


class CircuitBreaker:
    """Counts the cases in a row that ended because the target could not be reached or broke down."""

    def __init__(self, limit: int = OUTAGES_TO_GIVE_UP) -> None:
        self._limit = limit
        self._in_a_row = 0

    @property
    def is_open(self) -> bool:
        """Whether the target counts as down, so that nothing more is sent to it."""
        return self._in_a_row >= self._limit

    def outage(self) -> None:
        """Note a case that ended in an outage."""
        self._in_a_row += 1

    def answered(self) -> None:
        """Note a case that the target answered, whatever the verdict: a server that fails is there."""
        self._in_a_row = 0
