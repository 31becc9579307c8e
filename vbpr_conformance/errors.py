"""Errors a user can cause or meet. The message of each is one sentence that is shown as it is.

VbprError
├── UsageError    bad option, suite, edition or input   (exit code 2)
└── TargetError   the server could not be reached or broke down   (exit code 3)
"""


class VbprError(Exception):
    """Base of all errors that are shown without a traceback."""


class UsageError(VbprError):
    """What the user gave cannot be used; the message says what, where and what was expected."""


class TargetError(VbprError):
    """The target could not be reached or broke down: this says nothing about its conformance."""
