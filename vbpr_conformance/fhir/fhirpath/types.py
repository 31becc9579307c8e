"""Type tests: `is`, `as`, `ofType`, `type()` (https://hl7.org/fhirpath/N1/#types-and-reflection)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from vbpr_conformance.fhir.fhirpath.evaluation import Environment, TypedElement
from vbpr_conformance.fhir.fhirpath.expression_error import ExpressionError
from vbpr_conformance.fhir.fhirpath.quantity import Quantity
from vbpr_conformance.fhir.fhirpath.syntax import Invoke, MemberName, Syntax, TypeName
from vbpr_conformance.fhir.fhirpath.temporal import Temporal

SYSTEM_TYPES = frozenset({"Any", "Boolean", "String", "Integer", "Decimal", "Date", "DateTime", "Time", "Quantity"})

DATE_TYPES = frozenset({"date", "dateTime", "instant"})

PRIMITIVE_PARENTS = {
    "boolean": "Element",
    "integer": "Element",
    "string": "Element",
    "decimal": "Element",
    "uri": "Element",
    "base64Binary": "Element",
    "instant": "Element",
    "date": "Element",
    "dateTime": "Element",
    "time": "Element",
    "xhtml": "Element",
    "code": "string",
    "id": "string",
    "markdown": "string",
    "url": "uri",
    "canonical": "uri",
    "oid": "uri",
    "uuid": "uri",
    "unsignedInt": "integer",
    "positiveInt": "integer",
}
"""The primitive types of R4, each with the one it specializes (https://hl7.org/fhir/R4/datatypes.html)."""

PARENTS = PRIMITIVE_PARENTS | {
    "Age": "Quantity",
    "Count": "Quantity",
    "Distance": "Quantity",
    "Duration": "Quantity",
    "BackboneElement": "Element",
    "DomainResource": "Resource",
    "Bundle": "Resource",
    "Binary": "Resource",
    "Parameters": "Resource",
}
"""What a type specializes where that is more than Element or DomainResource."""


def ancestors(name: str, env: Environment) -> tuple[str, ...] | None:
    """Give a type and all it specializes; None for a type that the model does not know."""
    if env.types is not None:
        known = env.types.ancestors(name)
        if known is not None:
            return tuple(known)
        if "." not in name and name not in PARENTS and name not in {"Element", "Resource"}:
            return None
    found = [name]
    while (parent := PARENTS.get(found[-1])) is not None:
        found.append(parent)
    if "." in name:
        found += ["BackboneElement", "Element"]
    return tuple(found)


def type_of(item: Any) -> TypeName:
    """Give the type of an item; the name is empty where it is not known."""
    if type(item) is TypedElement:
        return TypeName("FHIR", item.type or "")
    return TypeName("System", _system_type(item))


def _system_type(value: Any) -> str:
    if isinstance(value, Temporal):
        return value.kind
    for python_type, name in ((bool, "Boolean"), (int, "Integer"), (Decimal, "Decimal"), (str, "String")):
        if isinstance(value, python_type):
            return name
    return "Quantity" if isinstance(value, Quantity) else ""


def is_type(item: Any, wanted: TypeName, env: Environment) -> bool:
    """Answer whether an item is of a type or of one that specializes it."""
    if type(item) is not TypedElement:
        return wanted.namespace in {None, "System"} and wanted.name in {_system_type(item), "Any"}
    if wanted.namespace == "System":
        return False
    known = ancestors(item.type, env) if item.type else None
    return known is not None and wanted.name in known


def as_type(item: Any, wanted: TypeName, env: Environment) -> bool:
    """Like `is_type`, but of primitives exactly the type: a `code` is a string, yet not given for `as(string)`."""
    if type(item) is TypedElement and wanted.name in PRIMITIVE_PARENTS:
        return item.type == wanted.name and wanted.namespace != "System"
    return is_type(item, wanted, env)


def check_type(wanted: TypeName, env: Environment) -> None:
    """Refuse a type that does not exist, as far as the model knows types."""
    if wanted.namespace != "System" and wanted.name not in SYSTEM_TYPES and ancestors(wanted.name, env) is None:
        raise ExpressionError(f"there is no type {wanted.name!r}")


def type_argument(node: Syntax) -> TypeName:
    """Read the argument of `is(…)`, `as(…)`, `ofType(…)`."""
    if isinstance(node, MemberName):
        return TypeName(None, node.name, at=node.at)
    if isinstance(node, Invoke) and isinstance(node.left, MemberName) and isinstance(node.right, MemberName):
        return TypeName(node.left.name, node.right.name, at=node.at)
    raise ExpressionError("the name of a type is expected, such as Quantity or FHIR.Quantity")
