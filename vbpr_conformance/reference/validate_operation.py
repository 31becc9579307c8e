"""The operation `$validate` of a type: what the server would say of a resource, which it does not store.

https://hl7.org/fhir/R4/resource-operation-validate.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vbpr_conformance.reference.content import read_resource
from vbpr_conformance.reference.http_messages import Request, Response
from vbpr_conformance.reference.problems import ProblemError, all_well, outcome
from vbpr_conformance.reference.server import known_type

if TYPE_CHECKING:
    from vbpr_conformance.reference.server import Server

NAME = "validate"
DEFINITION = "http://hl7.org/fhir/OperationDefinition/Resource-validate"


def validate(server: Server, request: Request) -> Response:
    """Judge a resource, given as it is or as the parameter `resource`: 200, whatever is found."""
    known_type(server, request.type)
    resource = _given(read_resource(server, request))
    if resource["resourceType"] != request.type:
        raise ProblemError(400, f"the resource is a {resource['resourceType']}, the URL says {request.type}")
    found = server.found_in(resource)
    return Response(200, {}, outcome(found) if found else all_well("the resource is valid"))


def _given(sent: dict[str, Any]) -> dict[str, Any]:
    parameters = sent.get("parameter") if sent["resourceType"] == "Parameters" else None
    if not isinstance(parameters, list):
        return sent
    found = [each.get("resource") for each in parameters if isinstance(each, dict) and each.get("name") == "resource"]
    if not found or not isinstance(found[0], dict) or not isinstance(found[0].get("resourceType"), str):
        raise ProblemError(400, "the parameter resource was expected", code="required")
    return found[0]
