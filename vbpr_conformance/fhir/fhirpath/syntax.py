"""What the parser makes of an expression: a small tree of immutable nodes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Syntax:
    """Base of all nodes. `at` is the position in the text, for messages."""

    at: int = field(kw_only=True, default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Literal(Syntax):
    """A constant; `values` is its collection, empty for `{}`."""

    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class MemberName(Syntax):
    """A child by name, or a type name at the start of a path."""

    name: str


@dataclass(frozen=True, slots=True)
class Call(Syntax):
    """A function with its arguments, not yet evaluated."""

    name: str
    args: tuple[Syntax, ...]


@dataclass(frozen=True, slots=True)
class Invoke(Syntax):
    """`left.right`: right evaluated on what left gives."""

    left: Syntax
    right: Syntax


@dataclass(frozen=True, slots=True)
class Parentheses(Syntax):
    """An expression in parentheses."""

    inner: Syntax


@dataclass(frozen=True, slots=True)
class Index(Syntax):
    """`left[index]`."""

    left: Syntax
    index: Syntax


@dataclass(frozen=True, slots=True)
class Unary(Syntax):
    """`+operand` or `-operand`."""

    operator: str
    operand: Syntax


@dataclass(frozen=True, slots=True)
class Binary(Syntax):
    """Two operands and what stands between them."""

    operator: str
    left: Syntax
    right: Syntax


@dataclass(frozen=True, slots=True)
class TypeTest(Syntax):
    """`operand is Type` or `operand as Type`."""

    operator: str
    operand: Syntax
    type: TypeName


@dataclass(frozen=True, slots=True)
class TypeName(Syntax):
    """A type, with its namespace (`FHIR` or `System`) where the text gives one."""

    namespace: str | None
    name: str


@dataclass(frozen=True, slots=True)
class Special(Syntax):
    """One of `$this`, `$index` and `$total`."""

    name: str


@dataclass(frozen=True, slots=True)
class Variable(Syntax):
    """`%name`."""

    name: str


def walk(node: Syntax) -> list[Syntax]:
    """Give the node and all nodes below it."""
    found = [node]
    for name in ("left", "right", "operand", "inner", "index"):
        child = getattr(node, name, None)
        if isinstance(child, Syntax):
            found += walk(child)
    if isinstance(node, Call):
        for each in node.args:
            found += walk(each)
    return found
