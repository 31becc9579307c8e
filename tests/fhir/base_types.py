"""The structure of R4's types, read straight off the official package for tests of the FHIR room alone."""

from __future__ import annotations

import json
import tarfile
from functools import cached_property
from pathlib import Path

from vbpr_conformance.fhir.type_structure import Child

CORE = "hl7.fhir.r4.core-4.0.1.tgz"


class BaseTypes:
    """R4's own types; each StructureDefinition is read when it is first asked for."""

    def __init__(self, packages: Path) -> None:
        self._package = packages / CORE
        self._types: dict[str, dict[str, dict[str, Child]]] = {}

    @cached_property
    def _definitions(self) -> dict[str, dict]:
        found = {}
        with tarfile.open(self._package) as archive:
            for member in archive:
                name = member.name.rpartition("/")[2]
                type_name = name.removeprefix("StructureDefinition-").removesuffix(".json")
                if name.startswith("StructureDefinition-") and type_name.isalnum():
                    definition = json.load(archive.extractfile(member))
                    if definition.get("derivation") != "constraint" and definition["kind"] != "logical":
                        found[definition["type"]] = definition
        return found

    def definition(self, type_name: str) -> dict | None:
        return self._definitions.get(type_name)

    @property
    def names(self) -> list[str]:
        return sorted(self._definitions)

    def is_resource(self, type_name: str) -> bool:
        definition = self._definitions.get(type_name)
        return definition is not None and definition["kind"] == "resource" and not definition["abstract"]

    def children(self, type_name: str) -> dict[str, Child] | None:
        root = type_name.partition(".")[0]
        if root not in self._types:
            definition = self._definitions.get(root)
            self._types[root] = {} if definition is None else _children(definition["snapshot"]["element"])
        return self._types[root].get(type_name)


def _children(elements: list[dict]) -> dict[str, dict[str, Child]]:
    found: dict[str, dict[str, Child]] = {elements[0]["path"]: {}}
    for element in elements[1:]:
        parent, _, name = element["path"].rpartition(".")
        array = element["base"]["max"] not in {"0", "1"}
        siblings = found.setdefault(parent, {})
        if "contentReference" in element:
            siblings[name] = Child(name, element["contentReference"].partition("#")[2], array, "complex")
        for each in element.get("type", ()):
            code = each["code"]
            if code.startswith("http://hl7.org/fhirpath/System."):
                code = "string"
            full = name.removesuffix("[x]") + code[0].upper() + code[1:] if name.endswith("[x]") else name
            kind = element["path"] if code in {"BackboneElement", "Element"} else code
            siblings[full] = Child(full, kind, array, "complex")
    return found
