"""What expressions are evaluated on: plain JSON values, and a wrapper where a type or an extension must be known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

from vbpr_conformance.fhir.fhirpath.expression_error import ExpressionError

Items = list[Any]
"""A collection. It may be a list of the payload itself: never change it."""

EMPTY: Items = []
TRUE: Items = [True]
FALSE: Items = [False]


class TypedElement:
    """An element with what JSON alone does not say: its FHIR type, and of a primitive its `_name` companion.

    `value` is the JSON value (None for a primitive that has only extensions); `type` a FHIR type name, for the inner
    elements of a resource their path (`MeasureReport.group`), None where it is not known; `element` the companion
    object with `id` and `extension`.
    """

    __slots__ = ("element", "type", "value")

    def __init__(self, value: Any, type: str | None = None, element: dict[str, Any] | None = None) -> None:  # noqa: A002 - FHIR's own word
        self.value = value
        self.type = type
        self.element = element

    def __repr__(self) -> str:
        return f"TypedElement({self.value!r}, {self.type!r}, {self.element!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TypedElement) and (self.value, self.type, self.element) == (
            other.value,
            other.type,
            other.element,
        )

    def __hash__(self) -> int:
        return hash(repr(self.value))


class TypeModel(Protocol):
    """What evaluation wants to know about FHIR types."""

    def child_type(self, parent: str, name: str) -> str | None:
        """Give the type of a JSON property (`valueQuantity`, not `value`) of a type or inner element, if known."""

    def ancestors(self, name: str) -> Iterable[str] | None:
        """Give a type's own name and those it specializes, nearest first; None if there is no such type."""


class Environment:
    """What an expression may look at besides the node it is evaluated on. One per resource, not for two threads.

    `resource` is `%resource`, `root_resource` the one that contains it (the same if none does); `resolve` finds the
    resource of a reference text; `member_of` answers whether a coded value is in a value set (None: not known here);
    `conforms_to` whether a resource meets a profile; `types` knows FHIR's types; `variables` are further `%names`.
    """

    __slots__ = (
        "conforms_to",
        "context",
        "index",
        "member_of",
        "now",
        "resolve",
        "resource",
        "root_resource",
        "total",
        "types",
        "variables",
    )

    def __init__(  # noqa: PLR0913 - each is one thing of the environment, all by name
        self,
        resource: Any = None,
        root_resource: Any = None,
        *,
        resolve: Callable[[str], Any] | None = None,
        member_of: Callable[[Any, str], bool | None] | None = None,
        conforms_to: Callable[[Any, str], bool | None] | None = None,
        types: TypeModel | None = None,
        variables: Mapping[str, Any] | None = None,
        now: datetime | None = None,
    ) -> None:
        self.resource = resource
        self.root_resource = resource if root_resource is None else root_resource
        self.resolve = resolve
        self.member_of = member_of
        self.conforms_to = conforms_to
        self.types = types
        self.variables = variables or {}
        self.now = now
        self.context: Any = None
        self.index = 0
        self.total: Items = EMPTY

    def moment(self) -> datetime:
        """The time of the evaluation, the same for every `now()` and `today()` in it."""
        if self.now is None:
            self.now = datetime.now(UTC)
        return self.now


Closure = Callable[[Any, Environment], Items]
"""A compiled expression: from the item it is evaluated on to a collection."""

Truth = Callable[[Any, Environment], bool | None]
"""A compiled condition; None for empty."""

NUMBERS = (int, Decimal)


def raw(item: Any) -> Any:
    """Give an item without its wrapper."""
    return item.value if type(item) is TypedElement else item


def truth(items: Items) -> bool | None:
    """Read a collection as a condition, as HL7's engine does: one boolean, else whether there is anything."""
    if not items:
        return None
    if len(items) == 1:
        value = raw(items[0])
        return value if type(value) is bool else True
    return True


def single(items: Items, what: str) -> Any:
    """Give the only item without its wrapper, None if there is none."""
    if not items:
        return None
    if len(items) > 1:
        raise ExpressionError(f"{what} takes a single item, not {len(items)}")
    return raw(items[0])


def boolean(value: bool | None) -> Items:  # noqa: FBT001 - a conversion
    """Give a condition as a collection."""
    return EMPTY if value is None else (TRUE if value else FALSE)


def has_value(items: Items) -> bool:
    """Answer whether the input is a single primitive that has a value, not only extensions."""
    if len(items) != 1:
        return False
    value = raw(items[0])
    return value is not None and type(value) is not dict
