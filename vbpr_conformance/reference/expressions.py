"""The FHIRPath of search parameters, evaluated on a resource."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vbpr_conformance.fhir import fhirpath
from vbpr_conformance.rest.located import located

Evaluate = Callable[[dict[str, Any]], list[Any]]


def evaluator(expression: str, resource_type: str) -> Evaluate:
    """Compile the expression of a search parameter; of a union only the parts about this type are taken.

    https://hl7.org/fhir/R4/searchparameter-definitions.html#SearchParameter.expression
    """
    compiled = fhirpath.compile(_of_type(expression, resource_type))

    def evaluate(resource: dict[str, Any]) -> list[Any]:
        try:
            return compiled.evaluate(resource, fhirpath.Environment(resource, resolve=_typed_stub))
        except (fhirpath.ExpressionError, fhirpath.UndecidedError):
            return []

    return evaluate


def _of_type(expression: str, resource_type: str) -> str:
    """Leave out the parts of a union that start at another type (`Patient.name | Practitioner.name`)."""
    parts = [each.strip() for each in expression.split(" | ")]
    kept = [each for each in parts if not each[:1].isupper() or each.partition(".")[0] == resource_type]
    return " | ".join(kept or parts)


def _typed_stub(reference: str) -> dict[str, Any] | None:
    """Resolve as far as a search parameter asks: to something of the type that the reference names."""
    target = located(reference)
    return {"resourceType": target.type, "id": target.id} if target.type else None
