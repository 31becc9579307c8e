"""The packaged cases accuse nobody without a rule: each names where it stands, and the word that makes it binding."""

from __future__ import annotations

import re

import pytest

from vbpr_conformance.ig.loader import editions, load_edition
from vbpr_conformance.suite.coverage import all_cases

BINDING = re.compile(r"\b(SHALL|MUST|must)\b")
PAGES = ("https://hl7.org/fhir/", "https://www.rfc-editor.org/rfc/", "https://fetch.spec.whatwg.org/")


@pytest.mark.parametrize("version", editions())
def test_what_can_fail_quotes_what_binds(version):
    """A case that is no SHOULD links its page, and its description has the word of that page that binds."""
    cases = {case.spec.id: case for case in all_cases(load_edition(version))[0] if case.expectation != "SHOULD"}
    assert [each for each, case in cases.items() if not case.spec.link.startswith(PAGES)] == []
    assert [each for each, case in cases.items() if not BINDING.search(case.spec.description)] == []
