"""Profiles, extensions and types of FHIR in notation, and the StructureDefinitions (differential only) they stand for.

What follows from the kind of a definition is not written: the `url` of an extension and of its parts, that an
extension with parts has no value and one with a value no parts, and slicing of extensions by their `url`
(https://hl7.org/fhir/R4/defining-extensions.html).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vbpr_conformance.fhir.yaml12 import YamlDict
from vbpr_conformance.ig.notation_elements import element
from vbpr_conformance.ig.notation_names import FHIR, SourceLocation, flag, mapping, needed, only, text, texts

Resource = dict[str, Any]

_HEAD = ("title", "url", "version")
_BODY = ("elements", "invariants")
_KEYS = {
    "profiles": (*_HEAD, "of", "on", *_BODY),
    "extensions": (*_HEAD, "on", "context", "context-invariants", *_BODY),
    "primitives": ("on", "value", "max-length", "least", "most", "invariants", "elements"),
    "datatypes": ("on", "abstract", *_BODY),
    "resources": ("on", "abstract", *_BODY),
}
SECTIONS = tuple(_KEYS)
_ROOT = "."
_BARE = 2
"""An element with nothing but id and path says nothing."""
_CONSTRAINTS = ("profiles", "extensions")
_PARENTS: dict[str, str | None] = {"extensions": "Extension", "datatypes": None, "resources": None, "primitives": None}
_PROFILED_DATATYPES = frozenset({"Quantity"})
_LIMITS = {"max-length": "maxLength", "least": "minValueInteger", "most": "maxValueInteger"}
_FHIR_TYPE = f"{FHIR}/StructureDefinition/structuredefinition-fhir-type"


def structure(
    section: str, name: str, body: YamlDict, place: SourceLocation, below: Resource | None = None
) -> Resource:
    """Read one definition of a section; `below` is what an earlier layer of the same guide says of it already.

    A layer above states what it changes: a line stated again replaces the earlier one, all others stay.
    """
    only(body, _KEYS[section], place, f"a definition under `{section}`")
    of, kind = _subject(section, name, body, place, below)
    made: Resource = {
        "resourceType": "StructureDefinition",
        "id": name,
        "url": str(body.get("url", f"{place.guide.canonical}/StructureDefinition/{name}")),
        "version": str(body.get("version", place.guide.version)),
        "name": name,
        "title": name,
        "status": "active",
        "fhirVersion": place.guide.fhir_version,
        "kind": kind,
        "abstract": flag(body.get("abstract", False), place, "`abstract`"),
        "type": of,
    }
    if below is not None:
        made |= {key: below[key] for key in ("title", "baseDefinition", "context", "contextInvariant") if key in below}
    if "title" in body:
        made["title"] = text(body["title"], place, "`title`")
    parent = body.get("on", None if "baseDefinition" in made else _PARENTS.get(section, of))
    if parent:
        made["baseDefinition"] = place.canonical(text(parent, place, "`on`"), "StructureDefinition")
    if "baseDefinition" in made:
        made["derivation"] = "constraint" if section in _CONSTRAINTS else "specialization"
    stated = _differential(of, body, place)
    if section == "extensions":
        made |= _contexts(name, body, place, made)
        stated = _with_plumbing(stated, made["url"])
    elif section == "primitives":
        stated.append(_primitive_value(name, body, place))
    made["differential"] = {"element": _over(below, stated) if below else stated}
    return made


def _subject(section: str, name: str, body: YamlDict, place: SourceLocation, below: Resource | None) -> tuple[str, str]:
    """Give the type a definition is about, and its kind."""
    if section == "extensions":
        return "Extension", "complex-type"
    if section != "profiles":
        return name, {"primitives": "primitive-type", "datatypes": "complex-type"}.get(section, "resource")
    if below is not None:
        return below["type"], below["kind"]
    of = text(needed(body, "of", place, f"the profile {name}"), place, "`of`")
    return of, "complex-type" if of in _PROFILED_DATATYPES else "resource"


def _contexts(name: str, body: YamlDict, place: SourceLocation, made: Resource) -> Resource:
    """Give where an extension may stand; a layer above need not say it again."""
    found: Resource = {}
    if "context" in body or "context" not in made:
        stated = texts(needed(body, "context", place, f"the extension {name}"), place, "`context`")
        found["context"] = [_context(each, place) for each in stated]
    if "context-invariants" in body:
        found["contextInvariant"] = texts(body["context-invariants"], place, "`context-invariants`")
    return found


def _primitive_value(name: str, body: YamlDict, place: SourceLocation) -> Resource:
    """Give the value of a primitive: what FHIRPath calls `value`, shown in FHIR as the type itself."""
    system = text(needed(body, "value", place, f"the primitive {name}"), place, "`value`")
    xhtml = name == "xhtml"  # R4 publishes it as text that must be there
    extensions = [{"url": _FHIR_TYPE, "valueUrl": "string" if xhtml else name}]
    value: Resource = {
        "id": f"{name}.value",
        "path": f"{name}.value",
        "min": int(xhtml),
        "max": "1",
        "type": [{"extension": extensions, "code": f"{FHIR}path/{system}"}],
    }
    return value | {field: body[key] for key, field in _LIMITS.items() if key in body}


def _over(below: Resource, stated: list[Resource]) -> list[Resource]:
    """Put the elements of a layer above over those below; what it adds comes first, so that its slices do."""
    root, *rest = below["differential"]["element"]
    again = {each["id"]: each for each in stated if "." in each["id"] or len(each) > _BARE}
    replaced = [again.pop(each["id"], each) for each in (root, *rest)]
    return [replaced[0], *again.values(), *replaced[1:]]


def _context(written: str, place: SourceLocation) -> Resource:
    """Read `MeasureReport.group` (an element), `fhirpath(…)` or `extension(url)`."""
    kind, paren, rest = written.partition("(")
    if not paren:
        return {"type": "element", "expression": written}
    if kind not in ("fhirpath", "extension") or not rest.endswith(")"):
        raise place.wrong(f"{written!r} is no context", "expected an element path, `extension(url)` or `fhirpath(…)`")
    return {"type": kind, "expression": rest[:-1]}


def _differential(of: str, body: YamlDict, place: SourceLocation) -> list[Resource]:
    lines = mapping(body.get("elements"), place, "`elements`")
    found: dict[str, Resource] = {of: {"id": of, "path": of}}
    for key, line in lines.items():
        here = place.of(lines, key)
        element_id = of if key == _ROOT else f"{of}.{key}"
        stated = element(text(line, here, f"the element {key}"), of, here)
        found[element_id] = _placed(element_id, stated)
    for element_id, constraint in _invariants(of, body, place):
        if element_id not in found:
            found[element_id] = _placed(element_id, {})
        found[element_id].setdefault("constraint", []).append(constraint)
    return list(found.values())


def _placed(element_id: str, stated: Resource) -> Resource:
    steps = [step.partition(":") for step in element_id.split(".")]
    placed = {"id": element_id, "path": ".".join(name for name, _, _ in steps)}
    if steps[-1][2]:
        placed["sliceName"] = steps[-1][2]
    return placed | stated


def _invariants(of: str, body: YamlDict, place: SourceLocation) -> Iterator[tuple[str, Resource]]:
    """Give each invariant with the id of each element it is on."""
    invariants = mapping(body.get("invariants"), place, "`invariants`")
    for key, value in invariants.items():
        here = place.of(invariants, key)
        what = f"the invariant {key}"
        rule = mapping(value, here, what)
        only(rule, ("on", "says", "holds", "severity"), here, what)
        constraint = {
            "key": key,
            "severity": rule.get("severity", "error"),
            "human": text(needed(rule, "says", here, what), here, "`says`"),
            "expression": text(needed(rule, "holds", here, what), here, "`holds`"),
        }
        for path in texts(rule.get("on", _ROOT), here, "`on`"):
            yield of if path == _ROOT else f"{of}.{path}", constraint


def _with_plumbing(stated: list[Resource], url: str) -> list[Resource]:
    """Add what follows from being an extension: `url`s, and that it has either parts or a value."""
    found = {each["id"]: each for each in stated}
    parts = [each["id"] for each in stated if each["id"].rpartition(".")[2].startswith("extension:")]
    owners = ["Extension", *parts]
    whole: list[Resource] = []
    for each in stated:
        whole.append(each)
        if each["id"] not in owners:
            continue
        owner = each["id"]
        has_parts = any(part.rpartition(".")[0] == owner for part in parts)
        if not has_parts and f"{owner}.extension" not in found:
            whole.append(_placed(f"{owner}.extension", {"max": "0"}))
        fixed = url if owner == "Extension" else each["sliceName"]
        whole.append(_placed(f"{owner}.url", {"fixedUri": fixed}))
        if has_parts and f"{owner}.value[x]" not in found:
            whole.append(_placed(f"{owner}.value[x]", {"max": "0"}))
    return whole
