"""What the expression of a search parameter yields: of which types, and whether there can be several."""

from __future__ import annotations

from dataclasses import dataclass

from vbpr_conformance.fhir.fhirpath.expression_paths import extension_url, operands, steps
from vbpr_conformance.fhir.fhirpath.parser import parse
from vbpr_conformance.fhir.fhirpath.syntax import Call, Invoke, MemberName, Syntax, TypeName, TypeTest
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import Element, SearchParameter


@dataclass(frozen=True)
class Yielded:
    """Names of FHIR types; `several` says whether one resource can have more than one value."""

    types: frozenset[str]
    several: bool


def yielded(edition: Edition, resource_type: str, parameter: SearchParameter) -> Yielded:
    """Follow an expression through the definitions; of what is not understood no type is known."""
    types: set[str] = set()
    several = False
    parts = operands(parse(parameter.expression), "|") if parameter.expression else ()
    for part in parts:
        path, cast = _cast(part)
        root, *rest = (each for each in steps(path) if not (isinstance(each, Call) and each.name == "where"))
        if not rest or root not in {MemberName(each) for each in (resource_type, "Resource", "DomainResource")}:
            continue
        found, repeats = _followed(edition, resource_type, rest)
        types |= {cast} if cast and found else found
        several = several or repeats or len(parts) > 1
    return Yielded(frozenset(types), several)


def _cast(part: Syntax) -> tuple[Syntax, str | None]:
    """What stands before an `as`, and the type behind it."""
    match part:
        case TypeTest(operator="as", operand=operand, type=TypeName(name=name)):
            return operand, name
        case Invoke(left=left, right=Call(name="as" | "ofType", args=(MemberName(name=name),))):
            return left, name
    return part, None


def _followed(edition: Edition, resource_type: str, path: list[Syntax]) -> tuple[set[str], bool]:
    types, repeats = {resource_type}, False
    profile = edition.find_profile(resource_type)
    element = profile.root if profile is not None else None
    for step in path:
        url = extension_url(step)
        if url is not None:
            profile = edition.find_profile(url)
            element = profile.root if profile is not None else None
        else:
            element = _child(edition, element, step.name) if isinstance(step, MemberName) else None
            repeats = repeats or (element is not None and element.is_array)
        if element is None:
            return set(), repeats
        types = {each.code for each in element.types}
    return types, repeats


def _child(edition: Edition, element: Element | None, name: str) -> Element | None:
    """Find an element below another, where that is defined in place or in its type."""
    if element is None:
        return None
    roots = [found.root for each in element.types if (found := edition.find_profile(each.code)) is not None]
    for place in (element, *roots):
        child = place.by_name.get(name) or place.by_name.get(f"{name}[x]")
        if child is not None:
            return child
    return None
