"""What can go wrong between client and server.

TargetError
├── NoAnswerError   no complete answer came: not reached, broken off, too slow, too large
└── LoginError      the client did not get what lets it in: the step that failed, and what was answered
VbprError
├── UnusableUrlError  no URL can be made of what the server named: an id of 100,000 characters, for example
└── PagingError     the links between pages cannot be followed: a finding about the server
    └── ForeignLinkError   one leads to another server: R4 allows that, and nothing is sent there
"""

from __future__ import annotations

from vbpr_conformance.errors import TargetError, VbprError
from vbpr_conformance.rest.exchange import Exchange


class NoAnswerError(TargetError):
    """No complete answer came; `exchange` holds the request, `sent` whether the server may have acted on it."""

    def __init__(self, message: str, exchange: Exchange, *, sent: bool) -> None:
        super().__init__(message)
        self.exchange = exchange
        self.sent = sent


class LoginError(TargetError):
    """The client was not let in: says which step failed and what was answered."""


class UnusableUrlError(VbprError):
    """What the server named is no part of a URL: nothing can be asked for there."""


class PagingError(VbprError):
    """A `next` link that is not followed, and why; `exchange` is the page that holds it."""

    def __init__(self, message: str, exchange: Exchange) -> None:
        super().__init__(message)
        self.exchange = exchange


class ForeignLinkError(PagingError):
    """A `next` link to another server. Links are the server's own (https://hl7.org/fhir/R4/http.html#paging)."""
