"""What an artifact says, as facts that can be compared: for each of its parts, aspects and their values as text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from vbpr_conformance.ig.definitions import CanonicalResource
from vbpr_conformance.ig.model import (
    Binding,
    CodeSystem,
    Element,
    Profile,
    SearchParameter,
    Slicing,
    Statement,
    ValueSet,
)

Facts = dict[str, dict[str, str]]
WHOLE = ""
"""The part that is the artifact itself."""


def of_profile(profile: Profile) -> Facts:
    """A profile, extension or type: what it is, where an extension may stand, and each element of its snapshot."""
    whole = {
        "kind": profile.kind,
        "type": profile.type,
        "base": profile.base or "",
        "derivation": profile.derivation or "",
        "abstract": _text(profile.abstract),
        "contexts": _list(f"{kind} {expression}" for kind, expression in profile.contexts),
        "context invariants": _list(profile.context_invariants),
    }
    return {WHOLE: whole, **{each.id: _of_element(each) for each in profile.elements}}


def _of_element(element: Element) -> dict[str, str]:
    facts = {
        "min": str(element.min),
        "max": "*" if element.max is None else str(element.max),
        "base max": "*" if element.base_max is None else str(element.base_max),
        "types": _list(_types(element)),
        "fixed": _text(element.fixed),
        "pattern": _text(element.pattern),
        "binding": _binding(element.binding),
        "must support": _text(element.must_support),
        "modifier": _text(element.is_modifier),
        "summary": _text(element.is_summary),
        "slicing": _slicing(element.slicing),
        "content of": element.content_reference or "",
        "max length": _text(element.max_length),
        "min value": _text(element.min_value),
        "max value": _text(element.max_value),
    }
    for each in element.constraints:
        facts[f"constraint {each.key}"] = f"{each.severity}: {' '.join(each.expression.split())}"
    return facts


def _types(element: Element) -> Iterator[str]:
    for each in element.types:
        parts = [each.code, *(f"profile {url}" for url in sorted(each.profiles))]
        parts += [f"to {url}" for url in sorted(each.targets)]
        parts += [f"aggregation {how}" for how in sorted(each.aggregation)]
        yield " ".join([*parts, *([f"versioning {each.versioning}"] if each.versioning else [])])


def _binding(binding: Binding | None) -> str:
    if binding is None:
        return ""
    most = f", at most {binding.max_value_set}" if binding.max_value_set else ""
    return f"{binding.value_set or 'no value set'} ({binding.strength}{most})"


def _slicing(slicing: Slicing | None) -> str:
    if slicing is None:
        return ""
    by = _list(f"{each.type}:{each.path}" for each in slicing.discriminators)
    return f"{slicing.rules}{', ordered' if slicing.ordered else ''}, by {by or 'nothing'}"


def of_value_set(value_set: ValueSet) -> Facts:
    """A value set: its codes with displays, and of which systems it is not known here what is in."""
    whole = {"complete": _text(value_set.complete), "undecided systems": _list(value_set.open_systems)}
    return {WHOLE: whole, **{f"{system}#{code}": {"display": text} for (system, code), text in value_set.codes.items()}}


def of_code_system(code_system: CodeSystem) -> Facts:
    """A code system: its codes with displays, and whether these are all."""
    whole = {"complete": _text(code_system.complete), "case sensitive": _text(code_system.case_sensitive)}
    return {WHOLE: whole, **{f"#{code}": {"display": display} for code, display in code_system.codes.items()}}


def of_search_parameter(parameter: SearchParameter) -> Facts:
    """A search parameter."""
    return {
        WHOLE: {
            "code": parameter.code,
            "type": parameter.type,
            "resources": _list(parameter.base),
            "expression": " ".join(parameter.expression.split()),
            "targets": _list(parameter.targets),
            "comparators": _list(parameter.comparators),
            "modifiers": _list(parameter.modifiers),
            "chains": _list(parameter.chains),
        }
    }


def of_statement(statement: Statement) -> Facts:
    """A capability statement: each item with how strongly it is asked for."""
    facts: Facts = {WHOLE: {"actor": statement.actor, "FHIR version": statement.fhir_version}}
    for about, expectation in statement.items:
        details = {key: about[key] for key in ("type", "definition", "mode") if about.get(key)}
        name = " ".join(
            value if key == "resource" else f"{key} {value}" for key, value in about.items() if key not in details
        )
        facts[name.strip()] = {"expectation": expectation, **details}
    return facts


def of_other(definition: CanonicalResource) -> Facts:
    """An artifact of a type that is only known to be there."""
    return {WHOLE: {"resource type": definition.type}}


def _list(values: Any) -> str:
    return ", ".join(sorted(set(values)))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)


OF_TYPE: dict[str, Callable[[Any], Facts]] = {
    "StructureDefinition": of_profile,
    "ValueSet": of_value_set,
    "CodeSystem": of_code_system,
    "SearchParameter": of_search_parameter,
    "CapabilityStatement": of_statement,
}
