"""The objects in a list of another, whatever else a payload has there."""

from __future__ import annotations

from typing import Any


def objects(owner: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The objects in the list of that name; none if it is no list."""
    listed = owner.get(name)
    return [each for each in listed if type(each) is dict] if type(listed) is list else []
