"""The `%names` of FHIR (https://hl7.org/fhir/R4/fhirpath.html#variables)."""

from __future__ import annotations

from typing import Any

from vbpr_conformance.fhir.fhirpath.evaluation import EMPTY, Closure, Environment, Items
from vbpr_conformance.fhir.fhirpath.expression_error import ExpressionError

_CONSTANTS = {
    "sct": "http://snomed.info/sct",
    "loinc": "http://loinc.org",
    "ucum": "http://unitsofmeasure.org",
}
_OF_ENVIRONMENT = {"resource": "resource", "rootResource": "root_resource", "context": "context"}


def variable(name: str) -> Closure:
    """Give the closure of a variable."""
    if name in _OF_ENVIRONMENT:
        attribute = _OF_ENVIRONMENT[name]
        return lambda _this, env: _listed(getattr(env, attribute))
    constant = _CONSTANTS.get(name)
    if name.startswith("vs-"):
        constant = f"http://hl7.org/fhir/ValueSet/{name[3:]}"
    elif name.startswith("ext-"):
        constant = f"http://hl7.org/fhir/StructureDefinition/{name[4:]}"
    found = [constant]

    def given(_this: Any, env: Environment) -> Items:
        if name in env.variables:
            return _listed(env.variables[name])
        if constant is None:
            raise ExpressionError(f"there is no variable %{name}")
        return found

    return given


def _listed(value: Any) -> Items:
    if value is None:
        return EMPTY
    return value if isinstance(value, list) else [value]
