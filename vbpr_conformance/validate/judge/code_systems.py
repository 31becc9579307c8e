"""What a CodeSystem says of its own content (https://hl7.org/fhir/R4/codesystem.html, `content`, `count`)."""

from __future__ import annotations

from typing import Any

from vbpr_conformance.validate.issue import Drafts, IssueDraft, below
from vbpr_conformance.validate.judge.listed_objects import objects

_PROFILE = "http://hl7.org/fhir/StructureDefinition/CodeSystem"


def issues(code_system: dict[str, Any]) -> Drafts:
    """Judge whether count and concepts are those of the content that it says to have."""
    content, count = code_system.get("content"), code_system.get("count")
    concepts = _count(code_system)
    if content == "complete" and type(count) is int and count != concepts:
        return below(_told("count", f"{count} found, but the complete code system has {concepts} concepts."), ".count")
    if content == "not-present" and concepts:
        return below(_told("concept", "A concept found, but the content is said to be not present."), ".concept[0]")
    if content == "supplement" and "supplements" not in code_system:
        return _told("supplements", "supplements is missing: the code system that a supplement adds to.")
    return []


def _count(owner: dict[str, Any]) -> int:
    return sum(1 + _count(each) for each in objects(owner, "concept"))


def _told(element: str, message: str) -> Drafts:
    return [IssueDraft("error", "business-rule", f"code-system:CodeSystem.{element}", _PROFILE, message)]
