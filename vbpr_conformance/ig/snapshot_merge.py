"""One element of a parent and what a differential states of it, merged."""

from __future__ import annotations

from typing import Any

from vbpr_conformance.ig.snapshot_tree import Definition

_PLACE = frozenset({"id", "path", "sliceName", "base"})
_ACCUMULATE = frozenset({"constraint", "condition"})
_EXCLUSIVE = ("fixed", "pattern", "defaultValue", "minValue", "maxValue")

SLICED_BY_URL = {"discriminator": [{"type": "value", "path": "url"}], "ordered": False, "rules": "open"}
SLICED_BY_TYPE = {"discriminator": [{"type": "type", "path": "$this"}], "ordered": False, "rules": "closed"}


def merged(inherited: Definition, stated: Definition, url: str) -> Definition:
    """What is stated goes over what is inherited; constraints and conditions are added to the inherited ones."""
    result = dict(inherited)
    for key, value in stated.items():
        if key in _PLACE or key in _ACCUMULATE:
            continue
        for stem in _EXCLUSIVE:
            if key.startswith(stem):
                for other in [one for one in result if one.startswith(stem)]:
                    del result[other]
        result[key] = value
    if inherited.get("isModifier"):
        result["isModifier"] = True  # a profile cannot take that back
    if "binding" in stated and "binding" in inherited and "valueSet" not in stated["binding"]:
        result["binding"] = {**inherited["binding"], **stated["binding"]}
    if "constraint" in stated:
        result["constraint"] = constraints(inherited.get("constraint", []), stated["constraint"], url)
    if "condition" in stated:
        known = inherited.get("condition", [])
        result["condition"] = [*known, *(each for each in stated["condition"] if each not in known)]
    return result


def constraints(inherited: list[Any], added: list[Any], url: str) -> list[Any]:
    """Inherited and added invariants; one stated again under the same key replaces the inherited one."""
    by_key = {each["key"]: each for each in inherited}
    for each in added:
        by_key[each["key"]] = each if "source" in each else {**each, "source": url}
    return list(by_key.values())


def from_type_profile(inherited: Definition, root: Definition, *, keep_cardinality: bool) -> Definition:
    """An element typed with a profile starts from that profile's root: its constraints, and an extension's cardinality.

    Where the element stands, what it was first defined as and its types stay those of the inherited element.
    """
    result = {**root, "constraint": constraints(inherited.get("constraint", []), root.get("constraint", []), "")}
    for key in (
        "id",
        "path",
        "sliceName",
        "base",
        "type",
        "slicing",
        "isSummary",
        *(("min", "max") if keep_cardinality else ()),
    ):
        result.pop(key, None)
        if key in inherited:
            result[key] = inherited[key]
    if inherited.get("mustSupport"):
        result["mustSupport"] = True
    return result
