"""Codes against their code systems and bindings (https://hl7.org/fhir/R4/terminologies.html#strength).

A code that a code system held whole does not have is an error, whatever the binding. Outside of a required binding
is an error; outside of an extensible one a warning, since nobody here can tell whether a code of the value set would
have fitted. What local data cannot answer is said to be not checked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vbpr_conformance.fhir.primitive_formats import is_absolute
from vbpr_conformance.ig.model import STRUCTURE_DEFINITION
from vbpr_conformance.validate.compile.element_node import Check, ElementNode, ObjectCheck, ObjectRule, needing
from vbpr_conformance.validate.compile.known_definitions import KnownDefinitions
from vbpr_conformance.validate.compile.object_properties import PropertySlot
from vbpr_conformance.validate.element_ref import ElementRef, ElementRefs
from vbpr_conformance.validate.issue import Drafts, Severity, below, shown
from vbpr_conformance.validate.judge.scope import Scope
from vbpr_conformance.validate.local_terminology import Members

_JUDGED = {"required": "error", "extensible": "warning"}
_MAXIMUM = "maximum"
"""The strength of a maxValueSet: codes are of it, as in a required binding, but text alone will do."""
_QUANTITIES = frozenset({"Quantity", "Age", "Count", "Distance", "Duration", "SimpleQuantity", "MoneyQuantity"})
_PLAIN_TYPES = frozenset({"code", "string", "uri", "id", "markdown", "canonical", "url", "oid", "uuid"})


class _Bound:
    """One binding: what is said of codes that are not in its value set."""

    def __init__(self, node: ElementNode, view: ElementRef, members: Members, strength: str, step: str) -> None:
        severity: Severity = "warning" if strength == "extensible" else "error"
        detail = {"strength": strength, "valueSet": members.url}
        self._outside = node.rule("binding", view, detail=detail, severity=severity, code="code-invalid", step=step)
        self._undecided = node.issue_maker("binding", view, severity="information", code="not-supported")
        self.strength = strength
        self.members = members

    def outside(self, said: str) -> Drafts:
        return self._outside(f"{said} found, expected a code of {self.members.listed} (binding: {self.strength}).")

    def undecided(self, said: str) -> Drafts:
        return self._undecided(f"Not checked: whether {said} is in {self.members.url} is not known here.")


def _bounds(node: ElementNode, views: ElementRefs, step: str = "") -> list[_Bound]:
    """Give the bindings of an element that are judged; of one value set the strongest only."""
    found: dict[str, _Bound] = {}
    for view in views:
        binding = view.element.binding
        if binding is None:
            continue
        wanted = []
        if binding.strength in _JUDGED and binding.value_set:
            wanted.append((binding.value_set, binding.strength))
        if binding.max_value_set:
            wanted.append((binding.max_value_set, _MAXIMUM))
        for value_set, strength in sorted(wanted, key=lambda each: each[1], reverse=True):
            if value_set not in found:
                found[value_set] = _Bound(node, view, node.known.terminology.members(value_set), strength, step)
    return list(found.values())


def code_checks(slot: PropertySlot) -> list[Check]:
    """Give the checks of a primitive element with a binding: the code system is implied."""
    if slot.type not in _PLAIN_TYPES:
        return []
    return [_plain(bound) for bound in _bounds(slot.node, slot.views, slot.name.label)]


def value_needed(slot: PropertySlot) -> Callable[[], Drafts] | None:
    """Give what says that a code is missing where a required binding asks for one: extensions do not stand for it."""
    if slot.type != "code":
        return None
    bounds = [each for each in _bounds(slot.node, slot.views, slot.name.label) if each.strength == "required"]
    return (lambda: bounds[0].outside("No code")) if bounds else None


def _plain(bound: _Bound) -> Check:
    members = bound.members

    def check(value: str, _: Scope) -> Drafts | None:
        answer = members.has_plain(value)
        if answer:
            return None
        if answer is None:
            return bound.undecided(shown(value))
        if value.startswith(STRUCTURE_DEFINITION) and members.has_plain(value[len(STRUCTURE_DEFINITION) :]):
            return None
        return bound.outside(shown(value))

    return check


def object_rules(node: ElementNode, views: ElementRefs) -> list[ObjectRule]:
    """Give the checks of a coded object: its codes, and the bindings of its element."""
    if node.type == "CodeableConcept":
        return [ObjectRule(_concept(bound)) for bound in _bounds(node, views)]
    if node.type == "Identifier":
        return [needing(("system",), _identifier(node, views[0]))]
    if node.type == "Coding":
        bounds = _bounds(node, views)
        own = ObjectRule(_coding(node, views[0], bounds))
    elif node.type in _QUANTITIES:
        bounds = _bounds(node, views)
        own = needing(("system",), _unit(node, views[0]))
    else:
        return []
    return [own, *(needing(("code",), _coded(bound)) for bound in bounds)]


_URIS = "urn:ietf:rfc:3986"
"""The system of identifiers that are URIs themselves (https://hl7.org/fhir/R4/datatypes.html#Identifier)."""


def _identifier(node: ElementNode, view: ElementRef) -> ObjectCheck:
    rule = node.rule("system", view, code="value", step="system")
    no_uri = node.issue_maker("system", view, severity="error", code="value")

    def check(value: dict[str, Any], _: Scope) -> Drafts | None:
        system = value.get("system")
        if system == _URIS:
            stated = value.get("value")
            if type(stated) is not str or is_absolute(stated):
                return None
            return below(no_uri(f"{shown(stated)} found, but values of {_URIS} are absolute URIs."), ".value")
        if type(system) is not str or not system or is_absolute(system):
            return None
        return below(rule(f"{shown(system)} found, expected an absolute URI."), ".system")

    return check


def _said(coding: dict[str, Any]) -> str:
    system = coding.get("system")
    return f"{shown(coding['code'])} of {system}" if system else f"{shown(coding['code'])} without a system"


def _concept(bound: _Bound) -> ObjectCheck:
    """One of the codings must be in the value set; where the binding is extensible, text alone may do."""
    has = bound.members.has

    def check(value: dict[str, Any], _: Scope) -> Drafts | None:
        listed = value.get("coding")
        open_question: str | None = None
        text: list[str] = []
        for each in listed if type(listed) is list else ():
            if type(each) is not dict:
                continue
            code = each.get("code")
            if type(code) is not str:
                continue
            answer = has(each.get("system"), code)
            if answer:
                return None
            if answer is None:
                open_question = _said(each)
            text.append(_said(each))
        if open_question is not None:
            return bound.undecided(open_question)
        if not text and ("extension" in value or bound.strength == _MAXIMUM):
            return None
        return bound.outside(" and ".join(text) if text else "No code")

    return check


def _coded(bound: _Bound) -> ObjectCheck:
    """The code itself must be in the value set."""

    def check(value: dict[str, Any], _: Scope) -> Drafts | None:
        code = value.get("code")
        if type(code) is not str:
            return None
        answer = bound.members.has(value.get("system"), code)
        if answer:
            return None
        return bound.undecided(_said(value)) if answer is None else bound.outside(_said(value))

    return check


def _coding(node: ElementNode, view: ElementRef, bounds: list[_Bound]) -> ObjectCheck:
    """A code must be one of its system, its display one of its displays, its system one of codes."""
    unknown = node.rule("code", view, code="code-invalid")
    system_rule = node.rule("system", view, code="value", step="system")
    display_rule = node.rule("display", view, code="value", severity="warning", step="display")
    no_system = node.issue_maker("system", view, code="value", severity="warning")
    terms = node.known.terminology
    no_code_system = _no_code_system(node.known)

    def check(value: dict[str, Any], _: Scope) -> Drafts | None:
        system, code = value.get("system"), value.get("code")
        if type(system) is not str:
            if type(code) is str and "_system" not in value:
                return no_system(f"{shown(code)} found without a system: nobody can tell what it means.")
            return None
        error = no_code_system(system)
        if error is not None:
            return below(system_rule(error), ".system")
        if type(code) is not str:
            return None
        if terms.lacks(system, code):
            malformed = code != code.strip()
            return None if malformed else below(unknown(f"{shown(code)} found, which {system} does not have."), ".code")
        display = value.get("display")
        if type(display) is str:
            known = [terms.display(system, code), *(each.members.display(system, code) for each in bounds)]
            named = [each for each in known if each]
            if named and not any(_alike(each, display) for each in named):
                message = f"{shown(display)} found, but {shown(code)} of {system} is displayed as {shown(named[0])}."
                return below(display_rule(message), ".display")
        return None

    return check


def _alike(one: str, other: str) -> bool:
    return one == other or one.casefold().split() == other.casefold().split()


def _no_code_system(known: KnownDefinitions) -> Callable[[str], str | None]:
    """Give what says why a URI can be no code system: it is relative, a value set's, or claims to be the guide's."""
    terms = known.terminology
    own = f"{known.edition.own}/" if known.edition.own else None

    def trouble(system: str) -> str | None:
        if not is_absolute(system):
            return f"{shown(system)} found, expected an absolute URI of a code system."
        if terms.is_value_set(system):
            return f"{system} found, which is a value set; expected a code system."
        if own is not None and system.startswith(own) and ("|" in system or not terms.holds(system)):
            return f"{system} found, a code system that {known.edition.own} does not define."
        return None

    return trouble


def _unit(node: ElementNode, view: ElementRef) -> ObjectCheck:
    unknown = node.rule("code", view, code="code-invalid")
    system_rule = node.rule("system", view, code="value", step="system")
    terms = node.known.terminology
    no_code_system = _no_code_system(node.known)
    fine: set[tuple[str, str]] = set()

    def check(value: dict[str, Any], _: Scope) -> Drafts | None:
        system, code = value.get("system"), value.get("code")
        if type(system) is not str or (type(code) is str and (system, code) in fine):
            return None
        error = no_code_system(system)
        if error is not None:
            return below(system_rule(error), ".system")
        if type(code) is str and terms.lacks(system, code):
            return below(unknown(f"{shown(code)} found, which {system} does not have."), ".code")
        if type(code) is str and len(fine) < _REMEMBERED:
            fine.add((system, code))
        return None

    return check


_REMEMBERED = 2000
