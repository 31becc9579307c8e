"""The verdict as a sentence."""

from __future__ import annotations

from dataclasses import replace

from vbpr_conformance.report.run_in_words import in_words


def said(record) -> str:
    return in_words(record, record.summary()).replace(f"VBPR {record.edition.version}", "VBPR")


def test_what_is_broken_is_counted_and_why(record):
    """How many of how many, by how many causes, and what cannot be told."""
    looked_at = "SHALL requirements of VBPR that this run looked at"
    assert said(record) == f"This server breaks 1 of the 5 {looked_at}, all by one cause; 2 were not tested."


def test_what_is_kept_is_counted(conformant):
    """So that it is no larger claim than it is."""
    assert said(conformant) == "This server meets the 1 SHALL requirement of VBPR that this run looked at."
    conformant.whole = True
    assert "of VBPR were not tested." in said(conformant)


def test_a_run_that_tells_nothing_says_so(conformant):
    """Neither trouble nor cases of one's own are a verdict over the guide."""
    conformant.results = [replace(conformant.results[0], requirements=())]
    conformant.selected = ()
    assert said(conformant) == "No SHALL requirement of VBPR that this run looked at was among what was tested."
    conformant.trouble = "no answer"
    assert said(conformant).endswith("could not be told.")
