"""Paths read off the tree of an expression, for those who want to know what an expression speaks of."""

from __future__ import annotations

from vbpr_conformance.fhir.fhirpath.expression_error import ExpressionError
from vbpr_conformance.fhir.fhirpath.parser import parse
from vbpr_conformance.fhir.fhirpath.syntax import (
    Binary,
    Call,
    Invoke,
    Literal,
    MemberName,
    Parentheses,
    Special,
    Syntax,
)


def bare(node: Syntax) -> Syntax:
    """The node without the parentheses around it."""
    while isinstance(node, Parentheses):
        node = node.inner
    return node


def steps(node: Syntax) -> tuple[Syntax, ...]:
    """The steps of `a.b.c()`, first to last; of any other expression itself alone."""
    node = bare(node)
    return (*steps(node.left), node.right) if isinstance(node, Invoke) else (node,)


def operands(node: Syntax, operator: str) -> tuple[Syntax, ...]:
    """What a chain of one operator joins: of `a | b | c` the three, of any other expression itself alone."""
    node = bare(node)
    if isinstance(node, Binary) and node.operator == operator:
        return (*operands(node.left, operator), *operands(node.right, operator))
    return (node,)


def names(node: Syntax) -> tuple[str, ...] | None:
    """The names of a path that is made of nothing else: `("group", "code")`; None for any other expression."""
    found = steps(node)
    return tuple(each.name for each in found if isinstance(each, MemberName)) if _all_names(found) else None


def text_argument(node: Syntax) -> str | None:
    """The argument of a function that takes one text, as in `extension('http://…')`; None for anything else."""
    match node:
        case Call(args=(Literal(values=(str() as text,)),)):
            return text
    return None


def extension_url(node: Syntax) -> str | None:
    """The URL of `extension('http://…')` or of `extension.where(url = 'http://…')`; None for anything else."""
    match steps(node):
        case (Call(name="extension") as call,):
            return text_argument(call)
        case (MemberName(name="extension"), Call(name="where", args=(criterion,))):
            return compared_url(criterion)
    return None


def compared_url(node: Syntax) -> str | None:
    """The URL of `url = 'http://…'`; None for anything else."""
    match bare(node):
        case Binary(operator="=", left=MemberName(name="url"), right=Literal(values=(str() as url,))):
            return url
    return None


def step_texts(expression: str) -> tuple[str, ...]:
    """The steps of a restricted path as of discriminators, each as it is written; none where it is anything else.

    `$this`, names, `extension('http://…')`, `ofType(Type)` and `resolve()`:
    https://hl7.org/fhir/R4/profiling.html#discriminator
    """
    try:
        found = [_step_text(each) for each in steps(parse(expression))]
    except ExpressionError:
        return ()
    texts = tuple(each for each in found if each is not None)
    return texts if len(texts) == len(found) else ()


def _step_text(step: Syntax) -> str | None:
    match step:
        case MemberName(name=name) | Special(name=name):
            return name
        case Call(name="resolve" as name, args=()):
            return f"{name}()"
        case Call(name="ofType" as name, args=(MemberName(name=argument),)):
            return f"{name}({argument})"
        case Call(name="extension" as name):
            return f"{name}('{text_argument(step)}')"
    return None


def _all_names(found: tuple[Syntax, ...]) -> bool:
    return all(isinstance(each, MemberName) for each in found)
