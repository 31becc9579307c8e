"""Where an extension may stand (https://hl7.org/fhir/R4/defining-extensions.html#context)."""

from __future__ import annotations

from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import Element, Profile

_ABSTRACT = ("Element", "Resource", "DomainResource")


def allowed(extension: Profile, place: Element, holder: Profile, edition: Edition) -> bool:
    """Whether the extension's own context lets it stand on this element.

    `place` is the element that holds the `extension`; `holder` the profile or extension it belongs to.
    """
    if not extension.contexts:
        return True
    names = _names(place, holder, edition)
    for kind, expression in extension.contexts:
        if kind == "element" and expression.rpartition("#")[2] in names:
            return True
        if kind == "extension" and holder.is_extension and expression.partition("#")[0] == holder.url:
            return True
        if kind == "fhirpath":
            return True
    return False


def _names(place: Element, holder: Profile, edition: Edition) -> set[str]:
    """The ids under which a context may name this place: its path, that of its definition, its types and theirs."""
    names = {place.id, place.path, place.base_path, "Element"}
    if "." not in place.path:
        names |= set(_ABSTRACT) | {holder.type}
    for each in place.types:
        names.add(each.code)
        base = edition.find_profile(each.code)
        while base is not None and base.base is not None:
            names.add(base.type)
            base = edition.find_profile(base.base)
    return names
