"""From the data that JSON would hold to XML elements, in the order of the structure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from lxml import etree

from vbpr_conformance.fhir.format_error import FormatError
from vbpr_conformance.fhir.json_codec import written
from vbpr_conformance.fhir.type_structure import Child, Structure
from vbpr_conformance.fhir.xml_names import FHIR, narrative_element


class Writer:
    """Writes resources; data that does not follow the structure has no place in XML and raises `FormatError`."""

    def __init__(self, structure: Structure) -> None:
        self._structure = structure

    def resource(self, resource: Any, parent: etree._Element | None = None, path: str = "") -> etree._Element:
        """Write a resource as the root, or below the element that wraps it."""
        name = resource.get("resourceType") if isinstance(resource, dict) else None
        if not isinstance(name, str) or not self._structure.is_resource(name):
            raise FormatError(f"{path or 'the input'}: no resource of a type that is known here")
        tag = f"{{{FHIR}}}{name}"
        default: Any = {None: FHIR}  # the stubs know no namespace without a prefix
        element = etree.Element(tag, nsmap=default) if parent is None else etree.SubElement(parent, tag)
        content = {key: value for key, value in resource.items() if key != "resourceType"}
        self._content(element, content, name, path or name)
        return element

    def _content(self, element: etree._Element, content: Mapping[str, Any], type_name: str, path: str) -> None:
        children = self._structure.children(type_name)
        if children is None:
            raise FormatError(f"{path}: the type {type_name} is not known here")
        unknown = next((key for key in content if not _is_known(key, children)), None)
        if unknown is not None:
            raise FormatError(f"{path}: {unknown!r} is no element of it")
        for name, child in children.items():
            if name in content or f"_{name}" in content:
                self._child(element, content, child, f"{path}.{name}")

    def _child(self, element: etree._Element, content: Mapping[str, Any], child: Child, path: str) -> None:
        value, extra = content.get(child.name), content.get(f"_{child.name}")
        if child.form == "primitive":
            values, extras = _list(value, child, path), _list(extra, child, path)
            for i in range(max(len(values), len(extras))):
                where = f"{path}[{i}]" if child.array else path
                self._primitive(element, child.name, _at(values, i), _at(extras, i), where)
            return
        if child.form == "attribute":
            _set(element, child.name, value, path)
            return
        for i, each in enumerate(_list(value, child, path)):
            self._complex(element, child, each, f"{path}[{i}]" if child.array else path)

    def _complex(self, parent: etree._Element, child: Child, value: Any, path: str) -> None:
        if child.form == "xhtml":
            try:
                parent.append(narrative_element(value))
            except (ValueError, TypeError) as error:
                raise FormatError(f"{path}: {error}") from None
            return
        element = etree.SubElement(parent, f"{{{FHIR}}}{child.name}")
        if child.form == "resource":
            self.resource(value, element, path)
        elif isinstance(value, dict):
            self._content(element, value, child.type, path)
        else:
            raise FormatError(f"{path}: expected an object, found {_kind(value)}")

    def _primitive(self, parent: etree._Element, name: str, value: Any, extra: Any, path: str) -> None:
        element = etree.SubElement(parent, f"{{{FHIR}}}{name}")
        if value is not None:
            _set(element, "value", value, path)
        if extra is None:
            return
        if not isinstance(extra, dict):
            raise FormatError(f"{path}: expected an object with id or extension, found {_kind(extra)}")
        self._content(element, extra, "Element", path)


def _is_known(key: str, children: Mapping[str, Child]) -> bool:
    if key in children:
        return True
    return key.startswith("_") and key[1:] in children and children[key[1:]].form == "primitive"


def _list(value: Any, child: Child, path: str) -> list[Any]:
    if isinstance(value, list) is not child.array and value is not None:
        expected = "an array" if child.array else "no array"
        raise FormatError(f"{path}: expected {expected}, found {_kind(value)}")
    if child.array:
        return list(value or ())
    return [] if value is None else [value]


def _at(values: list[Any], index: int) -> Any:
    return values[index] if index < len(values) else None


def _set(element: etree._Element, name: str, value: Any, path: str) -> None:
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, Decimal):
        text = written(value)
    elif isinstance(value, str | int):
        text = str(value)
    else:
        raise FormatError(f"{path}: expected a string, number or boolean, found {_kind(value)}")
    try:
        element.set(name, text)
    except ValueError:
        raise FormatError(f"{path}: holds a character that XML cannot") from None


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
