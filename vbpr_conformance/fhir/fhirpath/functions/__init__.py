"""The functions whose arguments are plain collections, by name. Those that take expressions are in `lambdas`."""

from __future__ import annotations

from vbpr_conformance.fhir.fhirpath.functions import collections, conversion, fhir, numbers, strings
from vbpr_conformance.fhir.fhirpath.functions.signature import Function

FUNCTIONS: dict[str, Function] = {
    **collections.FUNCTIONS,
    **conversion.FUNCTIONS,
    **strings.FUNCTIONS,
    **numbers.FUNCTIONS,
    **fhir.FUNCTIONS,
}

__all__ = ["FUNCTIONS", "Function"]
