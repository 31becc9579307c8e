"""The values of a resource for a search parameter: what a server would keep in its index.

Which elements of which types a parameter reads: https://hl7.org/fhir/R4/search.html#ptypes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from vbpr_conformance.fhir import fhirpath
from vbpr_conformance.fhir.dates import Interval, interval_of
from vbpr_conformance.fhir.search_values import ReferenceTarget, parse_canonical, parse_target


class ParameterDefinition(Protocol):
    """What is needed of a SearchParameter: its `type` and its FHIRPath `expression`."""

    @property
    def code(self) -> str:
        """The name in search URLs."""

    @property
    def type(self) -> str:
        """One of number, date, string, token, reference, composite, quantity, uri, special."""

    @property
    def expression(self) -> str:
        """FHIRPath, starting at the resource."""

    @property
    def targets(self) -> tuple[str, ...]:
        """The resource types that a reference may point to; empty for any."""


@dataclass(frozen=True, slots=True)
class TokenValue:
    """A code with its system.

    `implied` is True for values that stand without a system in the payload although they may have one (a `code`
    has that of its binding). `texts` are the texts that `:text` searches, `type` the Identifier.type's codes.
    """

    system: str | None
    code: str | None
    implied: bool = False
    texts: tuple[str, ...] = ()
    type: tuple[tuple[str | None, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class DateValue:
    """A stretch of time."""

    interval: Interval


@dataclass(frozen=True, slots=True)
class StringValue:
    """A text."""

    text: str


@dataclass(frozen=True, slots=True)
class UriValue:
    """A URI as it stands."""

    uri: str


@dataclass(frozen=True, slots=True)
class ReferenceValue:
    """A reference: its target, whether it is a canonical, and the identifier it may carry instead."""

    target: ReferenceTarget | None
    canonical: bool = False
    identifier: TokenValue | None = None


@dataclass(frozen=True, slots=True)
class NumberValue:
    """A number."""

    value: Decimal


@dataclass(frozen=True, slots=True)
class QuantityValue:
    """A quantity, or an end of a range of them (`low` and `high` differ; None is open)."""

    low: Decimal | None
    high: Decimal | None
    systems: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    comparator: str | None = field(default=None)


IndexValue = TokenValue | DateValue | StringValue | UriValue | ReferenceValue | NumberValue | QuantityValue


def search_env(
    resource: dict[str, Any],
    *,
    types: fhirpath.TypeModel | None = None,
    resolve: Callable[[str], Any] | None = None,
) -> fhirpath.Environment:
    """Make the environment that expressions of search parameters need.

    A reference that `resolve` does not find is taken for a resource of the type in its text, as servers do: for
    `where(resolve() is Patient)` no more is needed.
    """

    def find(reference: str) -> Any:
        found = resolve(reference) if resolve else None
        if found is None:
            target = parse_target(reference)
            found = {"resourceType": target.type, "id": target.id} if target.type else None
        return found

    return fhirpath.Environment(resource, resolve=find, types=types)


def index_values(
    parameter: ParameterDefinition, resource: dict[str, Any], env: fhirpath.Environment
) -> list[IndexValue]:
    """Give a resource's values for a search parameter; none for the types composite and special."""
    read = _READERS.get(parameter.type)
    if read is None or not parameter.expression:
        return []
    nodes = fhirpath.compile(parameter.expression).nodes(resource, env)
    return [value for node in nodes for value in read(node)]


def has_values(parameter: ParameterDefinition, resource: dict[str, Any], env: fhirpath.Environment) -> bool:
    """Answer what `:missing` asks: whether the parameter finds any element with a value."""
    nodes = fhirpath.compile(parameter.expression).nodes(resource, env)
    return any(node.value is not None for node in nodes)


def _texts(*values: Any) -> tuple[str, ...]:
    return tuple(value for value in values if isinstance(value, str))


