"""From the text of an expression to its tree, by precedence (https://hl7.org/fhirpath/N1/#operator-precedence)."""

from __future__ import annotations

from decimal import Decimal
from typing import NoReturn

from vbpr_conformance.fhir.fhirpath.expression_error import ExpressionError
from vbpr_conformance.fhir.fhirpath.lexer import Token, tokens
from vbpr_conformance.fhir.fhirpath.quantity import CALENDAR, Quantity
from vbpr_conformance.fhir.fhirpath.syntax import (
    Binary,
    Call,
    Index,
    Invoke,
    Literal,
    MemberName,
    Parentheses,
    Special,
    Syntax,
    TypeName,
    TypeTest,
    Unary,
    Variable,
)
from vbpr_conformance.fhir.fhirpath.temporal import Temporal

_PRECEDENCE = {
    "implies": 1,
    "or": 2,
    "xor": 2,
    "and": 3,
    "in": 4,
    "contains": 4,
    "=": 5,
    "~": 5,
    "!=": 5,
    "!~": 5,
    "<": 6,
    ">": 6,
    "<=": 6,
    ">=": 6,
    "|": 7,
    "is": 8,
    "as": 8,
    "+": 9,
    "-": 9,
    "&": 9,
    "*": 10,
    "/": 10,
    "div": 10,
    "mod": 10,
}
_UNARY = 11
_SPECIALS = frozenset({"$this", "$index", "$total"})


def parse(expression: str) -> Syntax:
    """Read an expression; what cannot be read is an `ExpressionError` that names the place."""
    return _Parser(expression).whole()


class _Parser:
    def __init__(self, expression: str) -> None:
        self.tokens = tokens(expression)
        self.position = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.position]

    def whole(self) -> Syntax:
        found = self.operators(0)
        if self.token.kind != "end":
            self.refuse("an operator or the end")
        return found

    def refuse(self, expected: str) -> NoReturn:
        token = self.token
        found = "the end" if token.kind == "end" else repr(token.text)
        raise ExpressionError(f"{expected} is expected, not {found}, at {token.at + 1}")

    def take(self) -> Token:
        token = self.token
        self.position += 1
        return token

    def accept(self, symbol: str) -> bool:
        if self.token.kind == "symbol" and self.token.text == symbol:
            self.position += 1
            return True
        return False

    def expect(self, symbol: str) -> None:
        if not self.accept(symbol):
            self.refuse(repr(symbol))

    def operators(self, least: int) -> Syntax:
        """An operand and all operators behind it that bind at least so tightly."""
        left = self.unary()
        while True:
            token = self.token
            binds = _PRECEDENCE.get(token.text, 0) if token.kind in {"symbol", "word"} else 0
            if binds == 0 or binds <= least:
                return left
            self.take()
            if token.text in {"is", "as"}:
                left = TypeTest(token.text, left, self.type_name(), at=token.at)
            else:
                left = Binary(token.text, left, self.operators(binds), at=token.at)

    def unary(self) -> Syntax:
        token = self.token
        if token.kind == "symbol" and token.text in "+-":
            self.take()
            return Unary(token.text, self.operators(_UNARY - 1), at=token.at)
        return self.path()

    def path(self) -> Syntax:
        left = self.term()
        while True:
            at = self.token.at
            if self.accept("."):
                left = Invoke(left, self.step(), at=at)
            elif self.accept("["):
                left = Index(left, self.operators(0), at=at)
                self.expect("]")
            else:
                return left

    def step(self) -> Syntax:
        """What stands behind a dot. HL7's engine also takes an expression in parentheses, and so do we."""
        token = self.token
        if self.accept("("):
            inner = Parentheses(self.operators(0), at=token.at)
            self.expect(")")
            return inner
        if token.kind in {"word", "quoted"}:
            return self.name()
        if token.kind == "special" and token.text in _SPECIALS:
            self.take()
            return Special(token.text, at=token.at)
        return self.refuse("a name or a function")

    def name(self) -> Syntax:
        token = self.take()
        if not self.accept("("):
            return MemberName(token.text, at=token.at)
        args: list[Syntax] = []
        while not self.accept(")"):
            if args:
                self.expect(",")
            args.append(self.operators(0))
        return Call(token.text, tuple(args), at=token.at)

    def term(self) -> Syntax:
        token = self.token
        if token.kind in {"word", "quoted"}:
            if token.kind == "word" and token.text in {"true", "false"}:
                self.take()
                return Literal((token.text == "true",), at=token.at)
            return self.name()
        if self.accept("("):
            inner = Parentheses(self.operators(0), at=token.at)
            self.expect(")")
            return inner
        if self.accept("{"):
            self.expect("}")
            return Literal((), at=token.at)
        if token.kind == "variable":
            self.take()
            return Variable(token.text, at=token.at)
        if token.kind == "special" and token.text in _SPECIALS:
            self.take()
            return Special(token.text, at=token.at)
        return self.literal()

    def literal(self) -> Syntax:
        token = self.token
        if token.kind == "number":
            return self.number()
        if token.kind == "string":
            self.take()
            return Literal((token.text,), at=token.at)
        if token.kind in {"date", "datetime", "time"}:
            value = Temporal.parse_literal(token.text)
            if value is None:
                self.refuse("a date or time of the calendar")
            self.take()
            return Literal((value,), at=token.at)
        return self.refuse("a value, a name or a function")

    def number(self) -> Syntax:
        token = self.take()
        value = Decimal(token.text) if "." in token.text else int(token.text)
        unit = self.token
        if unit.kind == "string" or (unit.kind == "word" and unit.text in CALENDAR):
            self.take()
            return Literal((Quantity(Decimal(value), unit.text, calendar=unit.kind == "word"),), at=token.at)
        return Literal((value,), at=token.at)

    def type_name(self) -> TypeName:
        token = self.token
        if token.kind not in {"word", "quoted"}:
            self.refuse("the name of a type")
        self.take()
        if self.token.text == "." and self.token.kind == "symbol":
            self.take()
            name = self.token
            if name.kind not in {"word", "quoted"}:
                self.refuse("the name of a type")
            self.take()
            return TypeName(token.text, name.text, at=token.at)
        return TypeName(None, token.text, at=token.at)
