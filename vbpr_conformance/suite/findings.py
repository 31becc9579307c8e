"""What can come out of a case before its end, each an exception of its own.

Finding           the server did what it must not, or not what it must: fail or warn
NotTestedError    it could not be tested, with what the user must provide: skip
HarnessError      the harness made a mistake: error, it says nothing about the server
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from vbpr_conformance.errors import TargetError, VbprError

if TYPE_CHECKING:
    from vbpr_conformance.rest.exchange import Exchange


_REFUSED = {401: "let the client in (credentials)", 403: "grant the client this interaction"}
_OVERLOADED = {429, 502, 503, 504}


class Finding(AssertionError):  # noqa: N818  a finding is a result, no error of the program
    """A broken rule with its evidence: `details` are labelled lines, `exchanges` the requests behind them.

    `should` says that the rule is only a SHOULD, whatever the case expects otherwise. `cause` is what is wrong in
    general, where the matcher knows it: findings with the same cause are told together. `element` is the path of the
    element that differs, without indexes; `matcher` the name of the expectation that did not hold.
    """

    def __init__(  # noqa: PLR0913  the parts of a finding
        self,
        sentence: str,
        details: Sequence[tuple[str, str]] = (),
        exchanges: Sequence[Any] = (),
        *,
        should: bool = False,
        cause: str = "",
        element: str = "",
    ) -> None:
        super().__init__(sentence)
        self.cause = cause
        self.element = element
        self.matcher = ""
        self.should = should
        self.sentence = sentence
        self.details = tuple(details)
        self.exchanges = tuple(exchanges)
        self.payload = ""
        """What was sent, as JSON, once it is known."""


class NotTestedError(VbprError):
    """The case could not be tested; `applicable` is False where the server need not support what it tests."""

    def __init__(self, sentence: str, *, applicable: bool = True) -> None:
        super().__init__(sentence)
        self.applicable = applicable


class HarnessError(VbprError):
    """The harness made a mistake, as a generated payload that is not conformant."""


def refuse_when_locked_out(exchange: Exchange) -> None:
    """Raise what makes a skip where the server does not let the client do this, an error where it is overloaded."""
    if exchange.status in _OVERLOADED:
        raise TargetError(f"the server answers {exchange.status} to {exchange.method} {exchange.url}: it is overloaded")
    if exchange.status in _REFUSED:
        raise NotTestedError(
            f"the server answers {exchange.status} to {exchange.method} {exchange.url.partition('?')[0]}: "
            f"{_REFUSED[exchange.status]}"
        )
