"""`badge.svg`: the verdict of a run as a badge for a page."""

from __future__ import annotations

from html import escape
from pathlib import Path

from vbpr_conformance.report.report_writer import AtTheEnd, write_whole
from vbpr_conformance.suite.record import RunRecord
from vbpr_conformance.suite.run_summary import RunSummary

FILE = "badge.svg"
_COLOURS = {"conformant": "#1a7f37", "non-conformant": "#b42318", "incomplete": "#8a6100", "error": "#57606a"}
_CHARACTER = 6.6
_MARGIN = 12


class BadgeSvg(AtTheEnd):
    """Writes badge.svg into a folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def end(self, record: RunRecord, summary: RunSummary) -> None:
        """Write the file."""
        verdict = summary.verdict.value
        text = verdict if record.whole else f"{verdict} in part"
        write_whole(self._path, badge(f"VBPR {record.edition.version}", text, _COLOURS[verdict]))


def badge(label: str, said: str, colour: str) -> str:
    """Give a badge of two halves as SVG."""
    left, right = (int(len(text) * _CHARACTER) + _MARGIN for text in (label, said))
    name = escape(f"{label}: {said}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" aria-label="{name}">'
        f"<title>{name}</title>"
        f'<rect width="{left + right}" height="20" rx="3" fill="#24292f"/>'
        f'<path d="M{left} 0h{right - 3}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3H{left}z" fill="{colour}"/>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">'
        f'<text x="{left / 2}" y="14">{escape(label)}</text>'
        f'<text x="{left + right / 2}" y="14">{escape(said)}</text></g></svg>\n'
    )
