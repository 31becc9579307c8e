"""A compiled element: its check, its rules, and the nodes below."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from threading import RLock
from typing import Any, NamedTuple, Protocol

from vbpr_conformance.validate.compile.extension_context import ElementPlace
from vbpr_conformance.validate.compile.known_definitions import KnownDefinitions
from vbpr_conformance.validate.element_ref import ElementRef, ElementRefs
from vbpr_conformance.validate.issue import Drafts, IssueDraft, Severity
from vbpr_conformance.validate.judge.scope import Scope
from vbpr_conformance.validate.rules import Rule

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


def needing(names: Sequence[str], check: ObjectCheck) -> ObjectRule:
    """Give a check that has nothing to object where one of these properties is absent."""
    return ObjectRule(check, lambda present: not all(name in present for name in names))


class Checker(Protocol):
    """Whatever has a check. The check of a node changes when it is compiled: ask for it each time."""

    check: Check


class Checked:
    """A check on its own."""

    __slots__ = ("check",)

    def __init__(self, check: Check) -> None:
        self.check = check


class ElementNode:
    """An element of one type at one place, compiled when it is first met: payloads touch few of all that may be.

    Threads may share it: `check` is replaced by the compiled one only when that is complete; `rules` and `kids` grow
    while `nodes.lock` is held.
    """

    __slots__ = ("check", "kids", "nodes", "place", "rules", "type", "views")

    def __init__(self, nodes: Nodes, type_name: str, views: ElementRefs, place: ElementPlace) -> None:
        self.nodes = nodes
        self.type = type_name
        self.views = views
        self.place = place
        self.rules: list[Rule] = []
        self.kids: list[tuple[str, ElementNode]] = []
        self.check: Check = self._first

    @property
    def known(self) -> KnownDefinitions:
        """The definitions that it is compiled from."""
        return self.nodes.known

    def _first(self, value: Any, scope: Scope) -> Drafts | None:
        self.compile()
        return self.check(value, scope)

    def compile(self) -> None:
        """Make the check, if it is not made yet."""
        with self.nodes.lock:
            if self.check == self._first:
                self.check = self.nodes.compile(self)

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
        """State a rule, and give what makes an issue of it. `step` is the way from this node to its element."""
        element_id = view.element.id
        rule_id = key or f"{kind}:{element_id}"
        self.rules.append(Rule(rule_id, kind, element_id, view.profile.url, severity, step, detail))
        return self.issue_maker(kind, view, severity=severity, code=code, key=key)

    def issue_maker(
        self, kind: str, view: ElementRef, *, severity: Severity, code: str, key: str | None = None
    ) -> MakeIssue:
        """Give what makes an issue of a rule that is stated already, in another severity."""
        rule_id = key or f"{kind}:{view.element.id}"
        url = view.profile.url

        def make_issue(message: str) -> Drafts:
            return [IssueDraft(severity, code, rule_id, url, message)]

        return make_issue


class Nodes:
    """The nodes of one edition, each made once; `whole` with all properties at once, else with those that are met.

    `lock` is held while anything is made that threads share.
    """

    def __init__(
        self, known: KnownDefinitions, compile_node: Callable[[ElementNode], Check], *, whole: bool = False
    ) -> None:
        self.known = known
        self.compile = compile_node
        self.whole = whole
        self.lock = RLock()
        self._nodes: dict[tuple[object, ...], ElementNode] = {}

    def node(self, type_name: str, views: ElementRefs, place: ElementPlace) -> ElementNode:
        """Give the node of an element of this type at this place."""
        key = (type_name, views, place.paths, place.extension)
        return self._nodes.get(key) or self._nodes.setdefault(key, ElementNode(self, type_name, views, place))
