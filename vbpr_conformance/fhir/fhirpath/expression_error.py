"""The one error of this package."""

from vbpr_conformance.errors import UsageError


class ExpressionError(UsageError):
    """A FHIRPath expression cannot be read, or cannot be evaluated on what it was given."""
