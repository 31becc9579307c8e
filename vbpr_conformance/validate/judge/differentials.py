"""A StructureDefinition that constrains another: what its differential says must be possible in its base.

https://hl7.org/fhir/R4/profiling.html#using: a profile cannot add elements, nor allow what the base does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vbpr_conformance.errors import UsageError
from vbpr_conformance.fhir import fhirpath
from vbpr_conformance.fhir.fhirpath.parser import parse
from vbpr_conformance.ig.model import Element, Profile
from vbpr_conformance.validate.compile.known_definitions import KnownDefinitions
from vbpr_conformance.validate.issue import Drafts, IssueDraft, Severity, below, shown
from vbpr_conformance.validate.judge.listed_objects import objects

_PROFILE = "http://hl7.org/fhir/StructureDefinition/StructureDefinition"
_TEXTS = frozenset({"id", "string", "uri"})
"""What R4 gives ids and URLs of extensions as their type, in one place or another."""


def issues(definition: dict[str, Any], known: KnownDefinitions) -> Drafts:
    """Judge a StructureDefinition by its base, where that is at hand."""
    if "context" in definition and definition.get("type") != "Extension" and type(definition.get("type")) is str:
        message = f"context found, which is for extensions, but this is about {definition['type']}."
        return below(_told("context", message), ".context[0]")
    base_url, differential = definition.get("baseDefinition"), definition.get("differential")
    stated = differential.get("element") if type(differential) is dict else None
    if definition.get("derivation") != "constraint" or type(base_url) is not str or type(stated) is not list:
        return []
    base = known.profile(base_url)
    if base is None:
        return _told("baseDefinition", f"Not checked against {base_url}: {known.why_missing(base_url)}.", "warning")
    kind = definition.get("type")
    if type(kind) is str and kind.rpartition("/")[2] != base.type:
        return _told("type", f"{shown(kind)} found, but the base {base_url} is about {base.type}.")
    try:
        derived = known.edition.derived(definition)
    except UsageError as error:
        own = f": {definition.get('url', '')}: "
        if not str(error).startswith(own):  # what is wrong is a definition that it builds on
            return _told("baseDefinition", f"Not checked against {base_url}: {error}", "warning")
        message = f"No profile can be made of it: {str(error).removeprefix(own)}"
        return below(_told("differential", message), ".differential")
    judge = _Differences(base, derived, known)
    found: Drafts = []
    for index, each in enumerate(stated):
        if type(each) is dict:
            found += below(list(judge.of(each)), f".differential.element[{index}]")
    return found


class _Differences:
    """Tells what elements of a differential allow that the base does not."""

    def __init__(self, base: Profile, derived: Profile, known: KnownDefinitions) -> None:
        self._base, self._derived, self._known = base, derived, known

    def of(self, stated: dict[str, Any]) -> Iterator[IssueDraft]:
        """Judge one element as it is stated."""
        for constraint in objects(stated, "constraint"):
            yield from unreadable(constraint.get("expression"), _CONSTRAINT, _PROFILE)
        element = self._derived.by_id.get(str(stated.get("id")))
        if element is None or not isinstance(element.min, int):  # another type is told of by itself
            return
        yield from self._values(stated, element)
        unsliced = element.id.removesuffix(f":{element.slice_name}")
        base = self._base.by_id.get(element.id) or self._base.by_id.get(unsliced)
        base = base or self._known.base_element(element)
        if base is None or element.base_path == element.path.partition(".")[0]:
            return
        is_new = element.slice_name is not None and base.slice_name != element.slice_name
        if element.min < base.min and not is_new:
            yield from _told("differential.element.min", f"{element.min} found, the base asks for {base.min}.")
        if base.max is not None and (element.max is None or element.max > base.max):
            most = "*" if element.max is None else element.max
            yield from _told("differential.element.max", f"{most} found, the base allows at most {base.max}.")
        yield from self._types(stated, base)

    def _types(self, stated: dict[str, Any], base: Element) -> Iterator[IssueDraft]:
        allowed = {each.code for each in base.types}
        for each in objects(stated, "type"):
            code = each.get("code")
            lineage = {code, *self._known.lineage(code)} if type(code) is str and ":" not in code else set()
            if allowed and lineage and not lineage & (allowed | (_TEXTS if allowed & _TEXTS else set())):
                message = f"The type {code} found, the base allows {', '.join(sorted(allowed))}."
                yield from _told("differential.element.type", message)

    def _values(self, stated: dict[str, Any], element: Element) -> Iterator[IssueDraft]:
        codes = {each.code for each in element.types}
        allowed = {each.lower() for code in codes for each in (code, *self._known.lineage(code))}
        allowed |= _TEXTS if allowed & _TEXTS else set()
        for name in stated:
            for stem in ("fixed", "pattern"):
                if name.startswith(stem) and allowed and name.removeprefix(stem).lower() not in allowed:
                    message = f"{name} found, the element is of type {', '.join(sorted(codes))}."
                    yield from _told("differential.element", message)


def unreadable(expression: Any, element: str, profile: str) -> Drafts:
    """Say what is wrong with an expression that cannot be read as FHIRPath."""
    try:
        parse(expression) if type(expression) is str else None
    except fhirpath.ExpressionError as error:
        message = f"{shown(expression)} found, which is no FHIRPath: {error}."
        return [IssueDraft("error", "invalid", f"expression:{element}", profile, message)]
    return []


_CONSTRAINT = "StructureDefinition.differential.element.constraint.expression"
_SEARCH_PARAMETER = "http://hl7.org/fhir/StructureDefinition/SearchParameter"


def search_parameter_issues(parameter: dict[str, Any]) -> Drafts:
    """Judge whether the expression of a SearchParameter can be read."""
    drafts = unreadable(parameter.get("expression"), "SearchParameter.expression", _SEARCH_PARAMETER)
    return below(drafts, ".expression")


def _told(element: str, message: str, severity: Severity = "error") -> Drafts:
    return [IssueDraft(severity, "invalid", f"differential:StructureDefinition.{element}", _PROFILE, message)]
