"""Suites written on the spot, and servers in a process of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

CASE = """
suite: Small
actor: server
cases:
  - id: small
    title: A small case
    requirements: [mr-read]
    description: What it is about.
    link: https://hl7.org/fhir/R4/http.html#read
    does-not-check: Anything else.
    steps:
      - read: {type: MeasureReport, id: "1"}
        expect: {status: 404}
"""


@pytest.fixture
def write(tmp_path: Path):
    """Write a suite: the small one with one text in it replaced by another."""

    def make(old: str = "", new: str = "", *, text: str = CASE, name: str = "small.yaml") -> Path:
        assert old in text
        path = tmp_path / name
        path.write_text(text.replace(old, new, 1).lstrip(), encoding="utf-8")
        return path

    return make


@pytest.fixture(scope="session")
def cases(edition):
    """The packaged cases by their id."""
    from vbpr_conformance.suite.coverage import all_cases

    return {case.id: case for case in all_cases(edition)[0]}


@pytest.fixture
def context_for(edition):
    """Make the context of a run against a URL; what it created is deleted at the end."""
    from vbpr_conformance.client.client import FhirClient
    from vbpr_conformance.suite.context import Context, Settings

    made = []

    def make(url: str, run_id: str = "test", **settings) -> Context:
        client = FhirClient(url, structure=edition.structure)
        context = Context(edition, client, run_id, Settings(**{"examples": 2, "seed": 1, **settings}))
        made.append(context)
        return context

    yield make
    for context in made:
        context.resources.close()
        context.client.close()


@pytest.fixture(scope="session")
def validator(edition):
    """The validator of the edition."""
    from vbpr_conformance.validate.validator import Validator

    return Validator(edition)


@pytest.fixture
def evidence(edition, validator):
    """Make evidence of plain values."""
    from plain_evidence import PlainEvidence

    return lambda **parts: PlainEvidence(edition, validator, **parts)
