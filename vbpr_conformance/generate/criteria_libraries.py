"""What makes a resource hang together beyond its profile: FHIR's own rules between distant elements."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]


def use_criteria_without_library(made: Object) -> None:
    """Adjust a resource so that its parts agree."""
    if made["resourceType"] == "Measure":
        _criteria_without_library(made)


def _criteria_without_library(value: Any) -> None:
    """CQL criteria name a definition in a library that can be had; a Measure on its own has none at hand."""
    if isinstance(value, list):
        for each in value:
            _criteria_without_library(each)
    elif isinstance(value, dict):
        for name, below in value.items():
            if name == "criteria" and below.get("language") == "text/cql":
                below |= {"language": "text/fhirpath", "expression": "Patient.active"}
            elif name != "extension":
                _criteria_without_library(below)
