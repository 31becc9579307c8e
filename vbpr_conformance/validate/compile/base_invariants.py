"""The invariants of FHIR R4 that concern nearly every node, as closures: evaluated as FHIRPath they cost most.

Each stands for one published expression and is tested to mean the same. Where the FHIRPath yields nothing (dates of
different precision), these do not object.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from vbpr_conformance.fhir.fhirpath import Temporal
from vbpr_conformance.fhir.fhirpath.narrative import html_faults
from vbpr_conformance.validate.judge.scope import Scope

Holds = Callable[[Any, Scope], bool]


def _per_1(period: dict[str, Any], _: Scope) -> bool:
    """The start is not after the end, as far as both are precise."""
    if len(period) == 1:
        return True
    start, end = period.get("start"), period.get("end")
    if type(start) is not str or type(end) is not str:
        return True
    if len(start) == len(end) and start[19:] == end[19:]:
        return start <= end
    if len(start) <= _DAY and len(end) <= _DAY and start <= end[: len(start)]:
        return True  # dates of different precision, as far as both go
    first, last = Temporal.parse(start), Temporal.parse(end)
    return first is None or last is None or (first.compare(last) or 0) <= 0


_DAY = len("2024-02-29")


def _qty_3(quantity: dict[str, Any], _: Scope) -> bool:
    return "code" not in quantity or "system" in quantity or "_system" in quantity


def _ref_1(reference: dict[str, Any], scope: Scope) -> bool:
    """A reference to something contained finds it; `#` alone is the container."""
    value = reference.get("reference")
    if type(value) is not str or not value.startswith("#"):
        return True
    if value == "#":
        return scope.resource is not scope.root
    return scope.contained(value[1:]) is not None


def _contained(resource: dict[str, Any]) -> list[dict[str, Any]]:
    """The resources in the array; what stands in another form where it should be is an issue of its own."""
    listed = resource.get("contained")
    return _objects(listed) if type(listed) is list else []


def _dom_2(resource: dict[str, Any], _: Scope) -> bool:
    return all("contained" not in each for each in _contained(resource))


def _dom_3(resource: dict[str, Any], _: Scope) -> bool:
    """What is contained is referred to from somewhere else in the resource, or refers to its container."""
    contained = _contained(resource)
    around = {name: each for name, each in resource.items() if name != "contained"}
    if _mentions(around, {f"#{each.get('id')}" for each in contained}):
        return True
    waiting = {f"#{each.get('id')}": each for each in contained if not _mentions(each, {"#"})}
    left = set(waiting)
    if _mentions(around, left):
        return True
    return all(_mentions([other for other in contained if other is not waiting[name]], {name}) for name in left)


def _mentions(value: Any, waiting: set[str]) -> bool:
    """Whether all of these stand somewhere below; it looks no further than it must, at what stands highest first."""
    queue = [value]
    for each in queue:  # grows as it goes
        if not waiting:
            break
        for item in each.values() if type(each) is dict else each:
            kind = type(item)
            if kind is str:
                waiting.discard(item)
            elif kind is dict or kind is list:
                queue.append(item)
    return not waiting


def _meta_of_contained(*names: str) -> Holds:
    def holds(resource: dict[str, Any], _: Scope) -> bool:
        metas = [each["meta"] for each in _contained(resource) if "meta" in each]
        return not any(name in each for each in _objects(metas) for name in names)

    return holds


def _dom_6(resource: dict[str, Any], _: Scope) -> bool:
    text = resource.get("text")
    return type(text) is dict and "div" in text


def _mrp_1(report: dict[str, Any], _: Scope) -> bool:
    return report.get("type") != "data-collection" or "group" not in report


def _mrp_2(report: dict[str, Any], _: Scope) -> bool:
    """A stratum tells either its value or its components."""
    for group in _objects(report.get("group")):
        for stratifier in _objects(group.get("stratifier")):
            for stratum in _objects(stratifier.get("stratum")):
                if ("value" in stratum) == bool(stratum.get("component")):
                    return False
    return True


def _objects(value: Any) -> list[dict[str, Any]]:
    """The objects of an array, or the one that stands where an array should."""
    return [each for each in (value if type(value) is list else [value]) if type(each) is dict]


_faults = lru_cache(maxsize=256)(html_faults)
_EMPTY = "there is no content"


def _txt_1(div: str, _: Scope) -> bool:
    return not [fault for fault in _faults(div) if fault != _EMPTY]


def _txt_2(div: str, _: Scope) -> bool:
    return _EMPTY not in _faults(div)


def narrative_faults(div: str) -> str:
    """What is wrong with a narrative, in words."""
    return "; ".join(_faults(div))


class Closure(NamedTuple):
    """What an invariant comes to, and the properties without which it is met."""

    holds: Holds
    needs: tuple[str, ...] = ()


CLOSURES: dict[tuple[str, str], Closure] = {
    ("per-1", "start.hasValue().not() or end.hasValue().not() or (start <= end)"): Closure(_per_1, ("start", "end")),
    ("qty-3", "code.empty() or system.exists()"): Closure(_qty_3, ("code",)),
    (
        "ref-1",
        (
            "reference.startsWith('#').not() or (reference.substring(1).trace('url') in "
            "%rootResource.contained.id.trace('ids'))"
        ),
    ): Closure(_ref_1, ("reference",)),
    ("dom-2", "contained.contained.empty()"): Closure(_dom_2, ("contained",)),
    (
        "dom-3",
        (
            "contained.where((('#'+id in (%resource.descendants().reference | %resource.descendants().as(canonical) | "
            "%resource.descendants().as(uri) | %resource.descendants().as(url))) or "
            "descendants().where(reference = '#').exists() or descendants().where(as(canonical) = '#').exists() or "
            "descendants().where(as(canonical) = '#')"
            ".exists()).not()).trace('unmatched', id).empty()"
        ),
    ): Closure(_dom_3, ("contained",)),
    (
        "dom-4",
        "contained.meta.versionId.empty() and contained.meta.lastUpdated.empty()",
    ): Closure(_meta_of_contained("versionId", "lastUpdated"), ("contained",)),
    ("dom-5", "contained.meta.security.empty()"): Closure(_meta_of_contained("security"), ("contained",)),
    ("dom-6", "text.`div`.exists()"): Closure(_dom_6),
    ("mrp-1", "(type != 'data-collection') or group.exists().not()"): Closure(_mrp_1, ("group",)),
    ("mrp-2", "group.stratifier.stratum.all(value.exists() xor component.exists())"): Closure(_mrp_2, ("group",)),
    ("txt-1", "htmlChecks()"): Closure(_txt_1),
    ("txt-2", "htmlChecks()"): Closure(_txt_2),
}
"""By key and expression: a constraint of the same key that says something else is evaluated as what it says."""
