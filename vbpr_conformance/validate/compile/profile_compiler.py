"""Compiles the elements of profiles into closures over plain JSON, one node per element, type and place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from vbpr_conformance.fhir.primitive_formats import FORMATS
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import Profile
from vbpr_conformance.validate.compile import bindings, extensions, fixed_values, invariants, reference_targets
from vbpr_conformance.validate.compile.choice_types import choice_property
from vbpr_conformance.validate.compile.element_node import Check, ElementNode, MakeIssue, Nodes, ObjectCheck, ObjectRule
from vbpr_conformance.validate.compile.extension_context import ElementPlace
from vbpr_conformance.validate.compile.known_definitions import KnownDefinitions
from vbpr_conformance.validate.compile.memo import remembering
from vbpr_conformance.validate.compile.object_checks import object_check
from vbpr_conformance.validate.compile.object_properties import ObjectProperties
from vbpr_conformance.validate.compile.plain_properties import plain_property
from vbpr_conformance.validate.element_ref import ElementRef, ElementRefs
from vbpr_conformance.validate.issue import Drafts
from vbpr_conformance.validate.judge.scope import Scope
from vbpr_conformance.validate.rules import Rule


class ProfileCompiler:
    """The checks of one edition's elements; `whole` with all properties, else with those that are met."""

    def __init__(self, edition: Edition, *, whole: bool = False) -> None:
        self.known = KnownDefinitions(edition)
        self.nodes = Nodes(self.known, self._compiled, whole=whole)

    def resource(self, type_name: str, views: ElementRefs) -> ElementNode:
        """Give the node of a resource seen by these profiles."""
        return self.nodes.node(type_name, views, ElementPlace.root(self.known.lineage(type_name)))

    def element(self, profile: Profile) -> ElementNode:
        """Give the node of a data type or extension seen by a profile."""
        place = ElementPlace(frozenset(), self.known.lineage(profile.type))
        return self.nodes.node(profile.type, (self.known.root(profile),), place)

    def rules(self, profile: Profile) -> tuple[Rule, ...]:
        """Give the rules of all nodes below a profile, each once per place; for nodes made whole."""
        node = self.resource(profile.type, (self.known.root(profile),))
        return tuple(
            {(each.id, each.place, each.severity): each for each in _gathered(node, profile.type, ())}.values()
        )

    def _compiled(self, node: ElementNode) -> Check:
        """Make the check of a node."""
        contents = self.known.contents(node.type, node.views)
        if not contents:
            return _unknown_type(node)
        properties = ObjectProperties(whole=node.nodes.whole)
        rules: list[ObjectRule] = []
        for name, views in self._children(contents).items():
            if node.type in FORMATS and name == "value":
                continue
            if views[0].element.is_choice:
                rules += choice_property(node, name, views, properties)
            else:
                plain_property(node, name, views, properties)
        if node.type not in FORMATS:
            rules += self._rules_of_the_whole(node, contents)
        is_resource = contents[0].profile.kind == "resource" and contents[0].element is contents[0].profile.root
        issues = {
            "object": node.rule("shape", contents[0]),
            "unknown": node.rule("unknown-property", contents[0]),
            "empty": node.rule("shape", contents[0]) if is_resource else _ele_1(node, contents[0]),
        }
        if is_resource:
            properties.checks["resourceType"] = lambda _item, _owner, _scope: None
        id_is_enough = is_resource or node.type in FORMATS  # beside a value; without one, where the value is missed
        check = object_check(properties, rules, issues, node.nodes.lock, id_is_enough=id_is_enough)
        return check if is_resource else remembering(check, node, node.nodes.lock)

    def _children(self, contents: ElementRefs) -> dict[str, ElementRefs]:
        found: dict[str, ElementRefs] = {}
        for content in contents:
            for child in self.known.children(content):
                name = child.element.name
                found[name] = (*found.get(name, ()), child)
        return found

    def _rules_of_the_whole(self, node: ElementNode, contents: ElementRefs) -> list[ObjectRule]:
        """Give the checks that look at an object as a whole."""
        every = tuple(dict.fromkeys((*node.views, *contents)))
        rules = [ObjectRule(each) for each in fixed_values.value_checks(node, every)]
        rules += bindings.object_rules(node, every)
        rules += reference_targets.object_rules(node, every)
        rules += extensions.object_rules(node, contents)
        rules += invariants.object_rules(node, contents)
        rules += [ObjectRule(each) for each in fixed_values.quantity_ranges(node, every)]
        for view in node.views:
            names = [name for each in view.types(node.type) for name in each.profiles]
            if len(names) > 1 and node.type != "Extension":
                rules.append(ObjectRule(_one_fits(node, view, names)))
        for view, name in self.known.missing_profiles(node.type, node.views):
            rules.append(ObjectRule(_not_held(node, view, name)))
        return rules


def _one_fits(node: ElementNode, view: ElementRef, names: list[str]) -> ObjectCheck:
    """A value of a type with several profiles conforms to one of them; one that is not held may be it."""
    make_issue = node.rule("profile", view, detail=tuple(names))

    def check(value: dict[str, Any], scope: Scope) -> Drafts | None:
        if any(scope.judge.conforms(value, name, scope) is not False for name in names):
            return None
        return make_issue(f"It conforms to none of {', '.join(names)}.")

    return check


def _gathered(node: ElementNode, place: str, above: tuple[ElementNode, ...]) -> Iterator[Rule]:
    """Give the rules of a node and of those below; types that contain themselves are entered once."""
    node.compile()
    for rule in node.rules:
        yield replace(rule, place=f"{place}.{rule.place}" if rule.place else place)
    for step, kid in node.kids:
        if kid not in above and kid is not node and len(above) < _DEEPEST:
            yield from _gathered(kid, f"{place}.{step}", (*above, node))


_DEEPEST = 12


def _ele_1(node: ElementNode, view: ElementRef) -> MakeIssue:
    return node.rule(
        "invariant", view, key="ele-1", code="invariant", detail="hasValue() or (children().count() > id.count())"
    )


def _unknown_type(node: ElementNode) -> Check:
    view = node.views[0]
    make_issue = node.rule("profile", view, severity="information", code="not-supported")

    def check(_: Any, __: Scope) -> Drafts | None:
        return make_issue(f"Not checked: the type {node.type} is not known here.")

    return check


def _not_held(node: ElementNode, view: ElementRef, name: str) -> ObjectCheck:
    make_issue = node.rule("profile", view, severity="information", code="not-supported", detail=name)

    def check(_: dict[str, Any], __: Scope) -> Drafts | None:
        return make_issue(f"Not checked against {name}: {node.known.why_missing(name)}.")

    return check
