"""Ids of resources, and the types that URLs made of them name (https://hl7.org/fhir/R4/references.html#literal)."""

from __future__ import annotations

import re

ID_PATTERN = r"[A-Za-z0-9\-.]{1,64}"
"""What an id looks like, to be part of other patterns (https://hl7.org/fhir/R4/datatypes.html#id)."""
RESOURCE_ID = re.compile(ID_PATTERN)
_REST = rf"([A-Z][A-Za-z]*)/{ID_PATTERN}(?:/_history/{ID_PATTERN})?(?:#.*)?"
_RELATIVE = re.compile(f"/?{_REST}")
_RESTFUL = re.compile(rf"https?://.+/{_REST}")
CONDITIONAL = re.compile(r"([A-Z][A-Za-z]*)\?.+")
"""A reference by search criteria (https://hl7.org/fhir/R4/http.html#trules)."""


def type_in(reference: str) -> str | None:
    """The type that a reference names in its path."""
    found = _RELATIVE.fullmatch(reference) or _RESTFUL.fullmatch(reference) or CONDITIONAL.fullmatch(reference)
    return found.group(1) if found else None
