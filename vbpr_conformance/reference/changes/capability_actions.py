"""Actions on the CapabilityStatement: what it says is wrong, missing or not valid."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from vbpr_conformance.reference.behaviour import Resource
from vbpr_conformance.reference.changes.object_edits import Edit, edit_of, without


def capabilities_point(given: Mapping[str, Any]) -> Callable[[Resource], Resource]:
    """Edit the statement (the default), its `rest`, each of its resources or those of one type, as `of` says."""
    part = given.get("of", "statement")
    edit = edit_of(without(given, "of"))
    if part == "statement":
        return edit
    if part == "rest":
        return _rest(edit)

    def resources(rest: Resource) -> Resource:
        return rest | {"resource": [edit(each) if part in {"*", each["type"]} else each for each in rest["resource"]]}

    return _rest(resources)


def _rest(edit: Edit) -> Callable[[Resource], Resource]:
    return lambda statement: statement | {"rest": [edit(each) for each in statement["rest"]]}
