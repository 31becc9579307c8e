"""Resources inside resources: contained, entries of Bundles, parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vbpr_conformance.ig.model import STRUCTURE_DEFINITION
from vbpr_conformance.validate.compile.element_node import Checked, PropertyCheck
from vbpr_conformance.validate.compile.known_definitions import ABSTRACT_RESOURCES
from vbpr_conformance.validate.compile.memo import remembering
from vbpr_conformance.validate.compile.object_properties import PropertySlot, repeated
from vbpr_conformance.validate.compile.slicing import SliceGroup
from vbpr_conformance.validate.element_ref import ElementRef, ElementRefs
from vbpr_conformance.validate.issue import Drafts, IssueDraft, below, shown
from vbpr_conformance.validate.judge.scope import Scope


def resource_property(slot: PropertySlot) -> PropertyCheck:
    """Make the check of a property that holds any resource: by what that resource is and claims to be."""
    profiles = [profile for view in slot.views for profile in _asked_by(view)]
    own = tuple(view for view in slot.views if view.element.children)

    judged = _by_one_of_several(slot)
    groups = [SliceGroup(slot, view, slot.properties) for view in slot.views if view.element.slices]

    def contained(value: Any, scope: Scope) -> Drafts | None:
        inside = scope.inner(value) if type(value) is dict else scope
        if not groups:
            return judged(value, inside, profiles, own)
        slices = [each for group in groups for each in group.slices_of(value, inside)]
        asked = [profile for view in slices for profile in _asked_by(view)]
        views = tuple(view for view in slices if view.element.children)
        return judged(value, inside, [*profiles, *asked], (*own, *views))

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
        bad = judged(value, inside, profiles, own)
        return below(bad, slot.name.step) if bad else None

    return entry


def _asked_by(view: ElementRef) -> list[str]:
    """The profiles that a definition asks of a resource, the type itself where it names none."""
    return [
        profile
        for each in view.element.types
        for profile in each.profiles or (() if each.code in ABSTRACT_RESOURCES else (STRUCTURE_DEFINITION + each.code,))
    ]


def _by_one_of_several(slot: PropertySlot) -> Callable[[Any, Scope, list[str], ElementRefs], Drafts | None]:
    """Give what judges a resource by what is asked; of several profiles one must fit, one about its type."""
    stated = [each for view in slot.views for one in (view, *slot.known.slices(view)) for each in _asked_by(one)]
    # A rule of its own only where several profiles are asked, so that none is listed that nothing can break.
    none_fits = (
        slot.rule("profile", slot.views[0])
        if len(stated) > 1
        else slot.node.issue_maker("profile", slot.views[0], severity="error", code="structure")
    )

    def judged(value: Any, inside: Scope, asked: list[str], views: ElementRefs) -> Drafts | None:
        if len(asked) > 1:
            kind = value.get("resourceType") if type(value) is dict else None
            about = [name for name in asked if slot.known.type_about(name) in {kind, *ABSTRACT_RESOURCES}]
            if not about:
                return none_fits(f"A {kind} found, expected one of {', '.join(asked)}.")
            if len(about) > 1:
                fitting = [name for name in about if inside.judge.conforms(value, name, inside) is not False]
                about = fitting[:1] or about[:1]
            asked = about
        return inside.judge.inner(value, inside, asked, views)

    return judged


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
