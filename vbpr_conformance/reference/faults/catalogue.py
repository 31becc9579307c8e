"""All faults of an edition, by name."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator

from vbpr_conformance.errors import UsageError
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import SearchParameter
from vbpr_conformance.reference import served
from vbpr_conformance.reference.faults import (
    answer_faults,
    capability_faults,
    element_faults,
    parameter_faults,
    payload_faults,
    search_faults,
    write_faults,
)
from vbpr_conformance.reference.faults.fault import Fault


def catalogue(edition: Edition) -> dict[str, Fault]:
    """Give the faults by name: each breaks a rule that a requirement of the edition states.

    First those of the interactions, then those of each search parameter and of each element that requirements name.
    """
    main = main_type(edition)
    listed = [
        *answer_faults.faults(main),
        *write_faults.faults(main),
        *payload_faults.faults(main),
        *search_faults.faults(main, _included(edition, main)),
        *capability_faults.faults(main),
    ]
    for name, parameter, stated in _parameters(edition):
        label = "search" if name == main else f"{name.lower()}-search"
        stem = f"{label}-{parameter.code.lower()}"
        listed += parameter_faults.faults(edition, name, parameter, stem)
        listed += parameter_faults.of_name(name, parameter.code, stated, stem)
    listed += element_faults.faults(edition)
    found = {each.name: each for each in listed}
    if len(found) != len(listed):
        raise ValueError("two faults have the same name")
    return found


def _parameters(edition: Edition) -> Iterator[tuple[str, SearchParameter, str]]:
    """The search parameters that requirements ask of a server, and how the guide's statement calls them by mistake.

    A fault of another parameter would break nothing.
    """
    for requirement in edition.requirements:
        about = requirement.about
        if requirement.actor == "server" and "search" in about and not requirement.not_tested:
            known = served.parameters(edition, about["resource"])
            yield about["resource"], known[about["search"]], requirement.stated_as


def _included(edition: Edition, main: str) -> str:
    """What requirements want to be included with `main`, or nothing."""
    asked = (each.about for each in edition.requirements if each.actor == "server")
    return next((each["include"] for each in asked if "include" in each and each["resource"] == main), "")


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


def find_fault(edition: Edition, name: str) -> Fault:
    """Find a fault by its name; one that is not known is answered with the nearest names."""
    known = catalogue(edition)
    if name not in known:
        near = difflib.get_close_matches(name, known, 3)
        hint = f"did you mean {' or '.join(near)}?" if near else "--list-faults tells which there are"
        raise UsageError(f"there is no fault {name}: {hint}")
    return known[name]
