"""Extensions: found by their url, judged by their definition (https://hl7.org/fhir/R4/extensibility.html)."""

from __future__ import annotations

from typing import Any

from vbpr_conformance.fhir.primitive_formats import FORMATS, is_absolute
from vbpr_conformance.ig.model import STRUCTURE_DEFINITION, Profile
from vbpr_conformance.validate.compile.context_conditions import Condition, condition
from vbpr_conformance.validate.compile.element_node import (
    Checked,
    Checker,
    ElementNode,
    MakeIssue,
    Names,
    ObjectRule,
    PropertyCheck,
    by_names,
)
from vbpr_conformance.validate.compile.object_properties import Cardinality, PropertySlot, times
from vbpr_conformance.validate.compile.slicing import SliceGroup
from vbpr_conformance.validate.element_ref import ElementRefs
from vbpr_conformance.validate.issue import Drafts, Severity, below, shown
from vbpr_conformance.validate.judge.scope import Scope


def extension_property(slot: PropertySlot) -> PropertyCheck:
    """Make the check of `extension` or `modifierExtension`: each by its url, then how many there are of each."""
    known = _Known(slot)
    groups: list[SliceGroup] = []
    for view in slot.views:
        if view.element.slices:
            groups.append(SliceGroup(slot, view, slot.properties))
            known.add_slices(slot.known.slices(view))
    return _listed(slot, known, [group for group in groups if group.matters])


def _listed(  # noqa: C901 - the hot path: taken apart, each extension would cost more calls
    slot: PropertySlot, known: _Known, groups: list[SliceGroup]
) -> PropertyCheck:
    """Make the check of an array of extensions; combinations of urls that were found fine are not judged again."""
    step, key = slot.name.step, slot.name.key
    array = slot.rule("array", slot.views[0])
    lock = slot.node.nodes.lock
    bounds = Cardinality(slot)
    least, most = bounds.least, bounds.most
    checks = known.checks
    conditions = known.conditions
    remembers = all(group.by_url for group in groups)
    fine: set[tuple[str | None, ...]] = set()

    def whole(values: list[Any], scope: Scope) -> Drafts:
        found = [finding for group in groups for finding in group.judge(values, scope)]
        return found + below(known.too_many(values), step)

    def check(value: Any, owner: dict[str, Any], scope: Scope) -> Drafts | None:
        if type(value) is not list:
            return below(array(f"{shown(value)} found where {key} is an array."), step)
        found: Drafts = []
        urls: list[str | None] = []
        for each in value:
            try:
                url = each["url"]
                item = checks[url]
            except (KeyError, TypeError):
                url, item = known.first_met(each)
            bad = item.check(each, scope)
            if bad:
                found += below(bad, f"{step}[{len(urls)}]")
            if url in conditions:
                found += below(known.out_of_place(url, owner, each, scope), f"{step}[{len(urls)}]")
            urls.append(url)
        if not least <= len(urls) <= most:
            found += bounds.judge(len(urls)) or []
        if groups or known.limits:
            combination = tuple(urls)
            if combination not in fine:
                bad = whole(value, scope)
                found += bad
                if not bad and remembers and len(fine) < _REMEMBERED:
                    with lock:
                        fine.add(combination)
        return found or None

    return check


_REMEMBERED = 1000


