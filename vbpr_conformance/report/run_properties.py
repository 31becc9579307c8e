"""What was run against what, as the names and texts that formats with properties state."""

from __future__ import annotations

from vbpr_conformance import __version__
from vbpr_conformance.suite.record import RunRecord


def run_properties(record: RunRecord) -> dict[str, str]:
    """Give target, edition and settings of a run; a text is empty where nothing is known."""
    return {
        "target": record.url,
        "software": f"{record.tally.software} {record.tally.version}".strip(),
        "edition": record.edition.version,
        "actor": record.actor,
        "seed": str(record.seed),
        "examples": str(record.examples),
        "harness": __version__,
        "interrupted": str(record.interrupted).lower(),
    }
