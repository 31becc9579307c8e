"""The catalogue of faults. That each is seen by a case of what it breaks is for the self-test to show."""

from __future__ import annotations

import pytest

from vbpr_conformance.errors import UsageError
from vbpr_conformance.ig.loader import load_edition
from vbpr_conformance.reference.faults import catalogue, find_fault

FAULTS = catalogue(load_edition("1.1.0"))
OTHERS = [
    name
    for name, fault in FAULTS.items()
    if not fault.breaks.keys() & {"search", "element"} and not fault.needs_credentials
]
"""Those of what a server does, not of one parameter or element."""


def test_catalogue():
    """Each fault has a name of its own, says in a sentence what goes wrong, and which requirement that breaks."""
    assert len(OTHERS) >= 24
    for name, fault in FAULTS.items():
        assert name == fault.name
        assert name == name.lower()
        assert len(fault.description) > 10
        assert fault.breaks
    assert len({fault.description for fault in FAULTS.values()}) == len(FAULTS)


def test_names_stay_apart(edition_1_0_0):
    """No two faults have the same name, in either edition."""
    assert len(catalogue(edition_1_0_0)) > len(OTHERS)


@pytest.mark.parametrize("key", ["search", "element", "conditional", "include", "interaction"])
def test_every_requirement_has_a_fault(edition, key):
    """For each search parameter, element and conditional interaction that a server must support there is a fault."""
    broken = [fault.breaks for fault in FAULTS.values()]
    asked = [each for each in edition.requirements if each.actor == "server" and key in each.about]
    asked = [each for each in asked if each.expectation != "MAY" and not each.not_tested]
    left = [each.id for each in asked if each.about not in broken]
    if key == "interaction":  # those of one type break every type
        left = [each for each in left if not each.startswith("measure-")]
    assert left == []


def test_unknown_fault(edition):
    """A fault that is not known is refused with the nearest names."""
    with pytest.raises(UsageError, match="there is no fault etag-mising: did you mean etag-missing"):
        find_fault(edition, "etag-mising")
    with pytest.raises(UsageError, match="--list-faults"):
        find_fault(edition, "zzzzz")
