"""Loads an edition of the guide: from what is written of it, or from the disk cache while that has not changed."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from itertools import chain
from pathlib import Path

from vbpr_conformance import __version__
from vbpr_conformance.errors import UsageError
from vbpr_conformance.ig import cache as disk
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.folders import PACKAGE, cache_folder, editions_folder, r4_folder
from vbpr_conformance.ig.package import package_digest

_HEADER = "edition.yaml"


def editions() -> list[str]:
    """The versions of the editions that can be loaded, the newest last."""
    return sorted((file.parent.name for file in editions_folder().glob(f"*/{_HEADER}")), key=_order)


def load_edition(version: str | None = None) -> Edition:
    """Load an edition, the newest if none is named; one object per version, shared by all who ask."""
    known = editions()
    chosen = known[-1] if version is None and known else version
    if chosen not in known:
        raise UsageError(f"There is no edition {version!r}; known are {', '.join(known) or 'none'}.")
    return _load(chosen)


@cache
def _load(version: str) -> Edition:
    key = disk.key_of(__version__, sys.version, version, *(_stamp(file) for file in _sources()))
    place = disk.key_of(str(PACKAGE)).hex()[:8]
    name = f"edition-{version}-{sys.implementation.cache_tag}-{place}.pickle"
    stored = disk.load(cache_folder(), name, key)
    if isinstance(stored, Edition):
        return stored
    edition = read_edition(editions_folder() / version)
    disk.store(cache_folder(), name, key, edition.made())
    return edition


class PackagesCache:
    """An edition with packages, kept on disk between runs until the edition or what the packages hold changes.

    `save` keeps what was made of them meanwhile too (snapshots, expansions), so that the next run need not make it.
    """

    def __init__(self, version: str, packages: Sequence[Path]) -> None:
        self._packages = packages
        self._edition = load_edition(version)
        self._version = self._edition.version
        places = disk.key_of(str(PACKAGE), *(str(each.absolute()) for each in packages)).hex()[:16]
        self._name = f"{_WITH_PACKAGES}{self._version}-{places}-{sys.implementation.cache_tag}.pickle"
        self._saved = -1

    @cached_property
    def edition(self) -> Edition:
        """The edition with the packages; what cannot be read raises UsageError."""
        stored = disk.load(cache_folder(), self._name, self._key)
        if isinstance(stored, Edition):
            self._saved = stored.count_made()
            return stored
        return self._edition.with_packages(self._packages)

    def save(self) -> None:
        """Keep the edition as it is now, if more of it was made since it was read."""
        made = self.edition.count_made()
        if made > self._saved:
            disk.store(cache_folder(), self._name, self._key, self.edition)
            disk.keep_newest(cache_folder(), f"{_WITH_PACKAGES}*.pickle", _MOST_WITH_PACKAGES)
            self._saved = made

    @cached_property
    def _key(self) -> bytes:
        stamps = (_stamp(file) for file in _sources())
        return disk.key_of(__version__, sys.version, self._version, *stamps, *map(package_digest, self._packages))


_WITH_PACKAGES = "packages-"
_MOST_WITH_PACKAGES = 5
"""So many combinations of packages are kept: one with all of R4 takes some ten megabytes."""


def read_edition(folder: Path) -> Edition:
    """Read an edition from the folder that states it, without any cache."""
    # The notation is read only where the cache does not know the edition yet: its reader takes a while to import.
    from vbpr_conformance.ig.notation import read_header, read_notation  # noqa: PLC0415
    from vbpr_conformance.ig.notation_requirements import read_readings, read_requirements  # noqa: PLC0415

    header = read_header(folder)
    definitions = chain(read_notation(r4_folder()), read_notation(folder))
    edition = Edition(header.guide.version, definitions, header.guide.canonical)
    edition.requirements = read_requirements(folder, edition)
    edition.readings = read_readings(folder, edition)
    return edition


def _sources() -> list[Path]:
    """All that an edition is made of: what states it, and the code that reads it."""
    return sorted({*editions_folder().rglob("*.yaml"), *r4_folder().rglob("*.yaml"), *_code()})


def _code() -> Iterator[Path]:
    """The modules that make an edition: another code may make another one of the same files."""
    yield from (PACKAGE / "ig").glob("*.py")
    yield PACKAGE / "fhir" / "yaml12.py"


def _stamp(file: Path) -> str:
    status = file.stat()
    return f"{file}:{status.st_size}:{status.st_mtime_ns}"


def _order(version: str) -> list[tuple[int, str]]:
    """`1.10.0` comes after `1.9.0`, and `2.0.0` after `2.0.0-ballot`."""
    numbers, _, label = version.partition("-")
    return [*((int(each), "") for each in re.findall(r"\d+", numbers)), (0, label) if label else (1, "")]