class _Known:
    """The nodes of the extensions that may stand at one place, by url."""

    def __init__(self, slot: PropertySlot) -> None:
        node, views = slot.node, slot.views
        self._nodes, self._known = slot.node.nodes, slot.known
        self._node = node
        self._label = slot.name.label
        self._views = views
        self._owner = node.place if node.type != "Extension" else node.place.within(extension_url_of(node))
        self._place = slot.place.within(self._owner.extension)
        self._in_unknown = node.type == "Extension" and self._owner.extension is None
        """Inside an extension that nobody here knows: what that one defines is not known either."""
        self._modifier = self._label == "modifierExtension"
        self.checks: dict[str | None, Checker] = {}
        """What judges the extensions of an url, as far as met."""
        self.limits: dict[str, tuple[int, MakeIssue]] = {}
        """How often an extension may occur by its own definition, where no slice says so."""
        self.conditions: dict[str | None, Condition] = {}
        """What definitions say by FHIRPath of the elements that may bear them."""
        self._slices: dict[str, ElementRefs] = {}
        self._plain = slot.node.nodes.node("Extension", views, self._place)
        self._strange = slot.rule("extension", views[0], code="extension")
        severity: Severity = "warning" if self._modifier else "information"
        self._foreign = node.issue_maker("extension", views[0], severity=severity, code="extension")
        self._unheld = node.issue_maker("extension", views[0], severity="warning", code="extension")
        self._misplaced = slot.rule("extension-context", views[0], code="extension")

    def add_slices(self, slices: ElementRefs) -> None:
        """Make the nodes of the slices, so that their rules are known."""
        for view in slices:
            url = self._known.extension_url(view)
            if url is not None:
                self._slices[url] = (*self._slices.get(url, ()), view)
        for url, each in self._slices.items():
            self._node.kids.append((f"{self._label}:{each[0].element.slice_name}", self._node_of(url)))

    def first_met(self, value: Any) -> tuple[str | None, Checker]:
        """Give the url of an extension and what judges it; without one it is judged as any extension."""
        url = value.get("url") if type(value) is dict else None
        if type(url) is not str:
            return None, self._plain
        with self._nodes.lock:
            return url, self.checks.get(url) or self._made(url)

    def _made(self, url: str) -> Checker:
        definition = self._definition(url)
        if definition is None and url not in self._slices:
            unknown = self._unknown(url)
            if len(self.checks) < _REMEMBERED:
                self.checks[url] = unknown
            return unknown
        node = self._node_of(url)
        made: Checker = node
        error = self._context_trouble(definition) if definition is not None else None
        if error is not None:
            made = _and_say(node, *error)
        if definition is not None:
            self._note(url, definition)
        self.checks[url] = made
        return made

    def _note(self, url: str, definition: Profile) -> None:
        """Note what a definition says of all extensions together, and of the element that bears them."""
        most = definition.root.max
        if most is not None and url not in self._slices:
            view = self._known.root(definition)
            tell = self._node.issue_maker("max", view, severity="error", code="structure")
            self.limits = {**self.limits, url: (most, tell)}  # others may be reading it
        allowed = self._owner.allows(self._contexts(definition))
        if allowed is not False:
            found = condition(definition, self._kind(), placed=allowed is True, primitive=self._node.type in FORMATS)
            if found is not None:
                self.conditions[url] = found

    def _contexts(self, definition: Profile) -> tuple[tuple[str, str], ...]:
        """The contexts of a definition; of primitives FHIRPath gives the value, not what bears it: paths are taken."""
        if self._node.type not in FORMATS:
            return definition.contexts
        return tuple(("element" if _is_path(text) else kind, text) for kind, text in definition.contexts)

    def _kind(self) -> str:
        """The FHIR type of what bears the extensions; of an inner element its path."""
        is_inner = self._node.type in {"BackboneElement", "Element"}
        return self._node.views[0].element.base_path if is_inner else self._node.type

    def too_many(self, values: list[Any]) -> Drafts:
        """Say which extensions occur more often than their definitions allow."""
        urls = [value.get("url") for value in values if type(value) is dict]
        return [
            finding
            for url, (most, make_issue) in self.limits.items()
            if urls.count(url) > most
            for finding in make_issue(f"{url} occurs {times(urls.count(url))}, but may occur at most {times(most)}.")
        ]

    def out_of_place(self, url: str | None, owner: dict[str, Any], extension: Any, scope: Scope) -> Drafts:
        """Say why an extension may not stand in this element."""
        message = self.conditions[url](owner, extension, scope)
        return [] if message is None else self._misplaced(message)

    def _node_of(self, url: str) -> ElementNode:
        definition = self._definition(url)
        views = self._views + self._slices.get(url, ())
        if definition is not None:
            views += (self._known.root(definition),)
        return self._nodes.node("Extension", tuple(dict.fromkeys(views)), self._place)

    def _definition(self, url: str) -> Profile | None:
        found = self._known.profile(url) if ":" in url else None
        return found if found is not None and found.is_extension else None

    def _context_trouble(self, definition: Profile) -> tuple[MakeIssue, str] | None:
        if definition.root.is_modifier != self._modifier:
            where = "modifierExtension" if definition.root.is_modifier else "extension"
            return self._misplaced, f"The extension {definition.url} found here, which belongs into {where}."
        if self._owner.allows(self._contexts(definition)) is False:
            allowed = ", ".join(expression for _, expression in definition.contexts)
            return self._misplaced, f"The extension {definition.url} found here, which is defined for {allowed}."
        return None

    def _unknown(self, url: str) -> Checker:
        """Judge an extension nobody here knows: FHIR allows it, unless it claims to be one of those held whole."""
        make_issue, message = self._foreign, f"Not checked: the extension {url} is not known here."
        own = self._known.edition.own
        if not is_absolute(url) and not self._in_unknown:
            make_issue, message = self._strange, f"{shown(url)} found as url of an extension, which is defined nowhere."
        elif own and url.startswith(f"{own}/"):
            make_issue, message = self._strange, f"The extension {url} found, which {own} does not define."
        elif url.startswith(STRUCTURE_DEFINITION):
            make_issue, message = self._unheld, f"Not checked: the extension {url} of FHIR is not held here."
        elif self._modifier:
            message = f"The modifier extension {url} is not known here: what it changes cannot be judged."
        return _and_say(self._plain, make_issue, message)


def _and_say(node: ElementNode, make_issue: MakeIssue, message: str) -> Checker:
    def check(value: Any, scope: Scope) -> Drafts | None:
        return make_issue(message) + (node.check(value, scope) or [])

    return Checked(check)


def extension_url_of(node: ElementNode) -> str | None:
    """The url of the extension that a node is about, where it is about a certain one."""
    for view in node.views:
        if view.profile.is_extension and view.element is view.profile.root:
            return view.profile.url
    return None


def object_rules(node: ElementNode, contents: ElementRefs) -> list[ObjectRule]:
    """Give the check that an extension has a value or extensions, and not both (ext-1)."""
    if node.type != "Extension":
        return []
    make_issue = node.rule("invariant", contents[0], key="ext-1", code="invariant", detail=_EXT_1)

    def check(names: Names) -> Drafts | None:
        has_value = any(name.startswith(("value", "_value")) for name in names)
        if has_value != ("extension" in names):
            return None
        return make_issue(
            f"{'Both' if has_value else 'Neither'} a value and extensions found; an extension has one of them."
        )

    return [by_names(check)]


_EXT_1 = "extension.exists() != value.exists()"


def _is_path(expression: str) -> bool:
    return all(step.isalnum() for step in expression.split("."))
