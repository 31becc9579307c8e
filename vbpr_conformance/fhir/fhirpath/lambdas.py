"""Functions whose arguments are expressions, evaluated on each item (https://hl7.org/fhirpath/N1/#filtering-and-projection)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cmp_to_key
from typing import Any, NamedTuple, Protocol

from vbpr_conformance.fhir.fhirpath.equality import compare, holds_item
from vbpr_conformance.fhir.fhirpath.evaluation import EMPTY, Closure, Environment, Items, Truth, boolean, raw
from vbpr_conformance.fhir.fhirpath.expression_error import ExpressionError
from vbpr_conformance.fhir.fhirpath.syntax import Syntax, Unary

NOTHING: Any = object()
"""Stands for the item where an expression is evaluated on an empty collection."""


class Compiles(Protocol):
    """What these functions need of the compiler."""

    def items(self, node: Syntax) -> Closure:
        """Compile to a collection."""

    def truth(self, node: Syntax) -> Truth:
        """Compile to a condition."""


Build = Callable[[Compiles, Closure, tuple[Syntax, ...]], Closure]


class Lambda(NamedTuple):
    """How a function is compiled, and how many arguments it takes."""

    build: Build
    least: int = 1
    most: int = 1


def _each(items: Items, env: Environment) -> Iterator[Any]:
    """Go through the items with `$index` set, and set it back in the end."""
    before = env.index
    try:
        for env.index, item in enumerate(items):
            yield item
    finally:
        env.index = before


def _where(compiler: Compiles, source: Closure, args: tuple[Syntax, ...]) -> Closure:
    criterion = compiler.truth(args[0])
    return lambda this, env: [item for item in _each(source(this, env), env) if criterion(item, env) is True]


def _select(compiler: Compiles, source: Closure, args: tuple[Syntax, ...]) -> Closure:
    projection = compiler.items(args[0])
    return lambda this, env: [found for item in _each(source(this, env), env) for found in projection(item, env)]


def _exists(compiler: Compiles, source: Closure, args: tuple[Syntax, ...]) -> Closure:
    if not args:
        return lambda this, env: boolean(bool(source(this, env)))
    criterion = compiler.truth(args[0])
    return lambda this, env: boolean(any(criterion(item, env) is True for item in _each(source(this, env), env)))


def _all(compiler: Compiles, source: Closure, args: tuple[Syntax, ...]) -> Closure:
    criterion = compiler.truth(args[0])
    return lambda this, env: boolean(all(criterion(item, env) is True for item in _each(source(this, env), env)))


def _repeat(compiler: Compiles, source: Closure, args: tuple[Syntax, ...]) -> Closure:
    projection = compiler.items(args[0])

    def repeat(this: Any, env: Environment) -> Items:
        found: Items = []
        todo = source(this, env)
        while todo:
            fresh: Items = []
            for item in _each(todo, env):
                for one in projection(item, env):
                    if not holds_item(found, one):
                        found.append(one)
                        fresh.append(one)
            todo = fresh
        return found

    return repeat


def _aggregate(compiler: Compiles, source: Closure, args: tuple[Syntax, ...]) -> Closure:
    step = compiler.items(args[0])
    start = compiler.items(args[1]) if len(args) > 1 else None

    def aggregate(this: Any, env: Environment) -> Items:
        before = env.total
        total = start(this, env) if start else EMPTY
        try:
            for item in _each(source(this, env), env):
                env.total = total
                total = step(item, env)
        finally:
            env.total = before
        return total

    return aggregate


def _iif(compiler: Compiles, source: Closure, args: tuple[Syntax, ...]) -> Closure:
    criterion = compiler.items(args[0])
    then = compiler.items(args[1])
    otherwise = compiler.items(args[2]) if len(args) > 2 else None  # noqa: PLR2004 - the third is optional

    def iif(this: Any, env: Environment) -> Items:
        focus = source(this, env)
        if len(focus) > 1:
            raise ExpressionError(f"iif() takes a single item, not {len(focus)}")
        item = focus[0] if focus else NOTHING
        condition = criterion(item, env)
        if len(condition) > 1 or (condition and type(raw(condition[0])) is not bool):
            raise ExpressionError("iif() takes a boolean as its condition")
        if condition and raw(condition[0]):
            return then(item, env)
        return otherwise(item, env) if otherwise else EMPTY

    return iif


def _trace(compiler: Compiles, source: Closure, args: tuple[Syntax, ...]) -> Closure:
    """Only the input is given on; there is no log to write to."""
    for arg in args:
        compiler.items(arg)
    return source


def _sort(compiler: Compiles, source: Closure, args: tuple[Syntax, ...]) -> Closure:
    keys = [_sort_key(compiler, arg) for arg in args]

    def sort(this: Any, env: Environment) -> Items:
        items = source(this, env)
        rows = [([key(item, env) for key, _ in keys] if keys else [[item]], item) for item in _each(items, env)]
        directions = [sign for _, sign in keys] or [1]

        def order(one: tuple[list[Items], Any], other: tuple[list[Items], Any]) -> int:
            for left, right, sign in zip(one[0], other[0], directions, strict=True):
                if bool(left) != bool(right):
                    return -sign if left else sign
                found = compare(left, right)
                if found:
                    return sign * found
            return 0

        return [item for _, item in sorted(rows, key=cmp_to_key(order))]

    return sort


def _sort_key(compiler: Compiles, arg: Syntax) -> tuple[Closure, int]:
    """A key with `-` before it sorts downwards."""
    if isinstance(arg, Unary) and arg.operator == "-":
        return compiler.items(arg.operand), -1
    return compiler.items(arg), 1


def _coalesce(compiler: Compiles, _source: Closure, args: tuple[Syntax, ...]) -> Closure:
    choices = [compiler.items(arg) for arg in args]
    return lambda this, env: next((found for choice in choices if (found := choice(this, env))), EMPTY)


_MANY = 99

LAMBDAS = {
    "where": Lambda(_where),
    "select": Lambda(_select),
    "exists": Lambda(_exists, 0),
    "all": Lambda(_all),
    "repeat": Lambda(_repeat),
    "aggregate": Lambda(_aggregate, 1, 2),
    "iif": Lambda(_iif, 2, 3),
    "trace": Lambda(_trace, 1, 2),
    "sort": Lambda(_sort, 0, _MANY),
    "coalesce": Lambda(_coalesce, 1, _MANY),
}
