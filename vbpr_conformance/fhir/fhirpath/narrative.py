"""What the XHTML of a narrative may hold (https://hl7.org/fhir/R4/narrative.html#xhtml)."""

from __future__ import annotations

import re

from lxml import etree

_XHTML = "{http://www.w3.org/1999/xhtml}"
_ELEMENTS = (
    "a abbr acronym address area b bdo big blockquote br caption cite code col colgroup dd dfn dir div dl dt em h1 h2 "
    "h3 h4 h5 h6 hr i img kbd li map ol p pre q samp small span strong sub sup table tbody td tfoot th thead tr tt ul "
    "var"
)
"""Chapters 7 to 11 of HTML 4.0 without its section 9.4 (`ins`, `del`), and what is not deprecated of chapter 15."""
_ATTRIBUTES = (
    "title style class id idref lang dir accesskey tabindex span width align valign char charoff abbr axis headers "
    "scope rowspan colspan href hreflang name rel rev shape src alt border cellpadding cellspacing frame rules "
    "summary nowrap height cite compact type value coords usemap ismap longdesc charset"
)
_ALLOWED_ELEMENTS = frozenset(_ELEMENTS.split())
_ALLOWED_ATTRIBUTES = frozenset(_ATTRIBUTES.split())
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}"
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]*);")
_OF_XML = frozenset({"amp", "lt", "gt", "quot", "apos"})


def html_faults(text: str) -> list[str]:
    """Give what is wrong with a narrative's `div`; nothing if it is fine."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    named = [name for name in _ENTITY.findall(text) if name not in _OF_XML]
    if named:
        return [f"the entity &{name}; is none of XML" for name in named]
    try:
        root = etree.fromstring(text.encode(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        return [f"not well-formed: {error}"]
    faults = [] if root.tag == f"{_XHTML}div" else ["the outermost element is not a div of XHTML"]
    if "<!DOCTYPE" in text:
        faults.append("a document type is not allowed")
    for element in root.iter():
        if not isinstance(element.tag, str):
            if element.tag is not etree.Comment:
                faults.append("a processing instruction or entity is not allowed")
            continue
        name = element.tag.removeprefix(_XHTML)
        if name == element.tag:
            faults.append(f"element {name} is none of XHTML")
        elif name not in _ALLOWED_ELEMENTS:
            faults.append(f"element {name} is not allowed")
        names = [str(attribute) for attribute, value in element.items() if not _allowed(str(attribute), str(value))]
        faults += [f"attribute {attribute} is not allowed on {name}" for attribute in names]
    if not "".join(str(part) for part in root.itertext()).strip() and root.find(f".//{_XHTML}img") is None:
        faults.append("there is no content")
    return faults


def _allowed(name: str, value: str) -> bool:
    if name.startswith(_XML_LANG):
        return True
    return name in _ALLOWED_ATTRIBUTES and not value.strip().lower().startswith("javascript:")
