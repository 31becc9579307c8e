"""Where an extension may stand, asked of an element of a profile: the validator's own judgement of places."""

from __future__ import annotations

from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import Element, Profile
from vbpr_conformance.validate.compile.extension_context import ElementPlace
from vbpr_conformance.validate.compile.known_definitions import KnownDefinitions


def allowed(extension: Profile, place: Element, holder: Profile, edition: Edition) -> bool:
    """Whether the extension's own context lets it stand on this element, or leaves that open.

    `place` is the element that holds the `extension`; `holder` the profile or extension it belongs to.
    """
    codes = [each.code for each in place.types] if "." in place.path else [holder.type]
    types = tuple(name for code in codes for name in edition.owned(KnownDefinitions).lineage(code))
    paths = frozenset({place.id, place.path, place.base_path})
    url = holder.url if holder.is_extension else None
    return ElementPlace(paths, types, extension=url).allows(extension.contexts) is not False
