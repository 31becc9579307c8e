"""The rules that the validator knows for a profile, read off what was compiled.

A rule's id is the key of the invariant (`per-1`), else `<kind>:<element id>` with the id of the element in the
StructureDefinition that states it (`min:MeasureReport.group.code`, `target:Extension.value[x]`,
`format:Period.start`). `RULE_KINDS` names the kinds. The same ids stand in `Issue.rule`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

RULE_KINDS = {
    "min": "fewer values than the element must have",
    "max": "more values than the element may have (also of a slice)",
    "fixed": "another value than the fixed one",
    "pattern": "a value that lacks what the pattern holds",
    "type": "a choice of a type that the profile does not allow",
    "choice": "two types of one choice at once",
    "array": "a single value where JSON holds an array, or an array where it holds a single value",
    "shape": "an object, array or primitive where another of them belongs; empty object, array or null",
    "format": "a primitive value that its type does not allow, in JSON type, form or range",
    "length": "a string longer than allowed",
    "range": "a value outside minValue and maxValue",
    "unknown-property": "a property that the type does not have",
    "binding": "a code outside of the bound value set",
    "code": "a code that its code system does not have",
    "display": "a display that is not that of the code",
    "system": "a code system that is none (relative, or a value set)",
    "target": "a reference or canonical to a type or profile that is not allowed",
    "reference": "a reference that cannot be one, or that points to nothing inside its resource or Bundle",
    "slice": "an item that a closed or ordered slicing does not allow",
    "extension": "an extension that is not defined, or whose url is none",
    "extension-context": "an extension where its definition does not allow it",
    "profile": "a profile that is claimed but not held here or not about this type",
    "element-id": "an id that is used twice in a resource, or holds whitespace",
    "full-url": "a fullUrl that is missing, used twice or disagrees with the id",
    "measure": "a report that does not fit its Measure",
}


@dataclass(frozen=True)
class Rule:
    """One rule at one place: `place` is where its element stands in the resource, without indices.

    Slices passed on the way are named in it, as in an element id (`MeasureReport.extension:category.value[x].coding`).
    `profile` is the URL of the StructureDefinition that states the rule, `element_id` the element there. `detail` is
    what the rule compares with (fixed value, value set, type names, FHIRPath expression, count).
    """

    id: str
    kind: str
    element_id: str
    profile: str
    severity: str
    place: str
    detail: Any = None
