"""From the tree of an expression to closures.

Every node becomes a function of the item it is evaluated on and the environment. What yields a condition is compiled
twice over: as a truth (True, False, None) where a condition is asked for, and from that as a collection.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vbpr_conformance.fhir.fhirpath import operators
from vbpr_conformance.fhir.fhirpath.equality import equals, equivalents
from vbpr_conformance.fhir.fhirpath.evaluation import (
    EMPTY,
    Closure,
    Environment,
    Items,
    Truth,
    TypedElement,
    boolean,
    has_value,
    single,
    truth,
)
from vbpr_conformance.fhir.fhirpath.expression_error import ExpressionError
from vbpr_conformance.fhir.fhirpath.functions import FUNCTIONS
from vbpr_conformance.fhir.fhirpath.functions.fhir import extensions
from vbpr_conformance.fhir.fhirpath.lambdas import LAMBDAS, NOTHING
from vbpr_conformance.fhir.fhirpath.navigation import (
    children,
    descendants,
    plain_child,
    plain_presence,
    plain_value,
    typed_child,
    wrap,
)
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
    TypeTest,
    Unary,
    Variable,
    walk,
)
from vbpr_conformance.fhir.fhirpath.three_valued_logic import (
    LOGIC,
    ORDER,
    any_item,
    equals_text,
    every_item,
    in_texts,
    negated,
    ordering,
    same_truth,
    texts_of,
)
from vbpr_conformance.fhir.fhirpath.types import as_type, check_type, is_type, type_argument
from vbpr_conformance.fhir.fhirpath.variables import variable

_TYPE_FUNCTIONS = frozenset({"is", "as", "ofType", "type"})


_CONDITIONS = frozenset({"exists", "empty", "hasValue", "all", "not", "is", "isDistinct", "matches", "startsWith"})
_CONDITION_OPERATORS = frozenset({"and", "or", "xor", "implies", "=", "!=", "~", "!~", "in", "contains", *ORDER})


def is_condition(node: Syntax) -> bool:
    """Whether an expression can only yield a boolean or nothing."""
    match _strip(node):
        case Binary(operator=operator) | TypeTest(operator=operator):
            return operator in _CONDITION_OPERATORS or operator == "is"
        case Call(name=name) | Invoke(right=Call(name=name)):
            return name in _CONDITIONS
    return False


def needs_types(tree: Syntax) -> bool:
    """Whether an expression asks for types, so that nodes must be wrapped with theirs."""
    return any(
        isinstance(node, TypeTest) or (isinstance(node, Call) and node.name in _TYPE_FUNCTIONS) for node in walk(tree)
    )


class ExpressionCompiler:
    """Compiles trees; `typed` makes every step wrap what it finds with its FHIR type."""

    def __init__(self, *, typed: bool) -> None:
        self.typed = typed
        self.child = typed_child if typed else plain_child

    def items(self, node: Syntax) -> Closure:
        """Compile to a function that gives a collection."""
        if _is_constant(node):
            return _constant(self._items(node))
        return self._items(node)

    def _items(self, node: Syntax) -> Closure:  # noqa: C901 - one line for each kind of node
        match node:
            case Literal(values=values):
                found = list(values)
                return lambda _this, _env: found
            case Parentheses(inner=inner):
                return self.items(inner)
            case MemberName(name=name):
                return self._start(name) if name[0].isupper() else self.child(name)
            case Invoke(left=left, right=right):
                return self._invoke(left, right)
            case Call():
                return self.call(_this, node)
            case Index(left=left, index=index):
                return self._index(self.items(left), self.items(index))
            case Unary(operator=operator, operand=operand):
                inner_items = self.items(operand)
                return (lambda this, env: operators.negate(inner_items(this, env))) if operator == "-" else inner_items
            case Binary(operator=operator) if operator in operators.ARITHMETIC:
                return self._arithmetic(node)
            case TypeTest(operator="as"):
                return self._as(self.items(node.operand), node.type)
            case Special(name=name):
                return _SPECIALS[name]
            case Variable(name=name):
                return self._wrapped(variable(name))
        condition = self.truth(node)
        return lambda this, env: boolean(condition(this, env))

    def truth(self, node: Syntax) -> Truth:  # noqa: C901 - one case for each kind of condition
        """Compile to a function that gives True, False, or None for empty."""
        match node:
            case Parentheses(inner=inner):
                return self.truth(inner)
            case Binary(operator="and" | "or" | "xor" | "implies" as operator):
                return LOGIC[operator](self.truth(node.left), self.truth(node.right))
            case Binary(operator="=" | "!=" | "~" | "!~" as operator):
                return self._equality(operator, node)
            case Binary(operator="in"):
                return self._in(node.left, node.right)
            case Binary(operator="contains"):
                return self._in(node.right, node.left)
            case Binary(operator=operator) if operator in ORDER:
                return ordering(self.items(node.left), self.items(node.right), ORDER[operator])
            case TypeTest(operator="is"):
                return self.is_type(self.items(node.operand), node.type)
            case Invoke(left=left, right=Call() as call) if not _is_constant(left):
                found = self._truth_call(self.items(left), call, left)
                if found is not None:
                    return found
            case Call():
                found = self._truth_call(_this, node)
                if found is not None:
                    return found
        items = self._items(node)
        return lambda this, env: truth(items(this, env))

    def _truth_call(self, source: Closure, call: Call, before: Syntax | None = None) -> Truth | None:
        """Compile the functions that yield a condition straight from their input."""
        if isinstance(before, MemberName) and not before.name[0].isupper() and not self.typed and not call.args:
            quick = _of_child(call.name, before.name)
            if quick is not None:
                return quick
        match call.name, len(call.args):
            case "not", 0 if before is not None and is_condition(before):
                inner = self.truth(before)
                return lambda this, env: negated(inner(this, env))
            case "exists", 0:
                return lambda this, env: bool(source(this, env))
            case "empty", 0:
                return lambda this, env: not source(this, env)
            case "hasValue", 0:
                return lambda this, env: has_value(source(this, env))
            case "is", 1:
                return self.is_type(source, type_argument(call.args[0]))
            case ("exists" | "all") as name, 1:
                criterion = self.truth(call.args[0])
                loop: Callable[[Closure, Truth], Truth] = any_item if name == "exists" else every_item
                return loop(source, criterion) if not _uses_index(call.args[0]) else None
        return None

    def _start(self, name: str) -> Closure:
        """A capitalized name at the start of a path: the item itself if it is of that type."""
        step = self.child(name)
        anything = {"Resource", "DomainResource"}
        wanted = type_argument(MemberName(name))

        def start(this: Any, env: Environment) -> Items:
            value = this.value if type(this) is TypedElement else this
            if type(value) is dict:
                own = value.get("resourceType")
                if own == name or (own is not None and name in anything):
                    return [this]
            if type(this) is TypedElement and is_type(this, wanted, env):
                return [this]
            return step(this, env)

        return start

    def _invoke(self, left: Syntax, right: Syntax) -> Closure:
        source = self.items(left)
        match right:
            case MemberName(name=name):
                return _path(source, self.child(name))
            case Call():
                return self.call(source, right)
            case Special(name=name):
                return _SPECIALS[name]
            case Parentheses(inner=inner) if _is_constant(inner):
                # HL7's engine takes a constant behind a dot for the constant itself, whatever stands before it.
                return self.items(inner)
            case _:
                return _path(source, self.items(right))

    def call(self, source: Closure, call: Call) -> Closure:
        """Compile a function on the collection that `source` gives."""
        name, args = call.name, call.args
        if name in LAMBDAS:
            function = LAMBDAS[name]
            _check_count(call, function.least, function.most)
            return function.build(self, source, args)
        if name in _TYPE_FUNCTIONS and args:
            wanted = type_argument(args[0])
            if name == "is":
                test = self.is_type(source, wanted)
                return lambda this, env: boolean(test(this, env))
            return self._as(source, wanted)
        if name in {"children", "descendants"}:
            return self._tree(source, name)
        if name in {"extension", "hasExtension"} and len(args) == 1:
            return self._extension(source, self.items(args[0]), name)
        if name not in FUNCTIONS:
            raise ExpressionError(f"there is no function {name}()")
        function_of_items = FUNCTIONS[name]
        _check_count(call, function_of_items.least, function_of_items.most)
        arguments = [self.items(arg) for arg in args]
        apply = function_of_items.call
        if not arguments:
            found: Closure = lambda this, env: apply(source(this, env), [], env)  # noqa: E731 - one of two
        else:
            found = lambda this, env: apply(source(this, env), [arg(this, env) for arg in arguments], env)  # noqa: E731 - one of two
        return self._wrapped(found) if name == "resolve" else found

    def _wrapped(self, found: Closure) -> Closure:
        """Give what comes from outside the payload the same form as what steps find."""
        if not self.typed:
            return found
        return lambda this, env: [wrap(item) if type(item) is dict else item for item in found(this, env)]

    def _tree(self, source: Closure, name: str) -> Closure:
        typed = self.typed
        if name == "descendants":
            return lambda this, env: descendants(source(this, env), env, typed=typed)
        return lambda this, env: [child for item in source(this, env) for child in children(item, env, typed=typed)]

    def _extension(self, source: Closure, url: Closure, name: str) -> Closure:
        typed = self.typed

        def extension(this: Any, env: Environment) -> Items:
            wanted = single(url(this, env), f"{name}()")
            found = extensions(source(this, env), wanted) if wanted is not None else EMPTY
            if name == "hasExtension":
                return boolean(bool(found))
            return [wrap(each, "Extension") for each in found] if typed else found

        return extension

    def is_type(self, source: Closure, wanted: Any) -> Truth:
        """Compile `is`."""

        def test(this: Any, env: Environment) -> bool | None:
            items = source(this, env)
            if not items:
                return None
            if len(items) > 1:
                raise ExpressionError(f"is takes a single item, not {len(items)}")
            check_type(wanted, env)
            return is_type(items[0], wanted, env)

        return test

    def _as(self, source: Closure, wanted: Any) -> Closure:
        """Compile `as` and `ofType`; several items are filtered, for R4's own dom-3 counts on it."""

        def filtered(this: Any, env: Environment) -> Items:
            items = source(this, env)
            check_type(wanted, env)
            return [item for item in items if as_type(item, wanted, env)]

        return filtered

    def _index(self, source: Closure, index: Closure) -> Closure:
        def item_at(this: Any, env: Environment) -> Items:
            items = source(this, env)
            at = single(index(this, env), "[]")
            if type(at) is not int:
                raise ExpressionError("[] takes a whole number")
            return items[at : at + 1] if at >= 0 else EMPTY

        return item_at

    def _arithmetic(self, node: Binary) -> Closure:
        left, right = self.items(node.left), self.items(node.right)
        calculate = operators.ARITHMETIC[node.operator]
        return lambda this, env: calculate(left(this, env), right(this, env))

    def _equality(self, operator: str, node: Binary) -> Truth:
        left, right = self.items(node.left), self.items(node.right)
        if operator in {"~", "!~"}:
            wanted = operator == "~"
            return lambda this, env: equivalents(left(this, env), right(this, env)) is wanted
        if is_condition(node.left) and is_condition(node.right):
            first, second = self.truth(node.left), self.truth(node.right)
            return same_truth(first, second, wanted=operator == "=")
        match _strip(node.right):
            case Literal(values=(str() as text,)):
                return equals_text(left, text, wanted=operator == "=")
        if operator == "=":
            return lambda this, env: equals(left(this, env), right(this, env))
        return lambda this, env: negated(equals(left(this, env), right(this, env)))

    def _in(self, item: Syntax, collection: Syntax) -> Truth:
        left, right = self.items(item), self.items(collection)
        if _is_constant(collection):
            texts = texts_of(right(NOTHING, Environment()))
            if texts is not None:
                return in_texts(left, texts)
        return lambda this, env: operators.is_in(left(this, env), right(this, env))


