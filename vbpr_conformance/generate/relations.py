"""The relations between the resources of a contract package: a closed list of small statements.

each        one item of a list for each resource of a name, referring to it: {list, of, refer, copy}
defines     the groups of a Measure define a proportion
reports     a report has the groups of a Measure, with counts and scores that follow: the name of the Measure
ascending   values rise from item to item: {path, from, by}
difference  a value is one minus another: {path, of, less}
period      the contract period, or what lies in, before or after it: {same, part, earlier, after}
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from vbpr_conformance.errors import UsageError
from vbpr_conformance.generate.datatypes import later
from vbpr_conformance.generate.drawn_choices import Choices
from vbpr_conformance.generate.json_location import locations, without_ids
from vbpr_conformance.generate.measures import define_groups, report_groups
from vbpr_conformance.generate.paths import put, resolve
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import Profile

Object = dict[str, Any]
_YEAR, _QUARTER = 365, 91


@dataclass(frozen=True, slots=True)
class RelationContext:
    """What a relation can see: the resource it is about, those made before it by name, and the contract period."""

    resource: Object
    number: int
    profile: Profile
    edition: Edition
    resources: Mapping[str, Sequence[Object]]
    start: str
    b: Choices

    def values(self, path: str) -> list[Any]:
        """The values at a path of the resource."""
        return [location.value for location in locations(self.resource, resolve(path, self.profile, self.edition))]

    def put(self, path: str, value: Any) -> None:
        """Set the values at a path of the resource."""
        put(self.resource, resolve(path, self.profile, self.edition), value)

    def counterpart(self, name: str) -> Object:
        """The resource of a name that belongs to this one: that with the same number, as far as there are enough."""
        found = self.resources[name]
        return found[self.number % len(found)]


def canonical(resource: Object) -> str:
    """The canonical of a conformance resource, with its version where it has one."""
    return f"{resource['url']}|{resource['version']}" if "version" in resource else str(resource["url"])


def link(resource: Object) -> str:
    """The literal reference to a resource."""
    return f"{resource['resourceType']}/{resource['id']}"


def _each(context: RelationContext, said: Mapping[str, Any]) -> None:
    items = context.values(said["list"])
    made = []
    for number, other in enumerate(context.resources[said["of"]]):
        item = copy.deepcopy(items[number % len(items)])
        without_ids(item)
        target = said.get("refer", "reference")
        for name in ("type", "identifier", "display") if target == "reference" else ():
            item.pop(name, None)
        item[target] = link(other) if target == "reference" else canonical(other)
        made.append(item)
    context.put(said["list"], made)


def _defines(context: RelationContext, _: Any) -> None:
    define_groups(context.resource, context.b)


def _reports(context: RelationContext, said: str) -> None:
    report_groups(context.resource, context.counterpart(said), context.b)


def _ascending(context: RelationContext, said: Mapping[str, Any]) -> None:
    for number, location in enumerate(
        locations(context.resource, resolve(said["path"], context.profile, context.edition))
    ):
        location.replace(Decimal(str(said["from"])) + number * Decimal(str(said["by"])))


def _difference(context: RelationContext, said: Mapping[str, Any]) -> None:
    less = Decimal(context.values(said["less"])[0])
    places = locations(context.resource, resolve(said["path"], context.profile, context.edition))
    for location, value in zip(places, context.values(said["of"]), strict=False):
        location.replace(Decimal(value) - less)


def _period(context: RelationContext, said: Mapping[str, Sequence[str]]) -> None:
    start, end = context.start, later(context.start, _YEAR - 1)
    for path in said.get("same", ()):
        context.put(path, {"start": start, "end": end})
    for path in said.get("part", ()):
        first = later(start, _QUARTER * context.b.below(3))
        context.put(path, {"start": first, "end": later(first, _QUARTER - 1)})
    for path in said.get("earlier", ()):
        context.put(path, {"start": later(start, -_YEAR), "end": later(start, -1)})
    for path in said.get("after", ()):
        context.put(path, later(end, context.b.between(10, 60)))


_RELATIONS: dict[str, Callable[[RelationContext, Any], None]] = {
    "ascending": _ascending,
    "defines": _defines,
    "difference": _difference,
    "each": _each,
    "period": _period,
    "reports": _reports,
}


def relate(context: RelationContext, statements: Sequence[Mapping[str, Any]]) -> None:
    """Make every statement true of the resource, in the order given."""
    for statement in statements:
        for name, text in statement.items():
            if name not in _RELATIONS:
                raise UsageError(
                    f"contract-package.yaml: {name!r} is no relation, expected one of {sorted(_RELATIONS)}."
                )
            _RELATIONS[name](context, text)
