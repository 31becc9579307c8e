"""Reads a folder of notation: YAML in which an analyst can check a guide, to FHIR JSON that the engine works with.

A folder has a header: `guide.yaml` (a guide, or FHIR itself), or `edition.yaml` (an edition of the guide under test),
whose `layers` name the folders it is made of. A layer without a header of its own belongs to the edition's guide. What
a layer says again of an artifact of the same guide replaces what an earlier one says. The other YAML files hold
sections of definitions by name, written as the `notation_…` modules tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from vbpr_conformance.errors import UsageError
from vbpr_conformance.fhir.yaml12 import YamlDict, load_file
from vbpr_conformance.ig.notation_capability import search_parameter, statement
from vbpr_conformance.ig.notation_names import Guide, SourceLocation, mapping, needed, only, text, texts
from vbpr_conformance.ig.notation_structure import SECTIONS, structure
from vbpr_conformance.ig.notation_terminology import code_system, value_set

Resource = dict[str, Any]
Reader = Callable[[str, YamlDict, SourceLocation, Resource | None], Resource]

EDITION_HEADER = "edition.yaml"
GUIDE_HEADER = "guide.yaml"
_READERS: dict[str, Reader] = {section: partial(structure, section) for section in SECTIONS} | {
    "value-sets": value_set,
    "code-systems": code_system,
    "search-parameters": search_parameter,
    "statements": statement,
}
OTHER_FILES = frozenset({"requirements.yaml", "readings.yaml", "contract-package.yaml", "further-contexts.yaml"})
"""Files of a folder that say what is asked, how it is read and what is generated, not what an artifact is."""


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a folder, and the folders of its layers, itself the last."""

    guide: Guide
    title: str
    page: str
    layers: tuple[Path, ...]
    not_held: tuple[str, ...] = ()


def read_notation(folder: Path) -> Iterator[tuple[str, Resource]]:
    """Yield (source, resource) for everything a folder and its layers state, FHIR itself left out."""
    header = read_header(folder)
    made: dict[tuple[str, str, str], tuple[str, Resource]] = {}
    for layer in header.layers:
        guide = read_header(layer).guide if layer != folder and (layer / GUIDE_HEADER).is_file() else header.guide
        for section, name, body, place in _written(layer, guide):
            key = guide.canonical, section, name
            below = made[key][1] if key in made else None
            made[key] = f"{place.source}:{place.line}", _READERS[section](name, body, place, below)
    yield from made.values()


def read_header(folder: Path) -> Header:
    """Read the header of a folder."""
    for name in (EDITION_HEADER, GUIDE_HEADER):
        if (folder / name).is_file():
            return _header(folder, name)
    raise UsageError(f"{folder}: neither {EDITION_HEADER} nor {GUIDE_HEADER} is in it; expected one of them")


def _header(folder: Path, name: str) -> Header:
    source = f"{folder.name}/{name}"
    place = SourceLocation(Guide("", "", ""), source)
    body = mapping(load_file(folder / name, source), place, "the file")
    what = "a header"
    only(body, ("title", "version", "canonical", "fhir", "page", "uses", "layers", "not-held"), place, what)
    uses = mapping(body.get("uses"), place, "`uses`")
    guide = Guide(
        canonical=text(needed(body, "canonical", place, what), place, "`canonical`"),
        version=text(needed(body, "version", place, what), place, "`version`"),
        fhir_version=text(needed(body, "fhir", place, what), place, "`fhir`"),
        uses={key: text(value, place.of(uses, key), f"the guide {key}") for key, value in uses.items()},
    )
    layers = []
    for layer in texts(body.get("layers"), place, "`layers`"):
        path = folder.parent / layer
        if not path.is_dir():
            raise place.of(body, "layers").wrong(f"there is no folder {layer!r}", "expected one beside the edition")
        layers.append(path)
    return Header(
        guide,
        text(body.get("title", folder.name), place, "`title`"),
        text(body.get("page", ""), place, "`page`"),
        (*layers, folder),
        tuple(texts(body.get("not-held"), place, "`not-held`")),
    )


def _written(layer: Path, guide: Guide) -> Iterator[tuple[str, str, YamlDict, SourceLocation]]:
    """Give section, name, body and place of each definition in the files of a folder."""
    for file in sorted(layer.rglob("*.yaml")):
        if file.name in OTHER_FILES or file.name in (EDITION_HEADER, GUIDE_HEADER):
            continue
        place = SourceLocation(guide, f"{layer.name}/{file.relative_to(layer).as_posix()}")
        sections = mapping(load_file(file, place.source), place, "the file")
        only(sections, _READERS, place, "a file of notation")
        for section, definitions in sections.items():
            named = mapping(definitions, place.of(sections, section), f"`{section}`")
            for name, body in named.items():
                here = place.of(named, name)
                yield section, name, mapping(body, here, name), here
