"""What a run shows while it runs."""

from __future__ import annotations

import io

import pytest

from vbpr_conformance.report.progress import Progress
from vbpr_conformance.suite.verdicts import CaseResult, Verdict


def result(name, verdict=Verdict.PASS):
    return CaseResult(name, "Search", "A title", "SHALL", verdict, message="found 1 of 2", requests=3)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


def test_a_suite_is_shown_when_its_last_case_came():
    """Elsewhere than on a terminal only lines that stay are written: a log stays short."""
    out = io.StringIO()
    progress = Progress(out)
    progress.expect(["search.yaml", "search.yaml", "read.yaml"])
    progress.add(result("a"), "search.yaml")
    assert out.getvalue() == ""
    progress.add(result("b"), "search.yaml")
    progress.end()
    assert out.getvalue().split() == ["Search", "2", "pass"]


@pytest.mark.parametrize("verdict", [Verdict.FAIL, Verdict.WARN, Verdict.ERROR])
def test_trouble_is_shown_as_it_comes(verdict):
    """Nobody waits for the end of a run to see its first failure."""
    out = io.StringIO()
    progress = Progress(out)
    progress.expect(["search.yaml"] * 5)
    progress.add(result("a", verdict), "search.yaml")
    assert "found 1 of 2" in out.getvalue()


def test_a_terminal_has_a_live_line_that_goes_away():
    """The live line counts cases and requests, and nothing of it is left at the end."""
    out = Terminal()
    progress = Progress(out)
    progress.expect(["search.yaml"] * 5)
    progress.add(result("a"), "search.yaml")
    assert "1/5 cases · 3 requests" in out.getvalue()
    progress.end()
    assert out.getvalue().endswith("\r\x1b[K")
