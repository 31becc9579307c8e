"""All faults of an edition, by name: read from the tables beside this file, which say how to write one.

A group of rows with `each: search-parameter` holds faults of every search parameter that requirements name, one with
`each: element` those of every element; `{main}` is the resource type that the guide is about.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from vbpr_conformance.errors import UsageError
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import SearchParameter
from vbpr_conformance.reference import served
from vbpr_conformance.reference.changes.change_table import ChangeRow, read_rows
from vbpr_conformance.reference.changes.element_action import lose_element
from vbpr_conformance.reference.changes.parameter_actions import ParameterActions
from vbpr_conformance.reference.faults.fault import Fault
from vbpr_conformance.reference.faults.yielded_types import Yielded, yielded

_TABLES = Path(__file__).parent


def catalogue(edition: Edition) -> dict[str, Fault]:
    """Give the faults by name: each breaks a rule that a requirement of the edition states.

    First those of the server as a whole, then those of each search parameter and of each element.
    """
    found: dict[str, Fault] = {}
    for fault in (*_of_server(edition), *_of_parameters(edition), *_of_elements(edition)):
        if fault.name in found:
            raise ValueError(f"there are two faults {fault.name}")
        found[fault.name] = fault
    return found


def find_fault(edition: Edition, name: str) -> Fault:
    """Find a fault by its name; raises `UsageError` with the nearest names for one that is not known."""
    known = edition.owned(catalogue)
    if name not in known:
        near = difflib.get_close_matches(name, known, 3)
        hint = f"did you mean {' or '.join(near)}?" if near else "--list-faults tells which there are"
        raise UsageError(f"there is no fault {name}: {hint}")
    return known[name]


def main_type(edition: Edition) -> str:
    """The type that the guide is about: that of which its server statement asks the most."""
    asked = Counter(
        about["resource"]
        for statement in edition.statements
        if statement.actor == "server"
        for about, _ in statement.items
        if "resource" in about
    )
    known = served.profiled_types(edition)
    return max(known, key=lambda each: asked[each])


@cache
def _rows() -> tuple[ChangeRow, ...]:
    return tuple(row for file in sorted(_TABLES.glob("*.yaml")) for row in read_rows(file))


def _each(kind: str) -> Iterator[ChangeRow]:
    return (row for row in _rows() if row.group.get("each", "server") == kind)


def _of_server(edition: Edition) -> Iterator[Fault]:
    main = main_type(edition)
    include = _included(edition, main)
    for row in (*_each("server"), *(_each("include") if include else ())):
        filled = row.filled({"main": main, "include": include})
        yield Fault(filled.name, filled.group["breaks"], filled.says, filled.change, "needs" in filled.group)


def _of_parameters(edition: Edition) -> Iterator[Fault]:
    """Yield those of every search parameter that requirements ask of a server, where its values can show them."""
    main = main_type(edition)
    for requirement in edition.requirements:
        about = requirement.about
        if requirement.actor != "server" or "search" not in about or requirement.not_tested:
            continue
        name = about["resource"]
        parameter = served.parameters(edition, name)[about["search"]]
        values = yielded(edition, name, parameter)
        stem = f"{'search' if name == main else f'{name.lower()}-search'}-{parameter.code.lower()}"
        for row in _each("search-parameter"):
            if _is_shown(row.points, parameter, values, requirement.stated_as):
                filled = row.filled({"stated": requirement.stated_as})
                given = filled.points["parameter"]
                change = ParameterActions(name, parameter.code).change(given if isinstance(given, dict) else {given: 1})
                yield Fault(f"{stem}-{row.name}", about, f"{name}?{parameter.code}=… {filled.says}", change)


def _is_shown(only_if: Mapping[str, object], parameter: SearchParameter, values: Yielded, stated: str) -> bool:
    """Whether values of the parameter can show a fault.

    `types`: it is a parameter of one of these types; `yields`: its values can be of these FHIR types; `several`: one
    resource can have several, or a value several codes; `targets`: references may be to several types; `stated`: the
    guide's statement calls it otherwise.
    """

    def among(name: str, here: set[str]) -> bool:
        wanted = only_if.get(name)
        return wanted is None or not here.isdisjoint(wanted if isinstance(wanted, list) else [wanted])

    return (
        among("types", {parameter.type})
        and among("yields", set(values.types))
        and ("several" not in only_if or values.several or "CodeableConcept" in values.types)
        and ("targets" not in only_if or len(parameter.targets) != 1)
        and ("stated" not in only_if or bool(stated))
    )


def _of_elements(edition: Edition) -> Iterator[Fault]:
    """Yield those of every element that requirements name: resources that claim the profile lose it."""
    for requirement in edition.requirements:
        about = requirement.about
        if requirement.actor == "server" and "element" in about and not requirement.not_tested:
            change = lose_element(about["element"], edition.profile(about["profile"]))
            for row in _each("element"):
                yield Fault(f"{requirement.id.lower()}-{row.name}", about, row.filled(about).says, change)


def _included(edition: Edition, main: str) -> str:
    """What requirements want to be included with `main`, or nothing."""
    asked = (each.about for each in edition.requirements if each.actor == "server")
    return next((each["include"] for each in asked if "include" in each and each["resource"] == main), "")
