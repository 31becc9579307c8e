"""Reads FHIR packages (`.tgz` or unpacked) and single conformance resources (JSON or XML).

https://confluence.hl7.org/display/FHIR/NPM+Package+Specification tells the layout; examples are left out.
"""

from __future__ import annotations

import hashlib
import json
import tarfile
import zlib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from vbpr_conformance.errors import UsageError
from vbpr_conformance.fhir.type_structure import Structure

_NO_RESOURCES = frozenset({"package.json", ".index.json", ".index.db"})


def read_package(
    path: Path, structure: Structure | None = None, troubles: list[str] | None = None
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (source, resource) for each resource of a package or file; XML needs the structure of its types.

    Packages are as they are found: a file in them that cannot be read is left out, XML with elements out of order is
    read all the same, and `troubles` gets a sentence of each. A file that is named by itself must be readable: it
    raises UsageError.
    """
    found = 0
    troubles = [] if troubles is None else troubles
    for source, data in _files(path):
        try:
            resource = _parsed(source, data, structure, troubles)
        except UsageError as error:
            if source == path.name:
                raise
            troubles.append(f"{str(error).rstrip('.')}; it is left out.")
            continue
        if isinstance(resource, dict) and "resourceType" in resource:
            found += 1
            yield source, resource
        elif not path.is_dir() and path.suffix in (".json", ".xml"):
            raise UsageError(f"{path}: it is no FHIR resource: it has no resourceType.")
    if not found:
        raise UsageError(f"{path}: no FHIR resource is in it; expected a FHIR package or a conformance resource.")


def read_manifest(path: Path) -> dict[str, Any]:
    """The `package.json` of a package; empty where it has none."""
    if path.is_dir():
        file = next(
            (each for each in (path / "package" / "package.json", path / "package.json") if each.is_file()), None
        )
        return {} if file is None else dict(_json(str(file), file.read_bytes()))
    if path.suffix in (".json", ".xml"):
        return {}
    manifests = (data for name, data in _archived(path) if name == "package.json")
    return dict(_json(f"{path.name}/package.json", next(manifests, b"{}")))


def package_digest(path: Path) -> str:
    """The digest of all that a package or file holds: the same for the same content, wherever and whenever written."""
    digest = hashlib.sha256()
    try:
        if not path.is_dir():
            return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise UsageError(f"{path}: it cannot be read: {error.strerror}.") from None
    for source, data in _files(path):
        digest.update(f"{source} {len(data)} ".encode())
        digest.update(data)
    return digest.hexdigest()


def _files(path: Path) -> Iterator[tuple[str, bytes]]:
    if path.is_dir():
        root = path / "package" if (path / "package").is_dir() else path
        for file in sorted(root.iterdir()):
            if file.suffix in (".json", ".xml") and file.name not in _NO_RESOURCES:
                yield f"{path.name}/{file.name}", file.read_bytes()
    elif path.suffix in (".json", ".xml"):
        try:
            yield path.name, path.read_bytes()
        except OSError as error:
            raise UsageError(f"{path}: it cannot be read: {error.strerror}.") from None
    else:
        for name, data in _archived(path):
            if name.endswith((".json", ".xml")) and name not in _NO_RESOURCES:
                yield f"{path.name}/{name}", data


def _archived(path: Path) -> Iterator[tuple[str, bytes]]:
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                folder, _, name = member.name.removeprefix("./").rpartition("/")
                handle = archive.extractfile(member) if folder == "package" and member.isfile() else None
                if handle is not None:
                    yield name, handle.read()
    except (tarfile.TarError, EOFError, zlib.error):
        raise UsageError(f"{path}: it is no FHIR package; expected a .tgz, its folder, or a resource.") from None
    except OSError as error:
        raise UsageError(f"{path}: it cannot be read: {error.strerror or error}.") from None


def _parsed(source: str, data: bytes, structure: Structure | None, troubles: list[str]) -> Any:
    if not source.endswith(".xml"):
        return _json(source, data)
    if structure is None:
        raise UsageError(f"{source}: XML cannot be read here; expected JSON.")
    from vbpr_conformance.fhir import xml_codec  # noqa: PLC0415 - lxml is slow to import and rarely needed

    problems: list[xml_codec.XmlProblem] = []
    try:
        resource = xml_codec.loads(data, structure, problems)
    except xml_codec.FormatError as error:
        hint = "; hl7.fhir.r4.core, given before it, knows every type of R4" if "no resource type" in str(error) else ""
        raise UsageError(f"{source}: {error}{hint}.") from None
    troubles += (f"{source}: line {each.line}: {each.message}; it is read all the same." for each in problems)
    return resource


def _json(source: str, data: bytes) -> Any:
    try:
        return json.loads(data, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{source}: it is no JSON: {error}.") from None
