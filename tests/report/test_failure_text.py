"""How a verdict and what stands below it read, in every output that shows text."""

from __future__ import annotations

import dataclasses

import pytest

from vbpr_conformance.report.failure_text import evidence, full_text, pretty


@pytest.fixture
def named(record):
    """The results of a run by their names."""
    return {each.id: each for each in record.results}


def test_a_missed_should_is_shown_as_a_should(named, edition):
    """A warning of a case about a SHALL says SHOULD: that is what was missed."""
    first = full_text(named["batch"], edition).splitlines()[0]
    assert first == "WARN  batch   POST answered 501, expected 200   SHOULD"
    assert full_text(named["search-date/le"], edition).splitlines()[0].endswith("as well   SHALL")


def test_a_known_failure_says_why_it_is_known(named, edition):
    """The reason stands below the sentence, before the evidence."""
    lines = full_text(named["update-stale"], edition).splitlines()
    assert lines[1].split() == ["known", "until", "2027-06-30:", "ticket", "4711"]


def test_a_failure_shows_what_was_asked_for_and_where_it_stands(named, edition):
    """The requirement with its source, what was found, a command, the specification and the line of the suite."""
    found = dict(evidence(named["search-date/ge"], edition))
    assert [*found] == ["requirement", "missing", "differs", "seen again with", "specification", "suite"]
    assert found["requirement"].startswith("mr-search-date · https://")
    assert found["seen again with"].startswith("curl -s ")


def test_a_command_shows_a_fault_again_only_where_nothing_was_made_for_it(named, edition):
    """After a create the command is the request that was sent; a search by POST creates nothing."""
    failure = named["search-date/ge"]
    before = {**failure.exchanges[0], "failed": False, "method": "POST", "url": "https://payer.example/fhir/Measure"}
    created = dataclasses.replace(failure, exchanges=(before, *failure.exchanges))
    assert "request" in dict(evidence(created, edition))
    before["url"] += "/_search?_count=1"
    assert "seen again with" in dict(evidence(created, edition))


def test_a_pass_has_no_evidence_below_it(named, edition):
    """Nothing is left to prove."""
    assert evidence(named["read"], edition) == []


@pytest.mark.parametrize("body", ["[" * 20_000 + "… (400000 bytes)", "[" * 900 + "]" * 900], ids=["cut", "whole"])
def test_a_body_of_brackets_alone_does_not_grow(body):
    """Laid out by its depth it would be 400 MB of blanks."""
    assert len(pretty(body)) <= 100 * len(body)
