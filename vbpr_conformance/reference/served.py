"""What an edition makes the server serve: the resource types, their search parameters, their profiles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import Element, Profile, SearchParameter

_R4 = "http://hl7.org/fhir/SearchParameter/Resource-"
OF_EVERY_TYPE = tuple(
    SearchParameter(url=f"{_R4}{name.strip('_')}", code=name, type=kind, base=("Resource",), expression=expression)
    for name, kind, expression in (
        ("_id", "token", "Resource.id"),
        ("_lastUpdated", "date", "Resource.meta.lastUpdated"),
        ("_tag", "token", "Resource.meta.tag"),
        ("_profile", "uri", "Resource.meta.profile"),
        ("_security", "token", "Resource.meta.security"),
        ("_source", "uri", "Resource.meta.source"),
    )
)
"""https://hl7.org/fhir/R4/search.html#all (an edition may define them itself: then its own are used)."""

_NEVER_STORED = {"OperationOutcome", "Parameters"}
SEARCHABLE = {"token", "string", "reference", "date", "number", "quantity", "uri"}


def types(edition: Edition) -> tuple[str, ...]:
    """The resource types: those that the guide profiles, then those that its profiles refer to."""
    own = profiled_types(edition)
    near: set[str] = set()
    for profile in edition.profiles:
        near |= set(_referred(edition, profile))
    return (*own, *sorted(near - set(own) - _NEVER_STORED))


def profiled_types(edition: Edition) -> list[str]:
    """The resource types that the guide profiles."""
    return sorted({profile.type for profile in edition.profiles})


def profiles(edition: Edition, resource_type: str) -> list[str]:
    """The guide's own profiles of a type."""
    return [profile.url for profile in edition.profiles if profile.type == resource_type]


def parameters(edition: Edition, resource_type: str) -> dict[str, SearchParameter]:
    """The search parameters of a type by their code."""
    found = {each.code: each for each in OF_EVERY_TYPE}
    for base in ("Resource", "DomainResource", resource_type):
        for each in edition.search_parameters(base):
            if each.type in SEARCHABLE and each.expression and (each.code in found or not each.code.startswith("_")):
                found[each.code] = each
    return found


def parameters_of_types(edition: Edition) -> Mapping[str, Mapping[str, SearchParameter]]:
    """The search parameters of every type, by their code."""
    return {each: parameters(edition, each) for each in edition.owned(types)}


def _referred(edition: Edition, profile: Profile) -> Iterator[str]:
    """Types that a profile's references may point to, those inside its extensions included."""
    for element in profile.elements:
        for target in _targets(edition, element):
            found = edition.find_profile(target)
            if found is not None and found.kind == "resource" and not found.abstract:
                yield found.type


def _targets(edition: Edition, element: Element) -> Iterator[str]:
    """The targets of an element's references, and of those inside the extensions that it is."""
    for each in element.types:
        if each.code == "Reference":
            yield from each.targets
        for canonical in each.profiles if each.code == "Extension" else ():
            extension = edition.find_profile(canonical)
            for inner in extension.elements if extension is not None else ():
                yield from (target for one in inner.types if one.code == "Reference" for target in one.targets)
