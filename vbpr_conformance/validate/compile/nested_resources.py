"""Resources inside resources: contained, entries of Bundles, parameters."""

from __future__ import annotations

from typing import Any

from vbpr_conformance.validate.compile.element_node import Checked, PropertyCheck
from vbpr_conformance.validate.compile.memo import remembering
from vbpr_conformance.validate.compile.object_properties import PropertySlot, repeated
from vbpr_conformance.validate.compile.slicing import SliceGroup
from vbpr_conformance.validate.issue import Drafts, IssueDraft, below, shown
from vbpr_conformance.validate.judge.scope import Scope


def resource_property(slot: PropertySlot) -> PropertyCheck:
    """Make the check of a property that holds any resource: by what that resource is and claims to be."""
    profiles = [profile for view in slot.views for each in view.element.types for profile in each.profiles]
    own = tuple(view for view in slot.views if view.element.children)

    groups = [SliceGroup(slot, view, slot.properties) for view in slot.views if view.element.slices]

    def contained(value: Any, scope: Scope) -> Drafts | None:
        inside = scope.inner(value) if type(value) is dict else scope
        if not groups:
            return scope.judge.inner(value, inside, profiles, own)
        slices = [each for group in groups for each in group.slices_of(value, inside)]
        asked = [profile for view in slices for each in view.element.types for profile in each.profiles]
        views = tuple(view for view in slices if view.element.children)
        return scope.judge.inner(value, inside, [*profiles, *asked], (*own, *views))

    def whole(values: list[Any], scope: Scope) -> Drafts | None:
        return [finding for group in groups for finding in group.judge(values, scope)] or None

    if slot.views[0].element.is_array:
        held = Checked(contained)
        held.check = remembering(contained, held, slot.node.nodes.lock)
        return repeated(slot, held, whole if groups else None)

    def entry(value: Any, owner: dict[str, Any], scope: Scope) -> Drafts | None:
        inside = scope
        if type(value) is dict:
            full_url = owner.get("fullUrl")
            bundle = scope.entries()
            inside = scope.entry(value, full_url if type(full_url) is str else None, bundle)
        bad = scope.judge.inner(value, inside, profiles, own)
        return below(bad, slot.name.step) if bad else None

    return entry


def repeated_ids(resource: dict[str, Any]) -> Drafts:
    """Say which contained resources have the id of another (https://hl7.org/fhir/R4/references.html#contained)."""
    listed = resource["contained"]
    found: Drafts = []
    seen: set[str] = set()
    for position, each in enumerate(listed if type(listed) is list else ()):
        name = each.get("id") if type(each) is dict else None
        if type(name) is not str:
            continue
        if name in seen:
            message = f"{shown(name)} found again, but a contained resource has an id of its own."
            found += below([IssueDraft("error", "value", _ID_RULE, "", message)], f".contained[{position}].id")
        seen.add(name)
    return found


_ID_RULE = "element-id:DomainResource.contained"
