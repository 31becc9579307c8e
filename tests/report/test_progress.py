"""What a run shows while it runs."""

from __future__ import annotations

import io

import pytest

from vbpr_conformance.report.progress import Progress


def shown(record, *, live=False, verbosity=0):
    out = io.StringIO()
    progress = Progress(out, live=live, verbosity=verbosity)
    results, record.results = record.results, []
    progress.begin(record)
    for result in results:
        record.results.append(result)
        progress.add(record, result)
    progress.end(record, record.summary())
    return out.getvalue()


def test_target_edition_and_seed_come_first(record):
    """A run that is killed can be repeated."""
    first, second, *_ = shown(record).splitlines()
    assert "VBPR 1.1.0" in first
    assert "seed 4711" in first
    assert second.startswith("target   https://payer.example/fhir")


def test_the_first_failure_of_each_cause_is_shown_as_it_comes_and_its_suite_at_its_end(record, snapshot):
    """Nobody waits for the end to see the first, nor reads the same a hundred times."""
    snapshot("progress", shown(record))


@pytest.mark.parametrize(("verbosity", "expected"), [(-1, 0), (0, 1), (1, 2)])
def test_more_or_less_can_be_shown(record, verbosity, expected):
    """`-v` shows every failure with its exchanges, `-q` nothing but the end."""
    said = shown(record, verbosity=verbosity)
    assert said.count("FAIL  search-date/") == expected
    assert ("step 1" in said) == (verbosity > 0)
    assert (said == "") == (verbosity < 0)


def test_a_terminal_has_a_live_line_that_goes_away(record):
    """The live line counts cases and requests, and nothing of it is left at the end."""
    said = shown(record, live=True)
    assert "1/8 cases · 3 requests" in said
    assert said.endswith("\r\x1b[K")


def test_a_target_does_not_draw_on_the_screen(record):
    """Control characters that it sent are shown as what they are."""
    assert "\x1b" not in shown(record)
    assert "no answer\\x1b[31m in 30 s" in shown(record)
