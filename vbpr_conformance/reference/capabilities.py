"""The CapabilityStatement: what this server does, derived from the edition and from what is implemented.

https://hl7.org/fhir/R4/capabilitystatement.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vbpr_conformance import __version__
from vbpr_conformance.reference import served
from vbpr_conformance.reference.http_messages import Request, Response
from vbpr_conformance.reference.server import timestamp
from vbpr_conformance.reference.validate_operation import DEFINITION, NAME

if TYPE_CHECKING:
    from vbpr_conformance.ig.model import SearchParameter
    from vbpr_conformance.reference.server import Server

FHIR_VERSION = "4.0.1"
_INTERACTIONS = (
    *("read", "vread", "update", "patch", "delete"),
    *("history-instance", "history-type", "create", "search-type"),
)
_SYSTEM = ("transaction", "batch", "search-system", "history-system")
_STARTED = timestamp()


def capabilities(server: Server, request: Request) -> Response:
    """Say what this server does."""
    statement: dict[str, Any] = {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": _STARTED,
        "kind": "instance",
        "software": {"name": "vbpr-conformance reference server", "version": __version__},
        "implementation": {"description": "FHIR R4 server for conformance tests", "url": request.base},
        "fhirVersion": FHIR_VERSION,
        "format": ["application/fhir+json", *(["application/fhir+xml"] if server.behaviour.xml else []), "json"]
        + (["xml"] if server.behaviour.xml else []),
        "patchFormat": ["application/json-patch+json"],
        "rest": [
            {
                "mode": "server",
                **({"security": server.access.security(request.base)} if server.access else {}),
                "resource": [_resource(server, each) for each in server.types],
                "interaction": [{"code": code} for code in _SYSTEM],
                "searchParam": [_parameter(each) for each in _shared(server)],
            }
        ],
    }
    followed = [each.url for each in server.edition.statements if each.actor == "server"]
    if followed:
        statement["instantiates"] = followed
    for change in server.behaviour.capabilities:
        statement = change(statement)
    return Response(200, {}, statement)


def _shared(server: Server) -> list[SearchParameter]:
    """The parameters that every type has: they work on the system level too."""
    names = {each.code for each in served.OF_EVERY_TYPE}
    return [each for name, each in server.parameters[server.types[0]].items() if name in names]


def _resource(server: Server, name: str) -> dict[str, Any]:
    supported = served.profiles(server.edition, name)
    references = [each for each in server.parameters[name].values() if each.type == "reference"]
    backwards = sorted(
        f"{other}:{each.code}"
        for other in server.types
        for each in server.parameters[other].values()
        if each.type == "reference" and (not each.targets or name in each.targets)
    )
    made = {
        "type": name,
        "supportedProfile": supported,
        "interaction": [{"code": code} for code in _INTERACTIONS],
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": server.behaviour.update_as_create,
        "conditionalCreate": True,
        "conditionalRead": "full-support",
        "conditionalUpdate": True,
        "conditionalDelete": "multiple",
        "referencePolicy": ["literal", "logical"],
        "searchInclude": ["*", *sorted(f"{name}:{each.code}" for each in references)],
        "searchRevInclude": backwards,
        "searchParam": [_parameter(each) for each in server.parameters[name].values()],
        "operation": [{"name": NAME, "definition": DEFINITION}],
    }
    return {key: value for key, value in made.items() if value != []}


def _parameter(each: SearchParameter) -> dict[str, Any]:
    return {"name": each.code, "definition": each.url, "type": each.type}
