"""A compiled element: its check, its rules, and the nodes below."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from vbpr_conformance.validate.compile.element_ref import ElementRef, ElementRefs
from vbpr_conformance.validate.compile.extension_context import ElementPlace
from vbpr_conformance.validate.issue import Drafts, IssueDraft, Severity
from vbpr_conformance.validate.judge.scope import Scope
from vbpr_conformance.validate.rules import Rule

if TYPE_CHECKING:
    from vbpr_conformance.validate.compile.profile_compiler import ProfileCompiler

Check = Callable[[Any, Scope], Drafts | None]
PropertyCheck = Callable[[Any, dict[str, Any], Scope], Drafts | None]
ObjectCheck = Callable[[dict[str, Any], Scope], Drafts | None]
MakeIssue = Callable[[str], Drafts]
Names = Collection[str]
"""The names of an object's properties."""


class ObjectRule(NamedTuple):
    """A check of an object as a whole; `not_applicable` says by the names alone that it has nothing to object."""

    check: ObjectCheck
    not_applicable: Callable[[Names], bool] = lambda _: False


def by_names(check: Callable[[Names], Drafts | None]) -> ObjectRule:
    """Give a check that looks at nothing but the names."""
    return ObjectRule(lambda value, _: check(value.keys()), lambda names: check(names) is None)


def needing(name: str, check: ObjectCheck) -> ObjectRule:
    """Give a check that has nothing to object where that property is absent."""
    return ObjectRule(check, lambda names: name not in names)


class Checker(Protocol):
    """Whatever has a check. The check of a node changes when it is compiled: ask for it each time."""

    check: Check


class Checked:
    """A check on its own."""

    __slots__ = ("check",)

    def __init__(self, check: Check) -> None:
        self.check = check


class ElementNode:
    """An element of one type at one place, compiled when it is first met: payloads touch few of all that may be."""

    __slots__ = ("_compiled", "_compiler", "check", "kids", "place", "rules", "type", "views")

    def __init__(self, compiler: ProfileCompiler, type_name: str, views: ElementRefs, place: ElementPlace) -> None:
        self._compiler = compiler
        self._compiled = False
        self.type = type_name
        self.views = views
        self.place = place
        self.rules: list[Rule] = []
        self.kids: list[tuple[str, ElementNode]] = []
        self.check: Check = self._first

    def _first(self, value: Any, scope: Scope) -> Drafts | None:
        self.compile()
        return self.check(value, scope)

    def compile(self) -> None:
        """Make the check, if it is not made yet."""
        if not self._compiled:
            self._compiled = True
            self.check = self._compiler.compile(self)

    def rule(  # noqa: PLR0913 - each says one thing of the rule, all by name
        self,
        kind: str,
        view: ElementRef,
        *,
        detail: Any = None,
        severity: Severity = "error",
        code: str = "structure",
        key: str | None = None,
        step: str = "",
    ) -> MakeIssue:
        """State a rule, and give what makes a finding of it. `step` is the way from this node to its element."""
        element_id = view.element.id
        rule_id = key or f"{kind}:{element_id}"
        self.rules.append(Rule(rule_id, kind, element_id, view.profile.url, severity, step, detail))
        return self.finding(kind, view, severity=severity, code=code, key=key)

    def finding(
        self, kind: str, view: ElementRef, *, severity: Severity, code: str, key: str | None = None
    ) -> MakeIssue:
        """Give what makes a finding of a rule that is stated already, in another severity."""
        rule_id = key or f"{kind}:{view.element.id}"
        url = view.profile.url

        def make_issue(message: str) -> Drafts:
            return [IssueDraft(severity, code, rule_id, url, message)]

        return make_issue
