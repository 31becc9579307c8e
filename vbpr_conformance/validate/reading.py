"""Resources from bytes, in JSON or XML; what cannot be read becomes an issue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vbpr_conformance.fhir import json_codec
from vbpr_conformance.fhir.format_error import FormatError
from vbpr_conformance.validate.issue import Issue

if TYPE_CHECKING:
    from vbpr_conformance.ig.edition import Edition


def is_xml(data: bytes | str) -> bool:
    """Whether the text looks like XML: it starts with an angle bracket."""
    head = data[:_HEAD]
    text = head.decode(errors="replace") if isinstance(head, bytes | bytearray) else head
    return text.lstrip("\ufeff\ufffd \t\r\n").startswith("<")


_HEAD = 256


def read(data: bytes | str, edition: Edition) -> tuple[Any, list[Issue]]:
    """Give the resource of a text and what is wrong with its form; None if it cannot be read at all."""
    if is_xml(data):
        return _read_xml(data, edition)
    try:
        return json_codec.loads(data), []
    except FormatError as error:
        return None, [Issue("error", "structure", "", "format:json", f"Not readable as JSON: {error}.", "")]


def _read_xml(data: bytes | str, edition: Edition) -> tuple[Any, list[Issue]]:
    from vbpr_conformance.fhir import xml_codec  # noqa: PLC0415  most payloads are JSON: lxml is loaded when needed

    problems: list[xml_codec.XmlProblem] = []
    try:
        resource = xml_codec.loads(data, edition.structure, problems)
    except FormatError as error:
        return None, [Issue("error", "structure", "", "format:xml", f"Not readable as XML: {error}.", "")]
    return resource, [
        Issue("error", "structure", each.expression, "format:xml", f"Line {each.line}: {each.message}.", "")
        for each in problems
    ]
