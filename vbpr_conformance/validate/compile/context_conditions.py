"""Where an extension may be used, as far as its definition says so by FHIRPath.

https://hl7.org/fhir/R4/defining-extensions.html#context: a context of type `fhirpath` is met by the elements that its
expression finds in the resource (some definitions state a condition on the element instead, which is taken too); the
context invariants are conditions on the element that bears the extension, which is `%extension` to them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vbpr_conformance.fhir import fhirpath
from vbpr_conformance.ig.model import Profile
from vbpr_conformance.validate.judge.scope import Scope

Condition = Callable[[dict[str, Any], dict[str, Any], Scope], str | None]
"""Says of an owner and its extension why it may not stand there."""


def condition(definition: Profile, kind: str, *, placed: bool, primitive: bool) -> Condition | None:
    """Give the condition of an extension on elements of this type; `placed` if another of its contexts is met.

    Of a `primitive` no expression can tell which of several equal values it found: it is enough that it finds any.
    """
    found = [] if placed else [text for type_, text in definition.contexts if type_ == "fhirpath"]
    contexts = [each for each in map(_compiled, found) if each is not None]
    invariants = [
        each for each in map(_compiled, () if primitive else definition.context_invariants) if each is not None
    ]
    if not contexts and not invariants:
        return None

    finds = _finds_a_primitive if primitive else _finds

    def trouble(owner: dict[str, Any], extension: dict[str, Any], scope: Scope) -> str | None:
        node = fhirpath.TypedElement(owner, kind)
        if contexts and not any(finds(each, owner, node, scope) for each in contexts):
            allowed = " or ".join(each.text for each in contexts)
            return f"The extension {definition.url} found here, which is defined for {allowed}."
        env = scope.env(extension=extension)
        for each in invariants:
            if not _or_undecided(lambda each=each: each.holds(node, env)):  # type: ignore[misc]
                return f"The extension {definition.url} found where its context invariant is not met: {each.text}"
        return None

    return trouble


def _compiled(text: str) -> fhirpath.Expression | None:
    try:
        return fhirpath.compile(text)
    except fhirpath.ExpressionError:
        return None


def _finds(expression: fhirpath.Expression, owner: dict[str, Any], node: fhirpath.TypedElement, scope: Scope) -> bool:
    """Whether the owner is one of what is found in the resource, or meets the expression as a condition."""
    env = scope.env()
    root = fhirpath.TypedElement(scope.resource, scope.resource.get("resourceType"))
    return _or_undecided(
        lambda: (
            any(each is owner for each in expression.evaluate(root, env)) or expression.evaluate(node, env) == [True]
        )
    )


def _finds_a_primitive(expression: fhirpath.Expression, _: Any, __: Any, scope: Scope) -> bool:
    root = fhirpath.TypedElement(scope.resource, scope.resource.get("resourceType"))
    return _or_undecided(lambda: any(type(each) is not dict for each in expression.evaluate(root, scope.env())))


def _or_undecided(holds: Callable[[], bool]) -> bool:
    """Whether it holds; what cannot be decided here is no trouble."""
    try:
        return holds()
    except (fhirpath.UndecidedError, fhirpath.ExpressionError):
        return True
