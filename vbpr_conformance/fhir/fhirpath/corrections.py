"""Invariants of R4 whose published expression does not say what its text says, as later editions of FHIR have them.

HL7's validator reads them the same way: without this, valid resources would break them. A key is the published
expression, to the letter; what is not listed here is evaluated as it was published.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_CONTAINED = "reference.substring(1).trace('url') in %rootResource.contained.id.trace('ids')"
_REFERENCE = f"reference.startsWith('#').not() or ({_CONTAINED})"
_NAME = "name.matches('[A-Z]([A-Za-z0-9_]){0,254}')"
_PERIOD = "start.hasValue().not() or end.hasValue().not() or "
_PROBABILITY = "probability is decimal implies (probability as decimal) <= 100"

CORRECTIONS: Mapping[str, str] = MappingProxyType(
    {
        # ref-1: nothing is said of a reference without a literal reference, and `#` is the container itself
        _REFERENCE: f"reference.exists() implies (reference = '#' or ({_REFERENCE}))",
        # per-1: dates of different precision are in order unless the end is certainly before the start
        f"{_PERIOD}(start <= end)": (
            f"{_PERIOD}(start <= end) or ((start <= end).empty() and start.lowBoundary() <= end.highBoundary())"
        ),
        # bdl-8: nothing is said of an entry without fullUrl
        "fullUrl.contains('/_history/').not()": "fullUrl.exists() implies fullUrl.contains('/_history/').not()",
        # …-0 of the definitional resources: the whole name is meant, and a name need not be there
        _NAME: "name.exists() implies name.matches('^[A-Z]([A-Za-z0-9_]){0,254}$')",
        # ras-2: nothing is said where there is no probability
        _PROBABILITY: f"probability.empty() or ({_PROBABILITY})",
        # que-7: the type of FHIR is meant, no value in a resource is of the System type
        "operator = 'exists' implies (answer is Boolean)": "operator = 'exists' implies (answer is boolean)",
        # que-12: two conditions need a behaviour as well
        "enableWhen.count() > 2 implies enableBehavior.exists()": (
            "enableWhen.count() >= 2 implies enableBehavior.exists()"
        ),
        # pd-1: any number of them
        "telecom or endpoint": "telecom.exists() or endpoint.exists()",
        # dom-6: a contained resource should have no narrative
        "text.`div`.exists()": "(%rootResource != $this) or text.`div`.exists()",
    }
)
