"""Reads official FHIR packages (`.tgz` or unpacked) and single conformance resources."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def read_package(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (source, resource) for each JSON resource below `package/`, examples left out."""
    if path.is_dir():
        root = path / "package" if (path / "package").is_dir() else path
        for file in sorted(root.glob("*.json")):
            if _is_resource(file.name):
                yield f"{path.name}/{file.name}", json.loads(file.read_bytes())
        return
    with tarfile.open(path) as archive:
        for member in archive:
            parts = member.name.split("/")
            if parts[:-1] == ["package"] and _is_resource(parts[-1]):
                handle = archive.extractfile(member)
                if handle is not None:
                    yield f"{path.name}/{parts[1]}", json.loads(handle.read())


def _is_resource(name: str) -> bool:
    return name.endswith(".json") and name not in {"package.json", ".index.json"}
