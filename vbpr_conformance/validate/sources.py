"""Where resources come from: files, folders and standard input; JSON, XML and NDJSON."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from vbpr_conformance.errors import UsageError
from vbpr_conformance.fhir.format_error import FormatError
from vbpr_conformance.fhir.json_codec import iter_ndjson, loads
from vbpr_conformance.validate.reading import is_xml

_ENDINGS = frozenset({".json", ".xml", ".ndjson"})
_STDIN = "-"
_MEASURE = re.compile(rb'"resourceType"\s*:\s*"Measure"|<Measure\b')
_MOST_BESIDE = 1000


@dataclass(frozen=True, slots=True)
class Source:
    """The text of one resource, and where it was read."""

    name: str
    data: bytes


def sources(paths: Sequence[str]) -> Iterator[Source]:
    """Give every resource that the paths name, one at a time."""
    for path in paths:
        if path == _STDIN:
            if sys.stdin is None:  # closed by who started this (`<&-`)
                raise UsageError("There is no standard input to read from.")
            yield from _stream(sys.stdin.buffer, "stdin")
            continue
        for file in _files(Path(path)):
            with _opened(file) as stream:
                yield from _stream(stream, str(file), lines=file.suffix == ".ndjson")


def known_beside(paths: Sequence[str]) -> Iterator[bytes]:
    """Give the Measures among the files named: reports are compared with them. Standard input is read only once."""
    count = 0
    for path in paths:
        for file in _files(Path(path)) if path != _STDIN else ():
            for source in _with_measure(file):
                count += 1
                if count > _MOST_BESIDE:
                    return
                yield source


def _with_measure(file: Path) -> Iterator[bytes]:
    with _opened(file) as stream:
        if file.suffix == ".ndjson":
            yield from (line for line in stream if _MEASURE.search(line[:_HEAD]))
            return
        data = stream.read()
    if _MEASURE.search(data[:_HEAD]):
        yield data


_HEAD = 4096
"""Measures are told by the beginning of their text; who hides the type further down passes it by --package."""


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        found = sorted(
            each
            for each in path.rglob("*")
            if each.suffix in _ENDINGS and each.is_file() and not _is_of_a_package(each, path)
        )
        if not found:
            raise UsageError(f"The folder {path} has no .json, .xml or .ndjson file.")
        return found
    if not path.exists():
        raise UsageError(f"There is no file {path}.")
    return [path]


def _is_of_a_package(file: Path, folder: Path) -> bool:
    """Whether a file of a folder is hidden (`.index.json`), or npm's description of a package: no resources."""
    if any(step.startswith(".") for step in file.relative_to(folder).parts):
        return True
    return file.name == "package.json" and b'"resourceType"' not in file.read_bytes()


def _opened(file: Path) -> BinaryIO:
    try:
        return file.open("rb")
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from None


def _stream(stream: BinaryIO, name: str, *, lines: bool = False) -> Iterator[Source]:
    """Give the resources of one stream: one, or one a line where the first line is a whole object."""
    if lines:
        for number, line in iter_ndjson(stream):
            yield Source(f"{name}:{number}", line)
        return
    head, full = _head(stream)
    if len(full) > 1 and not is_xml(head[full[0]]) and _is_object(head[full[0]]):
        yield from (Source(f"{name}:{at + 1}", head[at]) for at in full)
        for number, line in iter_ndjson(stream):
            yield Source(f"{name}:{len(head) + number}", line)
        return
    yield Source(name, b"".join(head) + stream.read())


def _head(stream: BinaryIO) -> tuple[list[bytes], list[int]]:
    """Give the lines up to the second that is not blank, and which of them are not."""
    head: list[bytes] = []
    full: list[int] = []
    for line in iter(stream.readline, b""):
        if not line.isspace():
            full.append(len(head))
        head.append(line)
        if len(full) > 1:
            break
    return head, full


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(loads(line), dict)
    except FormatError:
        return False
