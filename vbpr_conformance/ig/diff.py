"""Compares an edition as it is stated here with an official FHIR package."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from vbpr_conformance.ig.definitions import CanonicalResource, Definitions, well_formed
from vbpr_conformance.ig.diff_facts import OF_TYPE, WHOLE, Facts, of_other
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.loader import editions, load_edition
from vbpr_conformance.ig.package import read_manifest, read_package
from vbpr_conformance.ig.search_parameters import search_parameter
from vbpr_conformance.ig.snapshot_model import profile
from vbpr_conformance.ig.statements import statement

_NOT_COMPARED = frozenset({"ImplementationGuide"})
PRESENCE = "presence"
"""The aspect of what only one of the two has."""


@dataclass(frozen=True, slots=True)
class EditionDifference:
    """One difference. `element` is the part of the artifact, empty for the artifact itself; so is a side without it."""

    artifact: str
    element: str
    aspect: str
    ours: str
    theirs: str

    def __str__(self) -> str:
        where = " · ".join(each for each in (self.artifact, self.element) if each)
        if self.aspect == PRESENCE:
            return f"{where} · only {'here' if self.ours else 'in the package'}"
        return f"{where} · {self.aspect}: {self.ours or 'none'} here, {self.theirs or 'none'} in the package"


def lines(differences: Iterable[EditionDifference]) -> Iterator[str]:
    """The differences as sentences, one a line."""
    return (str(each) for each in differences)


def title(package: Path) -> str:
    """What a package calls itself, with its version."""
    manifest = read_manifest(package)
    return f"{manifest['name']} {manifest.get('version', '')}".strip() if "name" in manifest else package.name


def edition_for(package: Path) -> Edition:
    """The edition that holds most of what the package holds, in the same versions; the newest where none does."""
    newest = load_edition(editions()[-1])
    definition = {(each.url, each.version) for each in _resources(Definitions(read_package(package, newest.structure)))}

    def shared(edition: Edition) -> int:
        return sum(
            any(each.version == version for each in edition.definitions.versions(url)) for url, version in definition
        )

    return max(map(load_edition, reversed(editions())), key=shared)


def diff(edition: Edition, package: Path) -> list[EditionDifference]:
    """All differences, by artifact; of a package of another guide, those in what both hold."""
    theirs = Edition("", Definitions(read_package(package, edition.structure), below=edition.definitions))
    packaged = {
        (each.type, each.url): each for each in _resources(Definitions(read_package(package, edition.structure)))
    }
    own = {(each.type, each.url): each for each in _resources(edition.definitions) if _is_own(each, edition)}
    keys = set(packaged)
    if any(_is_own(each, edition) for each in packaged.values()):
        keys |= set(own)
    else:
        keys &= {(each.type, each.url) for each in _resources(edition.definitions)}
    found: list[EditionDifference] = []
    for key in sorted(keys, key=lambda each: (each[1], each[0])):
        here, there = edition.definitions.find(key[1], key[0]), packaged.get(key)
        name = _name(there or here or own[key])
        mine = None if here is None else _ours(edition, here)
        other = None if there is None else _theirs(theirs, there)
        found += _compared(name, mine, other)
        if mine and other and key[0] == "StructureDefinition":
            found += _order(name, [each for each in mine if each in other], [each for each in other if each in mine])
    return found


def _name(definition: CanonicalResource) -> str:
    """The name people use: the id, with the type before it where it is no profile; ids repeat between types."""
    return definition.id if definition.type == "StructureDefinition" else f"{definition.type} {definition.id}"


def _is_own(definition: CanonicalResource, edition: Edition) -> bool:
    return definition.url.startswith(f"{edition.own}/")


def _resources(definitions: Definitions) -> list[CanonicalResource]:
    """Everything held that can be compared, one for each type and URL."""
    first = {
        (each.type, each.url): each for url in definitions.urls() for each in reversed([*definitions.versions(url)])
    }
    return [each for each in first.values() if each.type not in _NOT_COMPARED]


def _ours(edition: Edition, definition: CanonicalResource) -> Facts:
    match definition.type:
        case "StructureDefinition":
            return OF_TYPE[definition.type](edition.profile(definition.canonical))
        case "ValueSet":
            return OF_TYPE[definition.type](edition.value_set(definition.canonical))
        case "CodeSystem":
            return OF_TYPE[definition.type](edition.code_system(definition.canonical))
        case "SearchParameter":
            return OF_TYPE[definition.type](search_parameter(definition))
        case "CapabilityStatement":
            return OF_TYPE[definition.type](statement(definition))
        case _:
            return of_other(definition)


def _theirs(edition: Edition, definition: CanonicalResource) -> Facts:
    """What the package says: by the snapshots and expansions that it publishes, where it does."""
    resource = definition.resource
    if definition.type == "StructureDefinition" and resource.get("snapshot"):
        with well_formed(definition):
            return OF_TYPE[definition.type](profile(resource, resource["snapshot"]["element"]))
    if definition.type == "ValueSet" and resource.get("expansion", {}).get("contains"):
        published = {key: value for key, value in resource.items() if key != "compose"}
        return _ours(Edition("", [(definition.source, published)]), CanonicalResource(definition.source, published))
    return _ours(edition, definition)


def _compared(name: str, ours: Facts | None, theirs: Facts | None) -> Iterator[EditionDifference]:
    if ours is None or theirs is None:
        yield EditionDifference(name, WHOLE, PRESENCE, "" if ours is None else "yes", "" if theirs is None else "yes")
        return
    for part in [*ours, *(each for each in theirs if each not in ours)]:
        mine, other = ours.get(part), theirs.get(part)
        if mine is None or other is None:
            yield EditionDifference(name, part, PRESENCE, "" if mine is None else "yes", "" if other is None else "yes")
            continue
        for aspect in [*mine, *(each for each in other if each not in mine)]:
            if mine.get(aspect, "") != other.get(aspect, ""):
                yield EditionDifference(name, part, aspect, mine.get(aspect, ""), other.get(aspect, ""))


def _order(name: str, ours: list[str], theirs: list[str]) -> Iterator[EditionDifference]:
    """The first of the shared elements that stands at another place."""
    for index, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
        if mine != other:
            yield EditionDifference(name, ours[index - 1], "followed by", mine, other)
            return
