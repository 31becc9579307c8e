"""Reads members of what a target sent, whatever stands there: any JSON, of any type, at every level."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def objects(holder: Any, name: str) -> list[dict[str, Any]]:
    """The objects of a list under this name; what is no object is left out, and so is all that is no list."""
    found = holder.get(name) if isinstance(holder, Mapping) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def member(holder: Any, name: str) -> dict[str, Any]:
    """The object under this name, an empty one where there is none."""
    found = holder.get(name) if isinstance(holder, Mapping) else None
    return found if isinstance(found, dict) else {}


def string(holder: Any, name: str) -> str:
    """The string under this name, an empty one where there is none."""
    found = holder.get(name) if isinstance(holder, Mapping) else None
    return found if isinstance(found, str) else ""


def strings(holder: Any, name: str) -> list[str]:
    """The strings of a list under this name."""
    found = holder.get(name) if isinstance(holder, Mapping) else None
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


def reference_to(resource: Any) -> str:
    """How others refer to a resource, `Type/id`; empty where it does not tell both."""
    kind, identity = string(resource, "resourceType"), string(resource, "id")
    return f"{kind}/{identity}" if kind and identity else ""
