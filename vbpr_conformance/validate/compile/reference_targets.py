"""References and canonicals: their form, and what they may lead to (https://hl7.org/fhir/R4/references.html)."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from vbpr_conformance.fhir.primitive_formats import is_absolute
from vbpr_conformance.fhir.resource_ids import CONDITIONAL, type_in
from vbpr_conformance.validate.compile.element_node import Check, ElementNode, MakeIssue, ObjectRule
from vbpr_conformance.validate.compile.known_definitions import ABSTRACT_RESOURCES, KnownDefinitions
from vbpr_conformance.validate.compile.object_properties import PropertySlot
from vbpr_conformance.validate.element_ref import ElementRef, ElementRefs
from vbpr_conformance.validate.issue import Drafts, below, shown
from vbpr_conformance.validate.judge.scope import ResolvedReference, Scope

_SPACE = re.compile(r"\s")
_ONLY_IN_BUNDLES = ("urn:uuid:", "urn:oid:")
_SELF_CONTAINED = frozenset({"document", "message"})
"""Bundles whose references by UUID must find an entry; in others the target may have been left out."""


class _Allowed(NamedTuple):
    """What one view allows: target profiles by the type that each is about; None for any type."""

    types: dict[str, list[str]] | None
    make_issue: MakeIssue
    said: str
    modes: frozenset[str]
    """How the target may be aggregated (contained, referenced, bundled); any way if none is named."""
    versioning: str


def object_rules(node: ElementNode, views: ElementRefs) -> list[ObjectRule]:
    """Give the check of a Reference."""
    if node.type != "Reference":
        return []
    known = node.known
    allowed = [found for view in views if (found := _allowed(node, view, "Reference", "reference")) is not None]
    malformed = node.rule("reference", views[0], code="value", step="reference")
    dangling = node.issue_maker("reference", views[0], severity="warning", code="not-found")
    type_rule = node.rule("target", views[0], code="value", step="type")
    odd_type = node.issue_maker("target", views[0], severity="warning", code="value")

    def check(value: dict[str, Any], scope: Scope) -> Drafts | None:
        reference = value.get("reference")
        stated = value.get("type")
        stated = stated.rpartition("/")[2] if type(stated) is str else None
        if type(reference) is not str:
            if stated is not None and not known.is_resource(stated):
                return below(odd_type(f"{shown(stated)} found as type, which is no type of resource."), ".type")
            return _by_type(stated, allowed, ".type") if stated is not None else None
        target = scope.resolve(reference)
        found: Drafts = []
        named: str | None = None
        if target is None:
            named = type_in(reference)
            error = _trouble(reference, scope)
            warning = _oddity(known, reference, named, scope)
            if error is not None or warning is not None:
                found = below(malformed(error) if error is not None else dangling(str(warning)), ".reference")
                if error is not None or named is None:
                    return found
        actual = target.resource.get("resourceType") if target is not None else named or stated
        if stated is not None and type(actual) is str and actual != stated and known.is_resource(actual):
            found += below(type_rule(f"{shown(stated)} found as type of a reference to {actual}."), ".type")
        target_type = actual if type(actual) is str and known.is_resource(actual) else None
        for each in allowed:
            found += _judge(each, reference, target_type, target, scope)
        return found or None

    return [ObjectRule(check, lambda names: "reference" not in names and "type" not in names)]


def _allowed(node: ElementNode, view: ElementRef, code: str, step: str) -> _Allowed | None:
    types = tuple(view.types(code))
    targets = [name for each in types for name in each.targets]
    modes = {mode for each in types for mode in each.aggregation}
    versioning = {each.versioning or "either" for each in types}
    version = versioning.pop() if len(versioning) == 1 else "either"
    if not targets and not modes and version == "either":
        return None
    about = [(node.known.type_about(name), name) for name in targets]
    make_issue = node.rule("target", view, detail=tuple(targets), code="value", step=step)
    by_type: dict[str, list[str]] = {}
    for kind, name in about:
        by_type.setdefault(kind, []).append(name)
    unknown = [name for name in targets if node.known.profile(name) is None]
    anything = not targets or bool(unknown) or not ABSTRACT_RESOURCES.isdisjoint(by_type)
    text = " or ".join(name.removeprefix("http://hl7.org/fhir/StructureDefinition/") for name in targets)
    return _Allowed(None if anything else by_type, make_issue, text, frozenset(modes), version)


def _judge(
    allowed: _Allowed, reference: str, actual: str | None, target: ResolvedReference | None, scope: Scope
) -> Drafts:
    error = _aggregation(allowed.modes, reference, target, scope)
    if error is None and not reference.startswith("#"):
        error = _version(allowed.versioning, versioned="/_history/" in reference)
    if error is not None:
        return below(allowed.make_issue(f"{shown(reference)} found, but {error}."), ".reference")
    if allowed.types is None or actual is None:
        return []
    profiles = allowed.types.get(actual)
    if profiles is None:
        message = f"A reference to {actual} found ({shown(reference)}), expected {allowed.said}."
        return below(allowed.make_issue(message), ".reference")
    if target is None:
        return []
    if any(scope.judge.meets(target, name) is not False for name in profiles):
        return []
    message = f"{shown(reference)} leads to a {actual} that does not conform to {' or '.join(profiles)}."
    return below(allowed.make_issue(message), ".reference")


def _aggregation(modes: frozenset[str], reference: str, target: ResolvedReference | None, scope: Scope) -> str | None:
    """Say why a target may not be where it is; a resource of the same Bundle may be referenced too."""
    if not modes:
        return None
    if reference.startswith("#"):
        return None if "contained" in modes else "the target may not be contained"
    if "referenced" in modes:
        return None
    if "bundled" not in modes:
        return "the target must be contained"
    is_bundled = target is not None and scope.bundle is not None and target.scope.bundle is scope.bundle
    return None if is_bundled else "the target must be in the same Bundle"


def _version(versioning: str, *, versioned: bool) -> str | None:
    """Say why a reference must or must not name a version."""
    if versioning == "specific" and not versioned:
        return "a version must be named"
    if versioning == "independent" and versioned:
        return "no version may be named"
    return None


def _by_type(stated: str, allowed: list[_Allowed], step: str) -> Drafts | None:
    found: Drafts = []
    for each in allowed:
        if each.types is not None and stated not in each.types:
            found += below(each.make_issue(f"A reference to {stated} found, expected {each.said}."), step)
    return found or None


def _trouble(reference: str, scope: Scope) -> str | None:
    """Say what is wrong with a reference that nothing was found for."""
    if _SPACE.search(reference):
        return f"{shown(reference)} found, but a reference is a URL, which holds no spaces."
    in_transaction = scope.bundle is not None and scope.bundle.type == "transaction"
    if not in_transaction and CONDITIONAL.fullmatch(reference):
        return f"{shown(reference)} found, but a conditional reference stands in Bundles of type transaction only."
    if (
        scope.bundle is not None
        and str(scope.bundle.type) in _SELF_CONTAINED
        and reference.startswith(_ONLY_IN_BUNDLES)
    ):
        return f"{shown(reference)} found, but no entry has this fullUrl."
    return None


def _oddity(known: KnownDefinitions, reference: str, named: str | None, scope: Scope) -> str | None:
    """Say why a reference will hardly lead to a resource; R4 does not forbid it."""
    if scope.bundle is not None and reference.startswith(_ONLY_IN_BUNDLES):
        return f"{shown(reference)} found, but no entry has this fullUrl."
    if reference.startswith("#") or is_absolute(reference):
        return None
    if named is None or reference.startswith("/"):
        return f"{shown(reference)} found, expected Type/id, an absolute URL or #id."
    return None if known.is_resource(named) else f"{shown(reference)} found, but {named} is no type of resource."


def canonical_checks(slot: PropertySlot) -> list[Check]:
    """Give the checks of a canonical: what it leads to, where that is in hand."""
    allowed = [
        found for view in slot.views if (found := _allowed(slot.node, view, "canonical", slot.name.label)) is not None
    ]
    missing = slot.rule("reference", slot.views[0], code="not-found")

    def check(value: str, scope: Scope) -> Drafts | None:
        if value.startswith("#"):
            if scope.contained(value[1:]) is None:
                return missing(f"{shown(value)} found, but nothing contained has this id.")
        elif ":" not in value:
            return missing(f"{shown(value)} found, expected an absolute URL.")
        if not allowed:
            return None
        found = [finding for each in allowed for finding in _versions(each, value)]
        target = scope.canonical(value)
        if target is None:
            return found or None
        return found + [finding for each in allowed for finding in _leads(each, value, target, scope)]

    return [check]


def _versions(allowed: _Allowed, value: str) -> Drafts:
    error = None if value.startswith("#") else _version(allowed.versioning, versioned="|" in value)
    return [] if error is None else allowed.make_issue(f"{shown(value)} found, but {error}.")


def _leads(allowed: _Allowed, value: str, target: ResolvedReference, scope: Scope) -> Drafts:
    """Judge what a canonical leads to."""
    actual = target.resource.get("resourceType")
    if allowed.types is None or type(actual) is not str:
        return []
    profiles = allowed.types.get(actual)
    if profiles is None:
        return allowed.make_issue(f"{shown(value)} leads to a {actual}, expected {allowed.said}.")
    if any(scope.judge.meets(target, one) is not False for one in profiles):
        return []
    return allowed.make_issue(f"{shown(value)} leads to a {actual} that does not conform to {allowed.said}.")
