"""From an element to its children (https://hl7.org/fhirpath/N1/#path-selection).

There are two ways: `plain` leaves JSON values as they are and wraps only primitives that have extensions; `typed`
wraps every element with its FHIR type. The compiler takes the typed one where an expression asks for types.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from vbpr_conformance.fhir.fhirpath.evaluation import EMPTY, Closure, Environment, Items, Truth, TypedElement, has_value
from vbpr_conformance.fhir.fhirpath.types import PRIMITIVE_PARENTS

_CHOICE_NAMES = (
    "abatement additive age allowed amount answer asNeeded author born bounds characteristic chargeItem code collected "
    "content created date deceased defaultValue definingSubstance definition detail diagnosis dose doseNumber due "
    "effective entity event example fastingStatus fixed identified indication item legallyBinding location "
    "manufacturer maxValue medication minValue minimumVolume module multipleBirth name occurred occurrence offset "
    "onset participantEffective pattern performed probability procedure product quantity rate reported scheduled "
    "seriesDoses serviced source start statusReason studyEffective subject substance target time timing topic used "
    "value when"
)
CHOICES = frozenset(_CHOICE_NAMES.split())
"""The elements of R4 that are choices of types: only these are looked for with a type behind their name."""

_CHOICE_TYPES = (
    "Address Age Annotation Attachment CodeableConcept Coding ContactDetail ContactPoint Contributor Count "
    "DataRequirement Distance Dosage Duration Expression HumanName Identifier Meta Money ParameterDefinition Period "
    "Quantity Range Ratio Reference RelatedArtifact SampledData Signature Timing TriggerDefinition UsageContext "
    "base64Binary boolean canonical code date dateTime decimal id instant integer markdown oid positiveInt string "
    "time unsignedInt uri url uuid"
)

_BY_SUFFIX = {name[0].upper() + name[1:]: name for name in _CHOICE_TYPES.split()}

_EVERYWHERE = {
    "extension": "Extension",
    "modifierExtension": "Extension",
    "meta": "Meta",
    "text": "Narrative",
    "coding": "Coding",
    "div": "xhtml",
}
"""Types that a name alone gives away, for evaluation without a type model."""


@lru_cache(maxsize=4096)
def choice_keys(name: str) -> dict[str, str]:
    """Give the JSON properties that hold a choice element, with and without `_`, each with its FHIR type."""
    if name not in CHOICES:
        return {}
    keys = {name + suffix: type_name for suffix, type_name in _BY_SUFFIX.items()}
    return keys | {f"_{key}": type_name for key, type_name in keys.items()}


def plain_child(name: str) -> Closure:
    """Give the step that finds the children of one name, as JSON has them."""
    under = "_" + name
    choices = choice_keys(name)
    apart = frozenset(choices).isdisjoint

    def step(item: Any, env: Environment) -> Items:
        if type(item) is dict:
            value = item.get(name)
            if value is not None and under not in item:
                return value if type(value) is list else [value]
            if under in item:
                return _paired(value, item[under])
            if choices and not apart(item):
                key = _choice_key(item, choices)
                return step_to(item.get(key), item.get("_" + key))
            return EMPTY
        return _primitive_child(item, name, step, env)

    def step_to(value: Any, element: Any) -> Items:
        if element is None:
            return value if type(value) is list else [value]
        return _paired(value, element)

    return step


def plain_presence(name: str) -> Truth:
    """Give the test whether there is any child of one name: what `plain_child` and `exists()` say, but faster."""
    under = "_" + name
    apart = frozenset(choice_keys(name)).isdisjoint
    find = plain_child(name)

    def test(item: Any, env: Environment) -> bool:
        if type(item) is dict and under not in item:
            value = item.get(name)
            if value is None:
                return not apart(item)
            if type(value) is not list:
                return True
        return bool(find(item, env))

    return test


def plain_value(name: str) -> Truth:
    """Give the test whether there is a single child of one name with a value: `plain_child` and `hasValue()`."""
    under = "_" + name
    find = plain_child(name)

    def test(item: Any, env: Environment) -> bool:
        if type(item) is dict and under not in item:
            kind = type(item.get(name))
            if kind is str or kind is int or kind is bool:
                return True
        return has_value(find(item, env))

    return test


def typed_child(name: str) -> Closure:
    """Give the step that finds the children of one name, each wrapped with its type."""
    under = "_" + name
    choices = choice_keys(name)
    apart = frozenset(choices).isdisjoint

    def step(item: Any, env: Environment) -> Items:
        value = item.value if type(item) is TypedElement else item
        if type(value) is not dict:
            return _primitive_child(item, name, step, env)
        key = name
        if choices and name not in value and under not in value:
            if apart(value):
                return EMPTY
            key = _choice_key(value, choices)
        return _typed(value, key, item, env, choices.get(key))

    return step


def _choice_key(item: dict[str, Any], choices: dict[str, str]) -> str:
    return next(key for key in item if key in choices).lstrip("_")


def _primitive_child(item: Any, name: str, step: Closure, env: Environment) -> Items:
    """The children of a primitive: those of its companion, and its bare value as `value`."""
    if type(item) is TypedElement:
        if type(item.value) is dict:
            return step(item.value, env)
        if name == "value":
            return EMPTY if item.value is None else [item.value]
        return step(item.element, env) if item.element else EMPTY
    return [item] if name == "value" and isinstance(item, str | int) else EMPTY


def _paired(value: Any, element: Any) -> Items:
    """Join primitives with their companions; either may be missing or null."""
    if type(value) is list or type(element) is list:
        values = value if type(value) is list else []
        elements = element if type(element) is list else []
        pairs = [
            (values[at] if at < len(values) else None, elements[at] if at < len(elements) else None)
            for at in range(max(len(values), len(elements)))
        ]
    else:
        pairs = [(value, element)]
    return [
        one if other is None else TypedElement(one, None, other) for one, other in pairs if (one, other) != (None, None)
    ]


def _typed(owner: dict[str, Any], key: str, item: Any, env: Environment, choice: str | None) -> Items:
    value = owner.get(key)
    found = _paired(value, owner.get("_" + key)) if "_" + key in owner else _listed(value)
    if not found:
        return EMPTY
    known = None
    parent = item.type if type(item) is TypedElement and item.type else owner.get("resourceType")
    if env.types is not None and type(parent) is str:
        known = env.types.child_type(parent, key)
    return [wrap(each, known or choice or _EVERYWHERE.get(key)) for each in found]


def wrap(item: Any, known: str | None = None) -> TypedElement:
    """Give an item as a node; a resource is of its own type whatever was expected."""
    if type(item) is TypedElement:
        return TypedElement(item.value, item.type or known or _guess(item.value), item.element)
    if type(item) is dict and type(item.get("resourceType")) is str:
        known = item["resourceType"]
    return TypedElement(item, known or _guess(item))


def _guess(value: Any) -> str | None:
    """The type that the JSON value suggests, where nothing else says it."""
    kind = type(value)
    return {bool: "boolean", int: "integer", str: "string"}.get(
        kind, None if kind is dict or value is None else "decimal"
    )


def _listed(value: Any) -> Items:
    if value is None:
        return EMPTY
    return value if type(value) is list else [value]


def children(item: Any, env: Environment, *, typed: bool) -> Items:
    """Give all children of an item, in the order of the JSON properties."""
    value = item.value if type(item) is TypedElement else item
    if type(value) is not dict:
        companion = item.element if type(item) is TypedElement else None
        return children(companion, env, typed=typed) if companion else EMPTY
    found: Items = []
    for key in value:
        name = key
        if key[0] == "_":
            name = key[1:]
            if name in value:
                continue
        if name == "resourceType":
            continue
        if typed:
            found += _typed(value, name, item, env, _choice_type(name))
        else:
            found += _paired(value.get(name), value["_" + name]) if "_" + name in value else _listed(value[name])
    return found


@lru_cache(maxsize=4096)
def _choice_type(key: str) -> str | None:
    """The type in the name of a choice property, such as Quantity in `valueQuantity`."""
    for at, letter in enumerate(key):
        if letter.isupper() and key[at:] in _BY_SUFFIX and key[:at] in CHOICES:
            return _BY_SUFFIX[key[at:]]
    return None


def descendants(items: Items, env: Environment, *, typed: bool) -> Items:
    """Give all elements below the items, parents before their children."""
    found: Items = []
    level = items
    while level:
        level = [child for item in level for child in children(item, env, typed=typed)]
        found += level
    return found


def is_primitive(node: TypedElement) -> bool:
    """Whether a node is a primitive element, with or without a value."""
    return type(node.value) is not dict or node.type in PRIMITIVE_PARENTS


Step = Callable[[str], Closure]
