"""Conformance resources held by their canonical URL, in several versions if need be."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from vbpr_conformance.errors import UsageError

Resource = dict[str, Any]


class CanonicalResource:
    """A resource and where it was read. Of one that comes from the disk cache only the head is unpacked at first."""

    __slots__ = ("_content", "about", "derivation", "id", "source", "type", "url", "version")

    def __init__(self, source: str, resource: Resource) -> None:
        self.source = source
        self.type = str(resource["resourceType"])
        self.url = str(resource["url"])
        self.id = str(resource.get("id") or self.url.rpartition("/")[2])
        version = resource.get("version")
        self.version = None if version is None else str(version)
        self.about = str(resource["type"]) if self.type == "StructureDefinition" and "type" in resource else ""
        """The type that a StructureDefinition is about."""
        self.derivation = resource.get("derivation")
        self._content: Resource | bytes = resource

    @property
    def resource(self) -> Resource:
        """The resource itself."""
        content = self._content
        if isinstance(content, bytes):
            content = self._content = pickle.loads(content)  # noqa: S301 - our own bytes, see cache.py
        return content

    @property
    def canonical(self) -> str:
        """The URL with its version, if it has one."""
        return f"{self.url}|{self.version}" if self.version else self.url

    def __getstate__(self) -> tuple[Any, ...]:
        content = self._content if isinstance(self._content, bytes) else pickle.dumps(self._content, protocol=5)
        return (content, self.about, self.derivation, self.id, self.source, self.type, self.url, self.version)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        (self._content, self.about, self.derivation, self.id, self.source, self.type, self.url, self.version) = state


@contextmanager
def well_formed(definition: CanonicalResource) -> Iterator[None]:
    """Whatever goes wrong in reading a resource, because it is made otherwise than R4 says, is said of the resource."""
    try:
        yield
    except (AttributeError, KeyError, IndexError, TypeError, ValueError, RecursionError) as error:
        raise UsageError(
            f"{definition.source}: {definition.url}: it does not have the form of a {definition.type}."
        ) from error


class Definitions:
    """Resources by canonical; of one URL the newest version is found, of one version that which was added last.

    A canonical with `|version` finds that version where it is held, and else the newest: guides name versions of their
    dependencies that nobody has, and the newest at hand is then the best answer
    (https://hl7.org/fhir/R4/references.html#canonical).
    """

    def __init__(self, resources: Iterable[tuple[str, Resource]] = (), below: Definitions | None = None) -> None:
        self._below = below
        self._held: dict[str, list[CanonicalResource]] = {}
        for source, resource in resources:
            self.add(source, resource)

    def add(self, source: str, resource: Resource) -> None:
        """Hold a resource; one without a URL cannot be asked for and is left out."""
        if isinstance(resource.get("url"), str) and isinstance(resource.get("resourceType"), str):
            definition = CanonicalResource(source, resource)
            self._held.setdefault(definition.url, []).insert(0, definition)

    def find(self, canonical: str, resource_type: str | None = None) -> CanonicalResource | None:
        """The resource of that canonical and, if given, of that type."""
        url, _, version = canonical.partition("#")[0].partition("|")
        newest: CanonicalResource | None = None
        for definition in self.versions(url):
            if resource_type is not None and definition.type != resource_type:
                continue
            if version and definition.version == version:
                return definition
            if newest is None or _is_newer(definition.version, newest.version):
                newest = definition
        return newest

    def versions(self, url: str) -> Iterator[CanonicalResource]:
        """All resources held of that URL, the one that stands before the others first."""
        yield from self._held.get(url, ())
        if self._below is not None:
            yield from self._below.versions(url)

    def of_type(self, resource_type: str) -> Iterator[CanonicalResource]:
        """For each URL held with a resource of that type, the one that `find` gives for it, in order of URL."""
        for url in sorted(self.urls()):
            definition = self.find(url, resource_type)
            if definition is not None:
                yield definition

    def urls(self) -> set[str]:
        """The canonical URLs of all resources held."""
        return self._held.keys() | (self._below.urls() if self._below is not None else set())


def _is_newer(version: str | None, other: str | None) -> bool:
    """Whether a version comes after another; what cannot be compared does not.

    R4 publishes what it holds of others (terminology, extensions) under its own version, which is older than any of
    theirs.
    """
    if version == other or not version or not other:
        return False
    if FHIR_VERSION in {version, other}:
        return other == FHIR_VERSION
    one, two = ([int(each) for each in _NUMBER.findall(each.partition("-")[0])] for each in (version, other))
    return one > two


FHIR_VERSION = "4.0.1"
_NUMBER = re.compile(r"\d+")
