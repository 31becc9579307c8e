"""Search parameters and capability statements in notation.

https://hl7.org/fhir/R4/searchparameter.html, https://hl7.org/fhir/R4/capabilitystatement.html; how strongly a statement
asks for something is the extension https://hl7.org/fhir/R4/extension-capabilitystatement-expectation.html.
"""

from __future__ import annotations

from typing import Any

from vbpr_conformance.fhir.yaml12 import YamlDict
from vbpr_conformance.ig.notation_names import FHIR, SourceLocation, flag, mapping, needed, only, text, texts

Resource = dict[str, Any]

EXPECTATION = f"{FHIR}/StructureDefinition/capabilitystatement-expectation"
_EXPECTATIONS = ("SHALL", "SHOULD", "MAY", "SHOULD-NOT")
_UNSAID = "-"
_LISTS = {"comparators": "comparator", "modifiers": "modifier", "chains": "chain", "targets": "target"}
_STATEMENT = ("title", "url", "version", "date", "mode", "guides", "formats", "patch-formats", "system", "resources")
_OF_RESOURCE = {
    "profile": "profile",
    "supported-profiles": "supportedProfile",
    "conditional-create": "conditionalCreate",
    "conditional-update": "conditionalUpdate",
    "conditional-delete": "conditionalDelete",
    "reference-policy": "referencePolicy",
    "includes": "searchInclude",
}


def search_parameter(name: str, body: YamlDict, place: SourceLocation, below: Resource | None = None) -> Resource:
    """Read one search parameter; what it does not say is as in a layer `below` of the same guide."""
    only(body, ("url", "version", "code", "type", "of", "expression", *_LISTS), place, "a search parameter")
    what = f"the search parameter {name}"
    made: Resource = {
        "resourceType": "SearchParameter",
        "id": name,
        "url": str(body.get("url", f"{place.guide.canonical}/SearchParameter/{name}")),
        "name": name,
        "status": "active",
    } | (below or {})
    made["version"] = text(body.get("version", place.guide.version), place, "`version`")
    for key in ("code", "type"):
        if key in body or below is None:
            made[key] = text(needed(body, key, place, what), place, f"`{key}`")
    if "of" in body or below is None:
        made["base"] = texts(needed(body, "of", place, what), place, "`of`")
    if "expression" in body:
        made["expression"] = text(body["expression"], place, "`expression`")
    for key, field in _LISTS.items():
        if key in body:
            made[field] = texts(body[key], place, f"`{key}`")
    return made


def statement(name: str, body: YamlDict, place: SourceLocation, below: Resource | None = None) -> Resource:
    """Read one capability statement of kind `requirements`; what it does not say is as in a layer `below`."""
    only(body, _STATEMENT, place, "a capability statement")
    made: Resource = {
        "resourceType": "CapabilityStatement",
        "id": name,
        "url": str(body.get("url", f"{place.guide.canonical}/CapabilityStatement/{name}")),
        "name": name,
        "title": name,
        "status": "active",
        "kind": "requirements",
        "fhirVersion": place.guide.fhir_version,
    } | (below or {})
    made["version"] = text(body.get("version", place.guide.version), place, "`version`")
    for key in ("title", "date"):
        if key in body:
            made[key] = text(body[key], place, f"`{key}`")
    for key, field in (("formats", "format"), ("patch-formats", "patchFormat")):
        if key in body:
            made[field] = texts(body[key], place, f"`{key}`")
    if "guides" in body:
        guides = texts(body["guides"], place, "`guides`")
        made["implementationGuide"] = [place.canonical(each, "ImplementationGuide") for each in guides]
    made["rest"] = [_rest(body, place, below["rest"][0] if below else {})]
    return made


def _rest(body: YamlDict, place: SourceLocation, below: Resource) -> Resource:
    rest = dict(below)
    if "mode" in body or not below:
        rest["mode"] = text(needed(body, "mode", place, "a capability statement"), place, "`mode`")
    by_type = {each["type"]: each for each in below.get("resource", ())}
    resources = mapping(body.get("resources"), place, "`resources`")
    for name, value in resources.items():
        by_type[name] = _resource(name, value, place.of(resources, name), by_type.get(name))
    rest["resource"] = list(by_type.values())
    if "system" in body:
        rest["interaction"] = _interactions(body["system"], place.of(body, "system"))
    return rest


def _resource(name: str, value: Any, place: SourceLocation, below: Resource | None) -> Resource:
    body = mapping(value, place, f"the resource {name}")
    only(body, ("expectation", "interactions", "search", *_OF_RESOURCE), place, f"the resource {name}")
    made: Resource = dict(below or _expected({"type": name}, body.get("expectation", _UNSAID), place))
    for key, field in _OF_RESOURCE.items():
        if key in body:
            made[field] = _of_resource(key, body[key], place.of(body, key))
    if "interactions" in body:
        made["interaction"] = _interactions(body["interactions"], place.of(body, "interactions"))
    if "search" in body:
        known = {each["name"]: each for each in made.get("searchParam", ())}
        made["searchParam"] = list((known | _search(body["search"], place.of(body, "search"))).values())
    return made


def _of_resource(key: str, value: Any, place: SourceLocation) -> Any:
    what = f"`{key}`"
    if key == "profile":
        return place.canonical(text(value, place, what), "StructureDefinition")
    if key == "supported-profiles":
        return [place.canonical(each, "StructureDefinition") for each in texts(value, place, what)]
    if key in ("conditional-create", "conditional-update"):
        return flag(value, place, what)
    return text(value, place, what) if key == "conditional-delete" else texts(value, place, what)


def _interactions(value: Any, place: SourceLocation) -> list[Resource]:
    lines = mapping(value, place, "`interactions`")
    return [_expected({"code": code}, expectation, place.of(lines, code)) for code, expectation in lines.items()]


def _search(value: Any, place: SourceLocation) -> dict[str, Resource]:
    """Read `name: type definition` lines."""
    lines = mapping(value, place, "`search`")
    found = {}
    for name, line in lines.items():
        here = place.of(lines, name)
        kind, space, definition = text(line, here, f"the search parameter {name}").partition(" ")
        if not space:
            raise here.wrong(f"the search parameter {name} has no definition", "expected `type definition`")
        found[name] = {"name": name, "definition": here.canonical(definition, "SearchParameter"), "type": kind}
    return found


def _expected(item: Resource, expectation: Any, place: SourceLocation) -> Resource:
    """Give the item its expectation; `-` where the guide leaves it unsaid."""
    if expectation == _UNSAID:
        return item
    if expectation not in _EXPECTATIONS:
        raise place.wrong(
            f"{expectation!r} is no expectation",
            f"expected one of {', '.join(_EXPECTATIONS)}, or - where none is given",
        )
    return {"extension": [{"url": EXPECTATION, "valueCode": expectation}], **item}
