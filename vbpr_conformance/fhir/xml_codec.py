"""XML as FHIR uses it, from and to the same plain data as JSON.

https://hl7.org/fhir/R4/xml.html. Document types and entities are refused, nothing outside the text is ever read.
What does not follow the structure is a `FormatError`, or an `XmlProblem` where a list for them is given.
"""

from __future__ import annotations

import re

from lxml import etree

from vbpr_conformance.fhir.format_error import FormatError
from vbpr_conformance.fhir.json_codec import MAX_DEPTH
from vbpr_conformance.fhir.type_structure import Structure
from vbpr_conformance.fhir.xml_names import FHIR, line_of
from vbpr_conformance.fhir.xml_reader import Reader, XmlProblem
from vbpr_conformance.fhir.xml_writer import Writer

__all__ = ["FormatError", "XmlProblem", "dumps", "loads"]

_BOM = b"\xef\xbb\xbf"
_ENCODING = re.compile(rb"""^\s*<\?xml[^>]*\bencoding\s*=\s*["']([^"']*)["']""")
_PARSER_PLACE = re.compile(r",? line \d+, column \d+.*$", re.DOTALL)


def loads(data: bytes | str, structure: Structure, problems: list[XmlProblem] | None = None) -> dict[str, object]:
    """Read one resource; with `problems`, what breaks the structure is added there and reading goes on without it."""
    root = _parse(data)
    tag = etree.QName(root)
    if tag.namespace != FHIR:
        seen = f"namespace {tag.namespace!r}" if tag.namespace else "no namespace"
        raise FormatError(f"<{tag.localname}> has {seen}, expected {FHIR!r}", line_of(root), 1)
    if not structure.is_resource(tag.localname):
        raise FormatError(f"<{tag.localname}> is no resource type that is known here", line_of(root), 1)
    return Reader(structure, problems).resource(root, tag.localname)


def dumps(resource: dict[str, object], structure: Structure) -> bytes:
    """Write one resource as UTF-8 with an XML declaration; what has no form in XML raises `FormatError`."""
    element = Writer(structure).resource(resource)
    return etree.tostring(element, encoding="UTF-8", xml_declaration=True)


def _parse(data: bytes | str) -> etree._Element:
    raw = data.encode() if isinstance(data, str) else data
    raw = raw.removeprefix(_BOM)
    if not raw.strip():
        raise FormatError("nothing to read: the input is empty", 1, 1)
    declared = _ENCODING.match(raw)
    if declared and declared.group(1).lower() not in {b"utf-8", b"utf8", b"us-ascii"} and isinstance(data, bytes):
        raise FormatError(f"the encoding is {declared.group(1).decode('latin-1')}, FHIR takes UTF-8 alone", 1, 1)
    _refuse_doctype(raw)
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(raw, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise FormatError(f"no well-formed XML: {_PARSER_PLACE.sub('', error.msg or '')}", line, column) from None
    if _depth(root) > MAX_DEPTH:
        raise FormatError(f"nested deeper than {MAX_DEPTH} levels", 1, 1)
    return root


def _refuse_doctype(raw: bytes) -> None:
    """Refuse a document type before anything is parsed, and with it every entity that is not XML's own."""
    at = raw.find(b"<!DOCTYPE")
    if at >= 0:
        line = raw.count(b"\n", 0, at) + 1
        raise FormatError("a document type (DTD) is not allowed in FHIR", line, at - raw.rfind(b"\n", 0, at))


def _depth(root: etree._Element) -> int:
    depth = deepest = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
    return deepest
