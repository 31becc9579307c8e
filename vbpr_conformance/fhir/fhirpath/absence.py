"""What an expression comes to, told by nothing but the names of an object's properties.

Most invariants say something of an element that is often not there (`code.empty() or system.exists()`): that they
are met is then known without evaluating them.
"""

from __future__ import annotations

from collections.abc import Collection

from vbpr_conformance.fhir.fhirpath.syntax import Binary, Call, Invoke, Literal, MemberName, Parentheses, Syntax

_EMPTY_OF_EMPTY = frozenset(
    {"where", "select", "first", "last", "tail", "skip", "take", "trace", "distinct", "extension", "children"}
    | {"descendants", "resolve", "ofType", "as", "substring", "matches", "startsWith"}
)
"""Functions that give nothing for nothing."""
_EMPTY_BESIDE_EMPTY = frozenset({"=", "!=", "<", ">", "<=", ">=", "+", "-", "*", "/", "div", "mod"})


def is_met(tree: Syntax, names: Collection[str]) -> bool:
    """Whether the expression is surely true of an object that has these properties and no others."""
    return _Absence(names).true(tree)


class _Absence:
    """What is sure of an expression; all answers are "surely so", and False where that cannot be told."""

    def __init__(self, names: Collection[str]) -> None:
        self._present = tuple(name.removeprefix("_") for name in names)

    def there(self, node: Syntax) -> bool:
        """Whether it yields something: a property that is there has a value, or is malformed and judged for that."""
        return isinstance(node, MemberName) and node.name in self._present

    def empty(self, node: Syntax) -> bool:
        """Whether it yields nothing."""
        match node:
            case Parentheses(inner=inner):
                return self.empty(inner)
            case Literal(values=values):
                return not values
            case MemberName(name=name):  # upper case is a type; what a name begins with may be a choice of types
                return name[:1].islower() and not any(each.startswith(name) for each in self._present)
            case Call(name="where", args=(criterion,)):
                return self.false(criterion) or self.empty(criterion)
            case Invoke(left=left, right=right):
                passed_on = isinstance(right, MemberName) or (isinstance(right, Call) and right.name in _EMPTY_OF_EMPTY)
                return passed_on and self.empty(left)
            case Binary(operator=operator, left=left, right=right) if operator in _EMPTY_BESIDE_EMPTY:
                return self.empty(left) or self.empty(right)
        return False

    def true(self, node: Syntax) -> bool:
        """Whether it yields true."""
        match node:
            case Parentheses(inner=inner):
                return self.true(inner)
            case Literal(values=values):
                return values == (True,)
            case Binary(operator="or", left=left, right=right):
                return self.true(left) or self.true(right)
            case Binary(operator="and", left=left, right=right):
                return self.true(left) and self.true(right)
            case Binary(operator="implies", left=left, right=right):
                return self.false(left) or self.true(right)
            case Invoke(left=left, right=Call(name="empty" | "all")):
                return self.empty(left)
            case Invoke(left=left, right=Call(name="exists", args=())):
                return self.there(left)
            case Invoke(left=left, right=Call(name="not")):
                return self.false(left)
        return False

    def false(self, node: Syntax) -> bool:
        """Whether it yields false."""
        match node:
            case Parentheses(inner=inner):
                return self.false(inner)
            case Literal(values=values):
                return values == (False,)
            case Binary(operator="or", left=left, right=right):
                return self.false(left) and self.false(right)
            case Binary(operator="and", left=left, right=right):
                return self.false(left) or self.false(right)
            case Invoke(left=left, right=Call(name="exists" | "hasValue")):
                return self.empty(left)
            case Invoke(left=left, right=Call(name="empty")):
                return self.there(left)
            case Invoke(left=left, right=Call(name="not")):
                return self.true(left)
        return False
