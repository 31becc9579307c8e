"""A JSON Patch inside a Bundle: it travels as a Binary.

https://hl7.org/fhir/R4/http.html#patch (PATCH in batch and transaction)
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from vbpr_conformance.fhir import json_codec
from vbpr_conformance.fhir.format_error import FormatError
from vbpr_conformance.reference.content import JSON_PATCH
from vbpr_conformance.reference.problems import ProblemError


def patch_in_bundle(resource: Any) -> Any:
    """Unpack the operations of a JSON Patch from a Binary."""
    if not isinstance(resource, dict) or resource.get("contentType") != JSON_PATCH:
        raise ProblemError(400, f"PATCH in a Bundle: a Binary of {JSON_PATCH} was expected", code="structure")
    try:
        return json_codec.loads(base64.b64decode(resource.get("data", ""), validate=True))
    except (binascii.Error, FormatError, TypeError) as error:
        raise ProblemError(400, f"PATCH in a Bundle: {error}", code="structure") from None
