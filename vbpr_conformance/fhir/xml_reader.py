"""From XML elements to the data that JSON would hold, guided by the structure of the types."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from lxml import etree

from vbpr_conformance.fhir.format_error import FormatError
from vbpr_conformance.fhir.json_codec import WrittenDecimal
from vbpr_conformance.fhir.type_structure import Child, Structure
from vbpr_conformance.fhir.xml_names import FHIR, XHTML, XSI, line_of, narrative_text

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,18})")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,9})?")
_INTEGERS = {"integer", "positiveInt", "unsignedInt"}
_FHIR_TAG = f"{{{FHIR}}}"
_PREFIX = len(_FHIR_TAG)
_ABSENT: Any = object()


class XmlProblem(NamedTuple):
    """What in the XML does not follow the structure, at which line, and in which element (FHIRPath)."""

    message: str
    line: int
    expression: str


class Reader:
    """Reads resources; problems are raised as `FormatError`, or collected where a list for them is given."""

    def __init__(self, structure: Structure, problems: list[XmlProblem] | None) -> None:
        self._structure = structure
        self._problems = problems
        self._ranks: dict[str, dict[str, int]] = {}

    def resource(self, element: etree._Element, name: str, path: str = "") -> dict[str, Any]:
        """Read an element whose name is that of a known resource type."""
        for attribute in map(_text, element.attrib):
            if not attribute.startswith(f"{{{XSI}}}"):
                self._problem(element, path or name, f"the attribute {attribute!r} is not allowed here")
            elif self._problems is not None:  # nothing is lost by it, so that only those who judge hear of it
                message = f"the attribute {attribute!r} found, but what is exchanged does not name its schema"
                self._problem(element, path or name, message)
        if self._problems is not None and not len(element) and not (element.text or "").strip():
            self._problem(element, path or name, f"<{name}> is empty, in FHIR's XML no element is")
        return {"resourceType": name, **self._content(element, name, path or name)}

    def _content(self, element: etree._Element, type_name: str, path: str) -> dict[str, Any]:
        """Read the elements below one of a complex type, in the order in which they stand."""
        children = self._structure.children(type_name)
        if children is None:
            self._problem(element, path, f"the type {type_name} is not known here")
            return {}
        self._no_text(element, path)
        if not len(element):
            return {}
        ranks = self._ranks.get(type_name)
        if ranks is None:
            ranks = self._ranks[type_name] = {name: rank for rank, name in enumerate(children)}
        groups: dict[str, list[etree._Element]] = {}
        last = ""
        for each in element:
            name = self._child_name(each, children, path)
            if name is not None:
                if last and ranks[name] < ranks[last]:
                    self._problem(each, path, f"<{name}> stands after <{last}>, in FHIR's XML it comes before it")
                else:
                    last = name
                groups.setdefault(name, []).append(each)
        found: dict[str, Any] = {}
        for name, elements in groups.items():
            self._read(elements, children[name], path, found)
        return found

    def _child_name(self, element: etree._Element, children: Mapping[str, Child], path: str) -> str | None:
        """Give the name by which an element is known; None, with a problem, for one that is not."""
        if not isinstance(element.tag, str):
            self._problem(element, path, "an entity reference is not allowed in FHIR")
            return None
        known = children.get(element.tag[_PREFIX:]) if element.tag.startswith(_FHIR_TAG) else None
        if known is not None and known.form not in {"attribute", "xhtml"}:
            return known.name
        tag = etree.QName(element)
        child = children.get(tag.localname)
        if child is None or child.form == "attribute":
            self._problem(element, path, f"<{tag.localname}> is no element of {path}")
            return None
        expected = XHTML if child.form == "xhtml" else FHIR
        if tag.namespace != expected:
            self._problem(
                element, path, f"<{tag.localname}> has the namespace {tag.namespace!r}, expected {expected!r}"
            )
            return None
        return tag.localname

    def _read(self, elements: list[etree._Element], child: Child, path: str, into: dict[str, Any]) -> None:
        """Read all elements of one name and put them where JSON has them."""
        place = f"{path}.{child.name}"
        if len(elements) > 1 and not child.array:
            self._problem(elements[1], place, f"<{child.name}> is there {len(elements)} times, allowed is one")
            elements = elements[:1]
        if child.form == "primitive":
            self._primitives(elements, child, place, into)
            return
        numbered = [(each, f"{place}[{i}]" if child.array else place) for i, each in enumerate(elements)]
        values = [self._value(each, child, where) for each, where in numbered]
        values = [value for value in values if value is not _ABSENT]
        if values:
            into[child.name] = values if child.array else values[0]

    def _value(self, element: etree._Element, child: Child, path: str) -> Any:
        if child.form == "xhtml":
            return narrative_text(element)
        if child.form == "resource":
            return self._wrapped(element, path)
        return {**self._attributes(element, child, path), **self._content(element, child.type, path)}

    def _attributes(self, element: etree._Element, child: Child, path: str) -> dict[str, Any]:
        """Read the attributes of an element of a complex type: `id`, and the `url` of an extension."""
        known = self._structure.children(child.type) or {}
        found = {}
        for name, value in element.attrib.items():
            if _text(name) in known and known[_text(name)].form == "attribute":
                found[_text(name)] = _text(value)
            else:
                self._problem(element, path, f"the attribute {_text(name)!r} is not allowed here")
        return found

    def _wrapped(self, element: etree._Element, path: str) -> Any:
        """Read the one resource inside `contained`, `Bundle.entry.resource` and their like."""
        self._no_text(element, path)
        for name in element.attrib:
            self._problem(element, path, f"the attribute {_text(name)!r} is not allowed here")
        inner = [each for each in element if isinstance(each.tag, str)]
        if len(inner) != 1:
            self._problem(element, path, f"expected one resource inside, found {len(inner)}")
            return _ABSENT
        tag = etree.QName(inner[0])
        if tag.namespace != FHIR or not self._structure.is_resource(tag.localname):
            self._problem(inner[0], path, f"<{tag.localname}> is no resource type that is known here")
            return _ABSENT
        return self.resource(inner[0], tag.localname, path)

    def _primitives(self, elements: list[etree._Element], child: Child, path: str, into: dict[str, Any]) -> None:
        """Read values and what hangs on them; JSON has the two side by side, padded with null."""
        values, extras = [], []
        for i, element in enumerate(elements):
            value, extra = self._primitive(element, child, f"{path}[{i}]" if child.array else path)
            if value is not _ABSENT or extra:
                values.append(None if value is _ABSENT else value)
                extras.append(extra or None)
        if any(value is not None for value in values):
            into[child.name] = values if child.array else values[0]
        if any(extras):
            into[f"_{child.name}"] = extras if child.array else extras[0]

    def _primitive(self, element: etree._Element, child: Child, path: str) -> tuple[Any, dict[str, Any]]:
        value: Any = _ABSENT
        extra: dict[str, Any] = {}
        for name, text in element.attrib.items():
            if name == "value":
                value = _value_of(_text(text), child.type)
            elif name == "id":
                extra["id"] = _text(text)
            else:
                self._problem(element, path, f"the attribute {_text(name)!r} is not allowed here")
        extra.update(self._content(element, "Element", path))
        if value is _ABSENT and not extra:
            self._problem(element, path, f"<{child.name}> has neither a value nor an extension")
        return value, extra

    def _no_text(self, element: etree._Element, path: str) -> None:
        stray = element.text
        for each in element if not stray or stray.isspace() else ():
            stray = each.tail
            if stray and not stray.isspace():
                break
        if stray and not stray.isspace():
            self._problem(element, path, f"text {stray.strip()[:30]!r} is not allowed here, values stand in attributes")

    def _problem(self, element: etree._Element, path: str, message: str) -> None:
        line = line_of(element)
        if self._problems is None:
            raise FormatError(f"{path}: {message}", line, 1)
        self._problems.append(XmlProblem(message, line, path))


def _value_of(text: str, type_name: str) -> Any:
    """Give the value as JSON has it; text that is none of its type stays text, for a validator to judge."""
    if type_name == "boolean":
        return {"true": True, "false": False}.get(text, text)
    if type_name in _INTEGERS:
        return int(text) if _INTEGER.fullmatch(text) and text != "-0" else text
    if type_name == "decimal" and _DECIMAL.fullmatch(text):
        if "e" in text or "E" in text:
            return WrittenDecimal(text)
        return Decimal(text) if "." in text or text == "-0" else int(text)
    return text


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode()
