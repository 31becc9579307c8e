"""Conformance resources held by their canonical URL, in several versions if need be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Held:
    """A resource and where it was read."""

    resource: Resource
    source: str

    @property
    def type(self) -> str:
        """The resource type."""
        return str(self.resource["resourceType"])

    @property
    def url(self) -> str:
        """The canonical URL, without version."""
        return str(self.resource["url"])

    @property
    def version(self) -> str | None:
        """The business version."""
        version = self.resource.get("version")
        return None if version is None else str(version)


class Definitions:
    """Resources by canonical; one that is added later stands before an earlier one of the same URL.

    A canonical with `|version` finds that version where it is held, and else any: guides name versions of their
    dependencies that nobody has, and the newest at hand is then the best answer
    (https://hl7.org/fhir/R4/references.html#canonical).
    """

    def __init__(self, resources: Iterable[tuple[str, Resource]] = (), below: Definitions | None = None) -> None:
        self._below = below
        self._held: dict[str, list[Held]] = {}
        for source, resource in resources:
            self.add(source, resource)

    def add(self, source: str, resource: Resource) -> None:
        """Hold a resource; one without a URL cannot be asked for and is left out."""
        url = resource.get("url")
        if isinstance(url, str) and isinstance(resource.get("resourceType"), str):
            self._held.setdefault(url, []).insert(0, Held(resource, source))

    def find(self, canonical: str, resource_type: str | None = None) -> Held | None:
        """The resource of that canonical and, if given, of that type."""
        url, _, version = canonical.partition("#")[0].partition("|")
        first: Held | None = None
        for held in self.versions(url):
            if resource_type is not None and held.type != resource_type:
                continue
            if not version or held.version == version:
                return held
            first = first or held
        return first

    def _all(self, url: str) -> Iterator[Held]:
        yield from self._held.get(url, ())
        if self._below is not None:
            yield from self._below.versions(url)

    def of_type(self, resource_type: str) -> Iterator[Held]:
        """For each URL held with a resource of that type, the one that `find` gives for it, in order of URL."""
        for url in sorted(self.urls()):
            held = self.find(url, resource_type)
            if held is not None:
                yield held

    def urls(self) -> set[str]:
        """The canonical URLs of all resources held."""
        return self._held.keys() | (self._below.urls() if self._below is not None else set())
