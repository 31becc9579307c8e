"""Lines where people watch them, and where nobody does."""

from __future__ import annotations

import io
import re

import pytest

from vbpr_conformance.report.progress import Progress
from vbpr_conformance.report.terminal_style import is_watched, styled
from vbpr_conformance.report.terminal_summary import head, summary


class Terminal(io.StringIO):
    """A terminal of 80 columns."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _columns(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("NO_COLOR", "CI"):
        monkeypatch.delenv(name, raising=False)


def watched(record) -> str:
    """What a terminal of 80 columns is sent: the live part and the end."""
    out = Terminal()
    results, record.results = record.results, []
    progress = Progress(out, live=True)
    progress.begin(record)
    for result in results:
        record.results.append(result)
        progress.add(record, result)
    progress.end(record, record.summary())
    found = summary(record, record.summary(), folder="reports/x", report="reports/x/report.html")
    return out.getvalue() + "\n".join(styled(["", *found], watched=True)) + "\n"


def test_a_run_in_a_terminal(record, snapshot):
    """Colours lead to what is wrong; nothing is wider than the screen but what is to be copied: commands, links."""
    stays = re.sub(r"\r\x1b\[K[^\r\n]*(?=\r\x1b\[K)|\r\x1b\[K", "", watched(record))
    said = re.sub(r"(?m)^beyond   \d+", "beyond   N", stays).replace("\x1b", "^")
    snapshot("terminal", said)
    plain = re.sub(r"\^\[\d+m", "", said)
    copied = (" vbpr-conformance run", "  curl ", "  https://")
    assert [line for line in plain.splitlines() if len(line) > 80 and not any(map(line.__contains__, copied))] == []


def test_what_a_target_sent_colours_nothing():
    """Only our own words are coloured."""
    [line] = styled(["FAIL  x   \x1b[31mred"], watched=True)
    assert line == "\x1b[31mFAIL\x1b[0m  x   \\x1b[31mred"


def test_nothing_is_broken_or_coloured_where_nobody_watches(record):
    """A log is searched line by line."""
    lines = [*head(record), *summary(record, record.summary(), folder="x", report="y"), "word " * 40]
    assert "\x1b" not in "".join(styled(lines, watched=False))
    assert len(list(styled(["word " * 40], watched=False))) == 1


@pytest.mark.parametrize("name", ["NO_COLOR", "CI"])
def test_plain_lines_can_be_asked_for(monkeypatch, name):
    """By what the environment says; a pipe is no terminal."""
    assert is_watched(Terminal())
    assert not is_watched(io.StringIO())
    monkeypatch.setenv(name, "1")
    assert not is_watched(Terminal())
