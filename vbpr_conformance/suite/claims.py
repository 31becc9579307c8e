"""What a server claims in its CapabilityStatement: https://hl7.org/fhir/R4/capabilitystatement.html."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vbpr_conformance.suite.untrusted import objects, string, strings

_CONDITIONAL = {"create": "conditionalCreate", "update": "conditionalUpdate", "delete": "conditionalDelete"}
_WORDS = ("versioning", "readHistory", "updateCreate", "conditionalRead", "referencePolicy", "searchRevInclude")
"""What a server says of a type beside its interactions, each by its name in the statement."""
_MIME = {
    "json": {"json", "application/fhir+json"},
    "xml": {"xml", "application/fhir+xml"},
    "turtle": {"ttl", "text/turtle", "application/fhir+turtle"},
}
"""What a format may be called in a statement: https://hl7.org/fhir/R4/http.html#mime-type."""


def declared(about: Mapping[str, str], statement: Mapping[str, Any]) -> bool:
    """Whether the statement declares everything that `about` names, with the keys of a requirement's `about`."""
    servers = [each for each in objects(statement, "rest") if each.get("mode") == "server"]
    if "format" in about:
        wanted = _MIME.get(about["format"], {about["format"]})
        formats = {each.partition(";")[0] for each in strings(statement, "format")}
        return bool(wanted & formats)
    if "patchFormat" in about:
        return about["patchFormat"] in strings(statement, "patchFormat")
    return any(_declared_by(about, rest) for rest in servers)


def _declared_by(about: Mapping[str, str], rest: Mapping[str, Any]) -> bool:
    if "resource" not in about:
        return about.get("interaction") in _codes(rest)
    resources = [each for each in objects(rest, "resource") if each.get("type") == about["resource"]]
    return any(_declared_of(about, rest, resource) for resource in resources)


def _declared_of(about: Mapping[str, str], rest: Mapping[str, Any], resource: Mapping[str, Any]) -> bool:
    if "interaction" in about and about["interaction"] not in _codes(resource):
        return False
    if not all(_said(resource.get(name), about[name]) for name in _WORDS if name in about):
        return False
    if "operation" in about:
        operations = [*objects(resource, "operation"), *objects(rest, "operation")]
        return about["operation"] in {string(each, "name").removeprefix("$") for each in operations}
    if "search" in about:
        parameters = [*objects(resource, "searchParam"), *objects(rest, "searchParam")]
        return about["search"] in {string(each, "name") for each in parameters}
    if "include" in about:
        return bool({about["include"], "*"} & set(strings(resource, "searchInclude")))
    if "conditional" in about:
        text = resource.get(_CONDITIONAL[about["conditional"]])
        return text is True or text in ("single", "multiple")
    return True


def _said(held: Any, wanted: str) -> bool:
    """Whether a value of the statement is, or has among others, what is wanted: one word, or one of several (`a|b`)."""
    values = held if isinstance(held, list) else [held]
    claimed = {str(each).lower() if isinstance(each, bool) else str(each) for each in values}
    return bool(claimed & set(wanted.split("|")))


def declared_parameters(about: Mapping[str, str], statement: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the statement says of the search parameter in `about`: its `searchParam` of the type."""
    servers = [each for each in objects(statement, "rest") if each.get("mode") == "server"]
    resources = [
        each for rest in servers for each in objects(rest, "resource") if each.get("type") == about["resource"]
    ]
    parameters = [each for resource in resources for each in objects(resource, "searchParam")]
    return [each for each in parameters if each.get("name") == about["search"]]


def _codes(holder: Mapping[str, Any]) -> set[str]:
    return {string(each, "code") for each in objects(holder, "interaction")}
