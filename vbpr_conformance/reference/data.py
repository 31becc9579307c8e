"""Data to start with: resources from files and folders, Bundles, NDJSON and FHIR packages, under their own ids."""

from __future__ import annotations

import tarfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vbpr_conformance.errors import UsageError
from vbpr_conformance.fhir import json_codec, xml_codec
from vbpr_conformance.fhir.format_error import FormatError
from vbpr_conformance.fhir.resource_ids import RESOURCE_ID
from vbpr_conformance.reference.crud import same
from vbpr_conformance.reference.http_messages import Request
from vbpr_conformance.reference.problems import ProblemError

if TYPE_CHECKING:
    from vbpr_conformance.reference.server import Server

Say = Callable[[str], None]
_SUFFIXES = {".json", ".xml", ".ndjson"}
_NO_RESOURCES = {"package.json", ".index.json"}
_TOLD = 3
"""How many reasons are told of one resource."""
_PROGRESS = 1000
"""After how many resources progress is told."""


def load(server: Server, places: Iterable[Path], say: Say) -> None:
    """Store what is found, and say what was taken and what was not, with reasons."""
    for place in places:
        taken: Counter[str] = Counter()
        passed: Counter[str] = Counter()
        with server.store.transaction():
            for source, resource in _resources(server, place):
                name = resource.get("resourceType") if isinstance(resource, dict) else None
                if name not in server.types:
                    passed[str(name or "files without a resource")] += 1
                    continue
                refused = _take(server, resource)
                if refused:
                    say(f"not loaded: {source}: {refused}")
                    continue
                taken[name] += 1
                if taken.total() % _PROGRESS == 0:
                    say(f"{place}: {taken.total()} loaded so far")
        say(f"loaded {_told(taken)} from {place}" + (f"; not served: {_told(passed)}" if passed else ""))


def _told(counted: Counter[str]) -> str:
    return ", ".join(f"{number} {name}" for name, number in sorted(counted.items())) or "nothing"


def _take(server: Server, resource: dict[str, Any]) -> str:
    """Store one resource of a served type; give the reason where it cannot be."""
    resource_id = resource.get("id")
    if not isinstance(resource_id, str) or not RESOURCE_ID.fullmatch(resource_id):
        return "it has no valid id"
    try:
        server.check(resource)
    except ProblemError as problem:
        wrong = [f"{each['expression'][0]}: {_text(each)}" for each in problem.issues if _is_error(each)]
        more = f"; and {len(wrong) - _TOLD} more" if len(wrong) > _TOLD else ""
        return "; ".join(wrong[:_TOLD]) + more
    request = Request("PUT", (resource["resourceType"], resource_id), [], {}, "")
    previous = server.store.current(resource["resourceType"], resource_id)
    if previous is None or previous.body is None or not same(resource, json_codec.loads(previous.body)):
        server.put(resource, request, resource_id, previous)
    return ""


def _text(issue: Mapping[str, Any]) -> str:
    return str(issue.get("details", issue).get("text", ""))


def _is_error(issue: Mapping[str, Any]) -> bool:
    return issue["severity"] in {"error", "fatal"}


def _resources(server: Server, place: Path) -> Iterator[tuple[str, Any]]:
    """Yield what a file, folder or package holds, with where it stands."""
    if place.is_dir():
        for file in sorted(each for each in place.rglob("*") if each.suffix in _SUFFIXES):
            if file.name not in _NO_RESOURCES:
                yield from _of_file(server, str(file), file.read_bytes())
    elif place.name.endswith((".tgz", ".tar.gz")):
        yield from _of_package(server, place)
    else:
        try:
            content = place.read_bytes()
        except OSError as error:
            raise UsageError(f"cannot read {place}: {error.strerror}") from None
        yield from _of_file(server, str(place), content)


def _of_package(server: Server, place: Path) -> Iterator[tuple[str, Any]]:
    try:
        with tarfile.open(place) as archive:
            for member in archive:
                name = Path(member.name)
                handle = archive.extractfile(member) if name.suffix in _SUFFIXES else None
                if handle is not None and name.name not in _NO_RESOURCES:
                    yield from _of_file(server, f"{place}: {member.name}", handle.read())
    except (OSError, tarfile.TarError) as error:
        raise UsageError(f"cannot read {place}: it is no FHIR package ({error})") from None


def _of_file(server: Server, source: str, content: bytes) -> Iterator[tuple[str, Any]]:
    """Yield the resources of one file; those of a Bundle one by one, of NDJSON line by line."""
    try:
        if source.endswith(".ndjson"):
            for number, line in enumerate(content.splitlines(), 1):
                if line.strip():
                    yield from _opened(f"{source}:{number}", json_codec.loads(line))
        elif content.lstrip()[:1] == b"<":
            yield from _opened(source, xml_codec.loads(content, server.edition.structure))
        else:
            yield from _opened(source, json_codec.loads(content))
    except FormatError as error:
        raise UsageError(f"cannot load {source}: {error}") from None


def _opened(source: str, resource: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(resource, dict) and resource.get("resourceType") == "Bundle":
        entries = resource.get("entry", [])
        for place, entry in enumerate(entries if isinstance(entries, list) else []):
            if isinstance(entry, dict) and "resource" in entry:
                yield f"{source} entry {place}", entry["resource"]
        return
    yield source, resource
