"""Codes against value sets and code systems."""

from __future__ import annotations

import pytest

from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.validate.local_terminology import LocalTerminology

SYSTEM, SET = "http://example.org/CodeSystem/a", "http://example.org/ValueSet/a"


def terminology(**case):
    system = {"resourceType": "CodeSystem", "url": SYSTEM, "content": "complete", "concept": [{"code": "Abc"}], **case}
    value_set = {"resourceType": "ValueSet", "url": SET, "compose": {"include": [{"system": SYSTEM}]}}
    return LocalTerminology(Edition("1", [("here", system), ("here", value_set)]))


@pytest.mark.parametrize(
    ("case", "same"), [({"caseSensitive": True}, False), ({"caseSensitive": False}, True), ({}, True)]
)
def test_whether_case_matters_is_said_by_the_code_system(case, same):
    """Where it does not say so, codes are accepted in any case (CodeSystem.caseSensitive)."""
    asked = terminology(**case)
    assert asked.lacks(SYSTEM, "ABC") is not same
    assert asked.members(SET).has(SYSTEM, "ABC") is same
    assert asked.members(SET).has(SYSTEM, "Abc") is True
    assert asked.members(SET).has(SYSTEM, "Abd") is False
    assert asked.members(SET).has("http://example.org/other", "ABC") is False
