"""What makes a resource hang together beyond its profile: FHIR's own rules between distant elements."""

from __future__ import annotations

from typing import Any

from vbpr_conformance.generate.choices import Choices
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import Profile

Object = dict[str, Any]


def make_sense(made: Object, profile: Profile, edition: Edition, b: Choices) -> None:
    """Adjust a resource so that its parts agree."""
    _library_for_cql(made, b)


def _library_for_cql(made: Object, b: Choices) -> None:
    """CQL names a definition in a library: a Measure with such criteria needs one."""
    if made["resourceType"] == "Measure" and "library" not in made and _has_cql(made.get("group", ())):
        made["library"] = [f"http://example.org/fhir/Library/synthetic-{b.below(100)}|1.0.0"]


def _has_cql(value: Any) -> bool:
    if isinstance(value, dict):
        return value.get("language") == "text/cql" or any(_has_cql(each) for each in value.values())
    return isinstance(value, (list, tuple)) and any(_has_cql(each) for each in value)
