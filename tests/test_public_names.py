"""What users' own code may import."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

import vbpr_conformance
from vbpr_conformance.errors import UsageError

PUBLIC = {"conformant", "faulty", "load_edition", "validate"}
EDITION = vbpr_conformance.load_edition("1.1.0")
PROFILES = [profile.id for profile in EDITION.profiles]


def errors(issues):
    return [issue.rule for issue in issues if issue.severity == "error"]


def test_the_public_names_are_these_and_no_others():
    """The list is part of the contract: a change of it is a change of version."""
    assert set(vbpr_conformance.__all__) == PUBLIC


def test_the_function_validate_stays_where_the_room_of_that_name_is_imported():
    """`vbpr_conformance.validate` is the function, whatever was imported before."""
    code = (
        "import vbpr_conformance.validate.validator, vbpr_conformance; from vbpr_conformance import validate;"
        "assert callable(validate) and callable(vbpr_conformance.validate);"
        "import vbpr_conformance.validate.validator as found; assert found.validator_for"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_importing_the_package_imports_nothing_heavy():
    """Every pytest run of every user loads the plugin: it must cost next to nothing."""
    code = (
        "import sys, vbpr_conformance, vbpr_conformance.plugin;"
        "heavy = {'hypothesis', 'httpx', 'pydantic', 'lxml', 'yaml', 'fhir'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@settings(max_examples=20, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(PROFILES).flatmap(lambda name: st.tuples(st.just(name), vbpr_conformance.conformant(name))))
def test_conformant_payloads_are_valid(drawn):
    """What `conformant` draws, `validate` accepts."""
    profile, resource = drawn
    assert errors(vbpr_conformance.validate(resource, profile)) == []


def test_a_faulty_payload_breaks_the_rule_that_was_named():
    """`faulty` breaks exactly the rule it is given."""
    profile = "vbp-performance-measurereport"
    resource = find(vbpr_conformance.faulty(profile, "min:MeasureReport.date"), lambda _: True)
    assert set(errors(vbpr_conformance.validate(resource, profile))) == {"min:MeasureReport.date"}


@pytest.mark.parametrize("form", [str, str.encode])
def test_text_that_is_no_resource_is_an_issue(form):
    """Unreadable text is an issue with its place, not an exception."""
    issues = vbpr_conformance.validate(form('{"resourceType": "MeasureReport", '))
    assert errors(issues)


def test_the_text_of_a_resource_is_judged_as_the_resource():
    """JSON text and parsed JSON lead to the same issues."""
    resource = {"resourceType": "Organization"}
    assert vbpr_conformance.validate(json.dumps(resource)) == vbpr_conformance.validate(resource)


def test_an_unknown_profile_and_an_unknown_edition_are_one_sentence():
    """Names that do not exist are answered with those that do."""
    with pytest.raises(UsageError, match="vbp-performance-measurereport"):
        vbpr_conformance.validate({"resourceType": "MeasureReport"}, "vbp-performance")
    with pytest.raises(UsageError, match=r"1\.1\.0"):
        vbpr_conformance.load_edition("9.9.9")