def _objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _text_or_none(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _tokens(node: fhirpath.TypedElement) -> Iterator[IndexValue]:
    value = node.value
    if isinstance(value, bool):
        yield TokenValue(None, "true" if value else "false", implied=True)
    elif isinstance(value, str | int | Decimal):
        yield TokenValue(None, str(value), implied=True)
    elif isinstance(value, dict):
        yield from _complex_tokens(value, node.type)


def _complex_tokens(value: dict[str, Any], kind: str | None) -> Iterator[IndexValue]:
    if kind == "CodeableConcept" or "coding" in value:
        text = value.get("text")
        for coding in _objects(value.get("coding")):
            yield _coding(coding, text)
        if "coding" not in value and isinstance(text, str):
            yield TokenValue(None, None, texts=(text,))
    elif kind == "ContactPoint":
        yield TokenValue(None, _text_or_none(value.get("value")), implied=True)
    elif kind == "Identifier" or "value" in value:
        yield _identifier(value)
    else:
        yield _coding(value, None)


def _coding(coding: dict[str, Any], text: Any) -> TokenValue:
    texts = _texts(coding.get("display"), text)
    return TokenValue(_text_or_none(coding.get("system")), _text_or_none(coding.get("code")), texts=texts)


def _identifier(value: dict[str, Any]) -> TokenValue:
    kind = value.get("type")
    kind = kind if isinstance(kind, dict) else {}
    codes = tuple((each.get("system"), each.get("code")) for each in _objects(kind.get("coding")))
    return TokenValue(
        _text_or_none(value.get("system")),
        _text_or_none(value.get("value")),
        texts=_texts(kind.get("text")),
        type=codes,
    )


def _dates(node: fhirpath.TypedElement) -> Iterator[IndexValue]:
    interval = interval_of(node.value)
    if interval is not None:
        yield DateValue(interval)


_STRING_PARTS = {
    "HumanName": ("text", "family", "given", "prefix", "suffix"),
    "Address": ("text", "line", "city", "district", "state", "postalCode", "country"),
}


def _strings(node: fhirpath.TypedElement) -> Iterator[IndexValue]:
    value = node.value
    if isinstance(value, str):
        yield StringValue(value)
    elif isinstance(value, dict):
        for text in _parts(value, node.type):
            yield StringValue(text)


def _parts(value: dict[str, Any], kind: str | None) -> Iterator[str]:
    """The texts of an object: of names and addresses their parts, of coded values text and displays."""
    names = _STRING_PARTS.get(kind or "") or ("text", "display", "family", "given", "line", "city", "state", "country")
    for name in names:
        part = value.get(name)
        yield from _texts(*(part if isinstance(part, list) else [part]))
    for coding in _objects(value.get("coding")):
        yield from _texts(coding.get("display"))


def _references(node: fhirpath.TypedElement) -> Iterator[IndexValue]:
    value = node.value
    if isinstance(value, str):
        yield ReferenceValue(parse_canonical(value), canonical=True)
    elif isinstance(value, dict):
        text, identifier = value.get("reference"), value.get("identifier")
        target = parse_target(text) if isinstance(text, str) else None
        logical = _identifier(identifier) if isinstance(identifier, dict) else None
        if target is not None or logical is not None:
            yield ReferenceValue(target, identifier=logical)


def _uris(node: fhirpath.TypedElement) -> Iterator[IndexValue]:
    if isinstance(node.value, str):
        yield UriValue(node.value)


def _numbers(node: fhirpath.TypedElement) -> Iterator[IndexValue]:
    if isinstance(node.value, int | Decimal) and not isinstance(node.value, bool):
        yield NumberValue(Decimal(node.value))


def _quantities(node: fhirpath.TypedElement) -> Iterator[IndexValue]:
    value = node.value
    if not isinstance(value, dict):
        return
    if "low" in value or "high" in value:
        ends: list[dict[str, Any]] = [
            end if isinstance(end := value.get(name), dict) else {} for name in ("low", "high")
        ]
        low, high = (_decimal(end.get("value")) for end in ends)
        yield QuantityValue(low, high, *_units(ends[0] or ends[1]))
        return
    number = _decimal(value.get("value"))
    if number is not None:
        yield QuantityValue(number, number, *_units(value), _text_or_none(value.get("comparator")))


def _decimal(value: Any) -> Decimal | None:
    return Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None


def _units(value: dict[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if isinstance(value.get("currency"), str):
        return ("urn:iso:std:iso:4217",), (value["currency"],)
    return _texts(value.get("system")), _texts(value.get("code"), value.get("unit"))


_READERS: dict[str, Callable[[fhirpath.TypedElement], Iterator[IndexValue]]] = {
    "token": _tokens,
    "date": _dates,
    "string": _strings,
    "reference": _references,
    "uri": _uris,
    "number": _numbers,
    "quantity": _quantities,
}
