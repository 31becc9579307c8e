"""Compiles the elements of profiles into closures over plain JSON, one node per element, type and place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from vbpr_conformance.fhir.primitive_formats import FORMATS
from vbpr_conformance.ig.model import Profile
from vbpr_conformance.validate.compile import bindings, extensions, invariants, reference_targets
from vbpr_conformance.validate.compile.choice_types import choice_property
from vbpr_conformance.validate.compile.element_node import Check, ElementNode, MakeIssue, ObjectCheck, ObjectRule
from vbpr_conformance.validate.compile.element_ref import ABSTRACT_RESOURCES, ElementRef, ElementRefs, KnownDefinitions
from vbpr_conformance.validate.compile.extension_context import ElementPlace
from vbpr_conformance.validate.compile.fixed_values import value_checks
from vbpr_conformance.validate.compile.object_checks import object_check
from vbpr_conformance.validate.compile.object_properties import ObjectProperties
from vbpr_conformance.validate.compile.plain_properties import plain_property
from vbpr_conformance.validate.issue import Drafts
from vbpr_conformance.validate.judge.memo import remembering
from vbpr_conformance.validate.judge.scope import Scope
from vbpr_conformance.validate.local_terminology import LocalTerminology
from vbpr_conformance.validate.rules import Rule

if TYPE_CHECKING:
    from vbpr_conformance.ig.edition import Edition


class ProfileCompiler:
    """The nodes of one edition, each made once; `whole` with all properties, else with those that are met."""

    def __init__(self, edition: Edition, *, whole: bool = False) -> None:
        self.edition = edition
        self._whole_shapes = whole
        self.lens = KnownDefinitions(edition)
        self.terminology = LocalTerminology(edition)
        self.readings = {(each.constraint, each.published): each for each in edition.readings if each.constraint}
        self._resources: set[str] = set()
        """Types known to be resources."""
        self._nodes: dict[tuple[object, ...], ElementNode] = {}

    def node(self, type_name: str, views: ElementRefs, place: ElementPlace) -> ElementNode:
        """Give the node of an element of this type at this place."""
        key = (type_name, views, place.paths, place.extension)
        found = self._nodes.get(key)
        if found is None:
            found = self._nodes[key] = ElementNode(self, type_name, views, place)
        return found

    def resource(self, type_name: str, views: ElementRefs) -> ElementNode:
        """Give the node of a resource seen by these profiles."""
        return self.node(type_name, views, ElementPlace.root(self.lens.lineage(type_name)))

    def type_about(self, profile: str) -> str:
        """The type that a profile is about; of one that is not held, the last step of its URL."""
        found = self.edition.find_profile(profile)
        return found.type if found is not None else profile.partition("|")[0].rpartition("/")[2]

    def is_resource(self, type_name: str) -> bool:
        """Whether this is a type of resource; where R4's are not all held, any name may be one."""
        if type_name in self._resources:
            return True
        found = self.edition.type(type_name)
        if found is not None:
            if found.kind != "resource" or type_name in ABSTRACT_RESOURCES:
                return False
            self._resources.add(type_name)
            return True
        return type_name in self.resource_types or not self.resource_types

    def extension_url(self, view: ElementRef) -> str | None:
        """The url that an extension of this slice has."""
        return extensions.url_of_slice(self, view)

    @cached_property
    def resource_types(self) -> frozenset[str]:
        """The names of R4's resource types, from the code system that lists them."""
        held = self.edition.code_system("http://hl7.org/fhir/resource-types")
        return frozenset(held.codes) if held is not None else frozenset()

    def element(self, profile: Profile) -> ElementNode:
        """Give the node of a data type or extension seen by a profile."""
        return self.node(
            profile.type, (self.lens.root(profile),), ElementPlace(frozenset(), self.lens.lineage(profile.type))
        )

    def rules(self, profile: Profile) -> tuple[Rule, ...]:
        """Give the rules of all nodes below a profile, each once per place; for nodes made whole."""
        node = self.resource(profile.type, (self.lens.root(profile),))
        return tuple(
            {(each.id, each.place, each.severity): each for each in _gathered(node, profile.type, ())}.values()
        )

    def compile(self, node: ElementNode) -> Check:
        """Make the check of a node."""
        contents = self.lens.contents(node.type, node.views)
        if not contents:
            return _unknown_type(node)
        shape = ObjectProperties(self._whole_shapes)
        after: list[ObjectRule] = []
        for name, views in self._children(contents).items():
            if node.type in FORMATS and name == "value":
                continue
            if views[0].element.is_choice:
                after += choice_property(self, node, name, views, shape)
            else:
                plain_property(self, node, name, views, shape)
        if node.type not in FORMATS:
            after += self._whole(node, contents)
        is_resource = contents[0].profile.kind == "resource" and contents[0].element is contents[0].profile.root
        tells = {
            "object": node.rule("shape", contents[0]),
            "unknown": node.rule("unknown-property", contents[0]),
            "empty": node.rule("shape", contents[0]) if is_resource else _ele_1(node, contents[0]),
        }
        if is_resource:
            shape.checks["resourceType"] = lambda _item, _owner, _scope: None
        id_is_enough = is_resource or node.type in FORMATS  # beside a value; without one, where the value is missed
        check = object_check(shape, after, tells, id_is_enough=id_is_enough)
        return check if is_resource else remembering(check, node)

    def _children(self, contents: ElementRefs) -> dict[str, ElementRefs]:
        found: dict[str, ElementRefs] = {}
        for content in contents:
            for child in self.lens.children(content):
                name = child.element.name
                found[name] = (*found.get(name, ()), child)
        return found

    def _whole(self, node: ElementNode, contents: ElementRefs) -> list[ObjectRule]:
        """Give the checks that look at an object as a whole."""
        every = tuple(dict.fromkeys((*node.views, *contents)))
        checks = [ObjectRule(each) for each in value_checks(node, every)]
        checks += bindings.object_checks(self, node, every)
        checks += reference_targets.object_checks(self, node, every)
        checks += extensions.object_checks(node, contents)
        checks += invariants.object_checks(self, node, contents)
        for view, name in self.lens.missing_profiles(node.type, node.views):
            checks.append(ObjectRule(_not_held(node, view, name)))
        return checks


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
        return make_issue(f"Not checked against {name}, which is not held here.")

    return check
