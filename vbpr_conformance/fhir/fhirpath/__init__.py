"""FHIRPath N1 with FHIR R4's additions, compiled to closures over plain JSON (https://hl7.org/fhirpath/N1/).

from vbpr_conformance.fhir import fhirpath
fhirpath.compile("code.empty() or system.exists()").holds(quantity, fhirpath.Env(resource))
"""

from vbpr_conformance.fhir.fhirpath.evaluation import Environment, TypedElement, TypeModel
from vbpr_conformance.fhir.fhirpath.expression import Expression, compile, evaluate  # noqa: A004 - used as fhirpath.compile, like re.compile
from vbpr_conformance.fhir.fhirpath.expression_error import ExpressionError
from vbpr_conformance.fhir.fhirpath.functions.fhir import UndecidedError
from vbpr_conformance.fhir.fhirpath.quantity import Quantity
from vbpr_conformance.fhir.fhirpath.structure_types import StructureTypes
from vbpr_conformance.fhir.fhirpath.temporal import Temporal

__all__ = [
    "Environment",
    "Expression",
    "ExpressionError",
    "Quantity",
    "StructureTypes",
    "Temporal",
    "TypeModel",
    "TypedElement",
    "UndecidedError",
    "compile",
    "evaluate",
]
