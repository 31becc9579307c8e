"""Which parts of a resource a server has to keep, and which it only should.

R4 lets a server take less than it was sent: "SHOULD accept the resource as submitted" is all it asks
(https://hl7.org/fhir/R4/http.html#update, https://hl7.org/fhir/R4/http.html#transaction-integrity). What the guide's
profiles require or flag Must Support has to be kept; and what is kept has to be kept unchanged.
"""

from __future__ import annotations

import re
from functools import lru_cache

from vbpr_conformance.fhir.compare import Difference
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import Element, Profile

_INDEX = re.compile(r"\[\d+\]")
_TYPE = re.compile(r"\.ofType\(\w+\)")
_PARTS = ("BackboneElement", "Element")


def only_should(difference: Difference, resource_type: str, edition: Edition) -> bool:
    """Whether the difference is an omission that R4 allows: something left out that no profile asks to support."""
    if difference.got is not None or difference.sent is None:
        return False
    path = _TYPE.sub("", _INDEX.sub("", difference.path))
    whole, parts, urls = _asked_for(edition, resource_type)
    if isinstance(difference.sent, dict) and "url" in difference.sent and path.endswith("extension"):
        return (path, difference.sent["url"]) not in urls and not _below(path, whole)
    return path not in parts and not _below(path, whole)


def _below(path: str, whole: frozenset[str]) -> bool:
    steps = path.split(".")
    return any(".".join(steps[:count]) in whole for count in range(1, len(steps) + 1))


@lru_cache(maxsize=32)
def _asked_for(
    edition: Edition, resource_type: str
) -> tuple[frozenset[str], frozenset[str], frozenset[tuple[str, str]]]:
    """Give the paths that count with all below them, those that count by themselves, and extensions by path and URL."""
    whole, parts, urls = set(), set(), set()
    for profile in edition.profiles:
        if profile.type != resource_type:
            continue
        for element in profile.elements[1:]:
            if not element.must_support and element.min == 0:
                continue
            place = _place(element, profile)
            if place.name == "extension":
                urls |= {(_path(place), url) for each in place.types for url in each.profiles}
            elif any(each.code in _PARTS for each in place.types):
                parts.add(_path(place))
            else:
                whole.add(_path(place))
    return frozenset(whole), frozenset(parts), frozenset(urls)


def _place(element: Element, profile: Profile) -> Element:
    """Give the data type that holds the element: who must support a part of a value must keep the value."""
    steps = element.path.split(".")
    for count in range(2, len(steps)):
        holder = profile.by_id.get(".".join(steps[:count]))
        if holder is not None and not any(each.code in _PARTS for each in holder.types):
            return holder
    return element


def _path(element: Element) -> str:
    return element.path.partition(".")[2].removesuffix("[x]")
