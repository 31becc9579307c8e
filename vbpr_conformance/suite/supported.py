"""Which parts of a resource a server has to keep, and which it only should.

R4 lets a server take less than it was sent: "SHOULD accept the resource as submitted" is all it asks
(https://hl7.org/fhir/R4/http.html#update, https://hl7.org/fhir/R4/http.html#transaction-integrity). What the guide's
profiles require or flag Must Support has to be kept; and what is kept has to be kept unchanged.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from vbpr_conformance.fhir.compare import ContentDifference
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import Element, Profile

_INDEX = re.compile(r"\[\d+\]")
_TYPE = re.compile(r"\.ofType\(\w+\)")
_PARTS = ("BackboneElement", "Element")


def only_should(difference: ContentDifference, resource_type: str, edition: Edition) -> bool:
    """Whether the difference is an omission that R4 allows: something left out that no profile asks to support.

    Extensions that nobody asks to support may go anywhere, inside of what has to be kept too: R4 says that they should
    be kept (https://hl7.org/fhir/R4/extensibility.html#exchange). Modifier extensions may not.
    """
    if difference.got is not None or difference.sent is None or "modifierExtension" in difference.path:
        return False
    path = _TYPE.sub("", _INDEX.sub("", difference.path))
    if isinstance(difference.sent, list) and path.rpartition(".")[2] != "extension":
        items = [ContentDifference(path, each, None) for each in difference.sent]
        return all(only_should(each, resource_type, edition) for each in items)
    asked = _asked_for(edition, resource_type)
    where, extensions = _extensions(path, difference.sent)
    if extensions:
        return not any(asked.extension(where, each) for each in extensions)
    return path not in asked.parts and not asked.has(path)


def only_should_inside(element: Element, difference: ContentDifference, resource_type: str, edition: Edition) -> bool:
    """The same of something left out inside an element that has to be supported, its path beginning with the type.

    Of a data type nothing may be left out but extensions that nobody asks for.
    """
    path = _INDEX.sub("", difference.path).partition(".")[2].replace("._", ".").removeprefix("_")
    inside = ContentDifference(path, difference.sent, difference.got)
    if not any(each.code in _PARTS for each in element.types) and not _extensions(path, difference.sent)[1]:
        return False
    return only_should(inside, resource_type, edition)


def _extensions(path: str, sent: Any) -> tuple[str, list[Any]]:
    """Give the extensions, and where they stand, if nothing else was left out."""
    if path.rpartition(".")[2] == "extension":
        return path, sent if isinstance(sent, list) else [sent]
    if isinstance(sent, dict) and "extension" in sent and sent.keys() <= {"extension", "id"}:
        return f"{path}.extension", sent["extension"]
    return path, []


@dataclass(frozen=True, slots=True)
class _MustSupportPaths:
    """What profiles ask to support: paths with all below them, paths by themselves, extensions by path and URL."""

    whole: frozenset[str]
    parts: frozenset[str]
    urls: frozenset[tuple[str, str]]

    def has(self, path: str) -> bool:
        """Whether a path is, or is below, one that counts with all below it, such an extension included."""
        steps = path.split(".")
        places = {place for place, _ in self.urls}
        return any(
            (above := ".".join(steps[:count])) in self.whole or (above in places and count < len(steps))
            for count in range(1, len(steps) + 1)
        )

    def extension(self, where: str, extension: Any) -> bool:
        """Whether an extension has to be kept. One with a relative URL is a part of the extension that it is in."""
        url = extension.get("url") if isinstance(extension, dict) else None
        if not isinstance(url, str) or ":" in url:
            return (where, url) in self.urls
        return self.has(where)


@lru_cache(maxsize=32)
def _asked_for(edition: Edition, resource_type: str) -> _MustSupportPaths:
    whole, parts, urls = set(), set(), set()
    for profile in edition.profiles:
        if profile.type != resource_type:
            continue
        for element in profile.elements[1:]:
            if not element.must_support and element.min == 0:
                continue
            place = _place(element, profile)
            if element.name == "extension":
                urls |= {(_path(element), url.partition("|")[0]) for each in element.types for url in each.profiles}
            if any(each.code in _PARTS for each in place.types):
                parts.add(_path(place))
            elif place.name != "extension":
                whole.add(_path(place))
    return _MustSupportPaths(frozenset(whole), frozenset(parts), frozenset(urls))


def _place(element: Element, profile: Profile) -> Element:
    """Give the data type that holds the element: who must support a part of a value must keep the value."""
    steps = element.path.split(".")
    for count in range(2, len(steps)):
        holder = profile.by_id.get(".".join(steps[:count]))
        if holder is not None and not any(each.code in _PARTS for each in holder.types):
            return holder
    return element


def _path(element: Element) -> str:
    return element.path.partition(".")[2].replace("[x]", "")
