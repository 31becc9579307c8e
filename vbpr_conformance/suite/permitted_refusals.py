"""Which answers are a server's refusal of what FHIR leaves to it, and not a breakdown.

https://hl7.org/fhir/R4/http.html#2.21.0.5.1, https://hl7.org/fhir/R4/search.html#errors
"""

from __future__ import annotations

_REFUSALS = frozenset({400, 403, 404, 405, 422, 501})
"""Bad request, forbidden, unknown, not allowed, unprocessable, not implemented. A 5xx otherwise is a server's error."""


def is_refusal(status: int) -> bool:
    """Whether a status says that the server understood what was asked for and does not do it."""
    return status in _REFUSALS
