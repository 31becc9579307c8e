"""Names that reader and writer of XML share, and the narrative as text and as XML."""

from __future__ import annotations

import html.entities
import re
from typing import Any

from lxml import etree

FHIR = "http://hl7.org/fhir"
XHTML = "http://www.w3.org/1999/xhtml"
XSI = "http://www.w3.org/2001/XMLSchema-instance"

_NAMED = re.compile(r"&([A-Za-z][A-Za-z0-9]*);")
_OWN_OF_XML = {"amp", "lt", "gt", "quot", "apos"}


def line_of(element: Any) -> int:
    """Give the line where the element starts."""
    line: int = element.sourceline or 1
    return line


def narrative_element(text: str) -> etree._Element:
    """Parse the text of a narrative; HTML's named characters are allowed in it, document types are not."""
    if "<!DOCTYPE" in text:
        raise ValueError("a document type is not allowed in a narrative")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        element = etree.fromstring(_NAMED.sub(_character, text), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ValueError(f"no well-formed XHTML: {error}") from None
    if element.tag != f"{{{XHTML}}}div":
        raise ValueError(f"a narrative is a <div> of {XHTML}, found {element.tag}")
    return element


def narrative_text(element: etree._Element) -> str:
    """Give a narrative as JSON holds it, without the namespaces that only the surrounding XML declared."""
    text = etree.tostring(element, encoding="unicode", with_tail=False)
    head, close, rest = text.partition(">")
    kept = _DECLARATION.sub(lambda match: match.group() if _is_needed(match, rest) else "", head)
    return kept + close + rest


_DECLARATION = re.compile(r'\sxmlns:([\w.-]+)="[^"]*"')


def _is_needed(declaration: re.Match[str], rest: str) -> bool:
    return f"{declaration.group(1)}:" in rest


def _character(match: re.Match[str]) -> str:
    name = match.group(1)
    return match.group() if name in _OWN_OF_XML else html.entities.html5.get(f"{name};", match.group())
