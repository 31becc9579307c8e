"""Value sets and code systems in notation.

    value-sets:
      measure-status:
        include:
          - {system: measure-status}                                # all its codes
          - {system: "tho:measure-population|2.0.0"}                # of one version
          - {system: "https://nahdo.org/sopt", codes: {1: MEDICARE}}  # these codes
          - {system: "http://unitsofmeasure.org", where: [class = region]}
          - {value-set: other}
    code-systems:
      measure-status:
        codes: {final: Final, draft: {is: Draft, below: {draft-1: First Draft}}}

https://hl7.org/fhir/R4/valueset.html, https://hl7.org/fhir/R4/codesystem.html.
"""

from __future__ import annotations

from typing import Any

from vbpr_conformance.fhir.yaml12 import YamlDict, YamlList
from vbpr_conformance.ig.notation_names import SourceLocation, flag, mapping, needed, only, text, texts

Resource = dict[str, Any]

_HEAD = ("title", "url", "version")
_CONTENT = ("complete", "fragment", "example", "not-present")


def value_set(name: str, body: YamlDict, place: SourceLocation, below: Resource | None = None) -> Resource:
    """Read one value set; what it does not say is as in a layer `below` of the same guide."""
    only(body, (*_HEAD, "include", "exclude"), place, "a value set")
    made = _resource("ValueSet", name, body, place, below)
    if "include" in body or below is None:
        compose = {"include": _clauses(needed(body, "include", place, f"the value set {name}"), place)}
        if "exclude" in body:
            compose["exclude"] = _clauses(body["exclude"], place)
        made["compose"] = compose
    return made


def code_system(name: str, body: YamlDict, place: SourceLocation, below: Resource | None = None) -> Resource:
    """Read one code system, complete unless `content` says something else; `below` as for a value set."""
    only(body, (*_HEAD, "content", "case-sensitive", "codes"), place, "a code system")
    made = {"content": "complete", "caseSensitive": True} | _resource("CodeSystem", name, body, place, below)
    if "content" in body:
        made["content"] = body["content"]
        if made["content"] not in _CONTENT:
            here = place.of(body, "content")
            raise here.wrong(f"{made['content']!r} is no content", f"expected one of {', '.join(_CONTENT)}")
    if "case-sensitive" in body:
        made["caseSensitive"] = flag(body["case-sensitive"], place.of(body, "case-sensitive"), "`case-sensitive`")
    if "codes" in body:
        made["concept"] = _concepts(body["codes"], place.of(body, "codes"), nested=True)
    return made


def _resource(kind: str, name: str, body: YamlDict, place: SourceLocation, below: Resource | None) -> Resource:
    made = {
        "resourceType": kind,
        "id": name,
        "url": str(body.get("url", f"{place.guide.canonical}/{kind}/{name}")),
        "name": name,
        "title": name,
        "status": "active",
    } | (below or {})
    made["version"] = text(body.get("version", place.guide.version), place, "`version`")
    if "title" in body:
        made["title"] = text(body["title"], place, "`title`")
    return made


def _clauses(value: Any, place: SourceLocation) -> list[Resource]:
    if not isinstance(value, YamlList):
        raise place.wrong("`include` is no list", "expected `- {system: …}` or `- {value-set: …}` lines")
    lines = value.item_lines
    return [_clause(each, place.at(line)) for each, line in zip(value, lines, strict=True)]


def _clause(value: Any, place: SourceLocation) -> Resource:
    what = "an included part"
    clause = mapping(value, place, what)
    only(clause, ("system", "codes", "where", "value-set"), place, what)
    made: Resource = {}
    if "system" in clause:
        url, _, version = text(clause["system"], place, "`system`").partition("|")
        made["system"] = place.canonical(url, "CodeSystem")
        if version:
            made["version"] = version
    if "codes" in clause:
        made["concept"] = _concepts(clause["codes"], place, nested=False)
    if "where" in clause:
        made["filter"] = [_filter(each, place) for each in texts(clause["where"], place, "`where`")]
    if "value-set" in clause:
        named = texts(clause["value-set"], place, "`value-set`")
        made["valueSet"] = [place.canonical(each, "ValueSet") for each in named]
    if not made:
        raise place.wrong(f"{what} is empty", "expected a `system` or a `value-set`")
    return made


def _filter(written: str, place: SourceLocation) -> Resource:
    parts = written.split(" ", 2)
    if len(parts) != 3:  # noqa: PLR2004  # property, operator, value
        raise place.wrong(f"{written!r} is no filter", "expected `property operator value`, as in `concept is-a x`")
    return {"property": parts[0], "op": parts[1], "value": parts[2]}


def _concepts(value: Any, place: SourceLocation, *, nested: bool) -> list[Resource]:
    """Read `code: Display` lines, or a list of codes that have no display here."""
    if isinstance(value, YamlList):
        return [{"code": text(code, place, "a code")} for code in value]
    codes = mapping(value, place, "`codes`")
    return [_concept(code, given, place.of(codes, code), nested=nested) for code, given in codes.items()]


def _concept(code: str, given: Any, place: SourceLocation, *, nested: bool) -> Resource:
    if isinstance(given, YamlDict) and nested:
        only(given, ("is", "below"), place, f"the code {code}")
        made = {"code": code, "display": text(needed(given, "is", place, f"the code {code}"), place, "`is`")}
        below = needed(given, "below", place, f"the code {code}")
        return made | {"concept": _concepts(below, place.of(given, "below"), nested=True)}
    return {"code": code} if given is None else {"code": code, "display": text(given, place, f"the display of {code}")}
