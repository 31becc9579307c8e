"""A compiled element: its check, its rules, and the nodes below."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from vbpr_conformance.validate.issue import Finding, Findings, Severity
from vbpr_conformance.validate.place import Place
from vbpr_conformance.validate.rules import Rule
from vbpr_conformance.validate.scope import Scope
from vbpr_conformance.validate.views import View, Views

if TYPE_CHECKING:
    from vbpr_conformance.validate.compiler import Compiler

Check = Callable[[Any, Scope], Findings | None]
PropertyCheck = Callable[[Any, dict[str, Any], Scope], Findings | None]
ObjectCheck = Callable[[dict[str, Any], Scope], Findings | None]
Tell = Callable[[str], Findings]
Names = Collection[str]
"""The names of an object's properties."""


class Whole(NamedTuple):
    """A check that looks at an object as a whole; `idle` tells by its names alone that it has nothing to object."""

    check: ObjectCheck
    idle: Callable[[Names], bool] = lambda _: False


def by_names(check: Callable[[Names], Findings | None]) -> Whole:
    """Give a check that looks at nothing but the names."""
    return Whole(lambda value, _: check(value.keys()), lambda names: check(names) is None)


def needing(name: str, check: ObjectCheck) -> Whole:
    """Give a check that has nothing to object where that property is absent."""
    return Whole(check, lambda names: name not in names)


class Checker(Protocol):
    """Whatever has a check. The check of a node changes when it is compiled: ask for it each time."""

    check: Check


class Checked:
    """A check on its own."""

    __slots__ = ("check",)

    def __init__(self, check: Check) -> None:
        self.check = check


class Node:
    """An element of one type at one place, compiled when it is first met: payloads touch few of all that may be."""

    __slots__ = ("_compiled", "_compiler", "check", "kids", "place", "rules", "type", "views")

    def __init__(self, compiler: Compiler, type_name: str, views: Views, place: Place) -> None:
        self._compiler = compiler
        self._compiled = False
        self.type = type_name
        self.views = views
        self.place = place
        self.rules: list[Rule] = []
        self.kids: list[tuple[str, Node]] = []
        self.check: Check = self._first

    def _first(self, value: Any, scope: Scope) -> Findings | None:
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
        view: View,
        *,
        detail: Any = None,
        severity: Severity = "error",
        code: str = "structure",
        key: str | None = None,
        step: str = "",
    ) -> Tell:
        """State a rule, and give what makes a finding of it. `step` is the way from this node to its element."""
        element_id = view.element.id
        rule_id = key or f"{kind}:{element_id}"
        self.rules.append(Rule(rule_id, kind, element_id, view.profile.url, severity, step, detail))
        return self.finding(kind, view, severity=severity, code=code, key=key)

    def finding(self, kind: str, view: View, *, severity: Severity, code: str, key: str | None = None) -> Tell:
        """Give what makes a finding of a rule that is stated already, in another severity."""
        rule_id = key or f"{kind}:{view.element.id}"
        url = view.profile.url

        def tell(message: str) -> Findings:
            return [Finding(severity, code, rule_id, url, message)]

        return tell
