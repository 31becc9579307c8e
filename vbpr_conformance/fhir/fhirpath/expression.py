"""A compiled expression, as everyone else uses it."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import Any

from vbpr_conformance.fhir.fhirpath.corrections import CORRECTIONS
from vbpr_conformance.fhir.fhirpath.evaluation import Closure, Environment, Items, Truth, TypedElement, raw
from vbpr_conformance.fhir.fhirpath.expression_compiler import ExpressionCompiler, needs_types
from vbpr_conformance.fhir.fhirpath.expression_error import ExpressionError
from vbpr_conformance.fhir.fhirpath.navigation import wrap
from vbpr_conformance.fhir.fhirpath.parser import parse
from vbpr_conformance.fhir.fhirpath.syntax import Variable, walk


class Expression:
    """A FHIRPath expression, read once and evaluated often. Get one by `compile`.

    It is evaluated on a JSON value, or on a `TypedElement` where a primitive's `_name` companion matters. `type_name`
    is the FHIR type of what is no resource (`Period`, `dateTime`), of an inner element its path
    (`MeasureReport.group`).
    """

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            self._tree = parse(CORRECTIONS.get(text, text))
            self._typed = needs_types(self._tree)
            self._context = any(isinstance(node, Variable) and node.name == "context" for node in walk(self._tree))
            self._truth: Truth = ExpressionCompiler(typed=self._typed).truth(self._tree)
        except ExpressionError as error:
            raise ExpressionError(f"{error} (in the FHIRPath expression {text!r})") from None
        except RecursionError:
            raise ExpressionError(f"a FHIRPath expression of {len(text)} characters is nested too deeply") from None

    def __repr__(self) -> str:
        return f"compile({self.text!r})"

    @cached_property
    def _items(self) -> Closure:
        return ExpressionCompiler(typed=self._typed).items(self._tree)

    @cached_property
    def _nodes(self) -> Closure:
        return self._items if self._typed else ExpressionCompiler(typed=True).items(self._tree)

    def evaluate(self, node: Any, env: Environment, type_name: str | None = None) -> Items:
        """Give the collection the expression yields on a node, as plain JSON values.

        Dates and quantities that the expression itself makes are `Temporal` and `Quantity`; their `str` is FHIRPath's.
        """
        if self._context:
            env.context = node
        return [raw(item) for item in self._items(wrap(node, type_name) if self._typed else node, env)]

    def nodes(self, node: Any, env: Environment, type_name: str | None = None) -> list[TypedElement]:
        """Like `evaluate`, but every item with its FHIR type and its extensions, as far as they are known."""
        if self._context:
            env.context = node
        return [
            item if type(item) is TypedElement else TypedElement(item)
            for item in self._nodes(wrap(node, type_name), env)
        ]

    def truth(self, node: Any, env: Environment, type_name: str | None = None) -> bool | None:
        """Read the result as a condition: True, False, or None where the expression yields nothing."""
        if self._context:
            env.context = node
        return self._truth(wrap(node, type_name) if self._typed else node, env)

    def holds(self, node: Any, env: Environment, type_name: str | None = None) -> bool:
        """Answer whether an invariant is met. Yielding nothing is not: HL7's validator reads it so.

        A single item that is no boolean, and more than one item, count as true.
        """
        if self._context:
            env.context = node
        return self._truth(wrap(node, type_name) if self._typed else node, env) is True


@lru_cache(maxsize=8192)
def compile(expression: str) -> Expression:  # noqa: A001 - used with its module: fhirpath.compile, like re.compile
    """Read an expression; what is wrong with it is an `ExpressionError` of one sentence."""
    return Expression(expression)


def evaluate(expression: str, node: Any, env: Environment | None = None) -> Items:
    """Evaluate an expression on a resource; without an environment, `%resource` is that resource."""
    return compile(expression).evaluate(node, env or Environment(node))
