"""Joining what several runs found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from vbpr_conformance.errors import UsageError
from vbpr_conformance.report.merged_record import merged


def shards(record, *, of=2, whole=True):
    return [
        (
            Path(str(number)),
            replace(
                record,
                results=record.results[number - 1 :: of],
                selected=record.selected[number - 1 :: of],
                shard=f"{number}/{of}",
                whole=False,
                whole_before_shard=whole,
            ),
        )
        for number in range(1, of + 1)
    ]


def test_shards_together_say_what_one_run_says(record):
    """The same verdict of each requirement and of the run."""
    found = merged(shards(record)).summary()
    alone = replace(record, whole=True).summary()
    assert {each.requirement.id: each.verdict for each in found.requirements} == {
        each.requirement.id: each.verdict for each in alone.requirements
    }
    assert (found.verdict, found.counts) == (alone.verdict, alone.counts)


def test_all_shards_of_everything_are_everything(record):
    """A missing one leaves a gap, and so does what was narrowed before."""
    assert merged(shards(record)).whole
    assert not merged(shards(record, of=3)[:2]).whole
    assert not merged(shards(record, whole=False)).whole


def test_several_targets_are_kept_apart(record):
    """The same case of each is a case of its own."""
    other = replace(record, url="https://other.example/fhir")
    found = merged([(Path("a"), record), (Path("b"), other)])
    assert len(found.results) == 2 * len(record.results)
    assert {each.suite for each in found.results} == {
        "Search @ https://payer.example/fhir",
        "Search @ https://other.example/fhir",
    }
    assert found.tally.requests == 2 * record.tally.requests


def test_what_does_not_belong_together_is_refused(record, edition_1_0_0):
    """Another edition, or the same case twice."""
    with pytest.raises(UsageError, match=r"b: its edition is 1\.0\.0, that of a is 1\.1\.0"):
        merged([(Path("a"), record), (Path("b"), replace(record, edition=edition_1_0_0))])
    with pytest.raises(UsageError, match="b: the case 'read' was judged in a too"):
        merged([(Path("a"), record), (Path("b"), record)])