def _of_child(function: str, name: str) -> Truth | None:
    """Compile what is asked most, of a child by its name, without making a collection."""
    if function == "hasValue":
        return plain_value(name)
    if function not in {"exists", "empty"}:
        return None
    present = plain_presence(name)
    return present if function == "exists" else lambda this, env: not present(this, env)


def _this(this: Any, _env: Environment) -> Items:
    return EMPTY if this is NOTHING else [this]


_SPECIALS: dict[str, Closure] = {
    "$this": _this,
    "$index": lambda _this, env: [env.index],
    "$total": lambda _this, env: env.total,
}


def _check_count(call: Call, least: int, most: int) -> None:
    if not least <= len(call.args) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        raise ExpressionError(f"{call.name}() takes {wanted} arguments, not {len(call.args)}")


def _strip(node: Syntax) -> Syntax:
    while isinstance(node, Parentheses):
        node = node.inner
    return node


def _is_constant(node: Syntax) -> bool:
    return all(isinstance(each, Literal | Parentheses | Binary | Unary) for each in walk(node))


def _constant(closure: Closure) -> Closure:
    """Evaluate now what is the same every time; what fails now is left to fail where it is used."""
    try:
        found = closure(NOTHING, Environment())
    except ExpressionError:
        return closure
    return lambda _this, _env: found


def _uses_index(node: Syntax) -> bool:
    return any(isinstance(each, Special) and each.name == "$index" for each in walk(node))


def _path(source: Closure, step: Closure) -> Closure:
    def path(this: Any, env: Environment) -> Items:
        items = source(this, env)
        if len(items) == 1:
            return step(items[0], env)
        if not items:
            return EMPTY
        found: Items = []
        for item in items:
            found += step(item, env)
        return found

    return path
