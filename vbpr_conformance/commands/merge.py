"""`merge`: joins the outputs of shards, or of runs against several targets."""

from __future__ import annotations

import argparse
from pathlib import Path

from vbpr_conformance.commands.options import Subparsers
from vbpr_conformance.errors import UsageError


def add(subparsers: Subparsers) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "merge",
        help="join the outputs of shards or targets",
        description="Joins the outputs of the shards of a run, or of runs against several targets, into one.",
    )
    parser.add_argument("folders", metavar="DIR", nargs="+", type=Path, help="a folder that `run` wrote")
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="where to write")
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    """Write all outputs of the joined run, and give the exit code that its verdict has."""
    from vbpr_conformance.commands.run import EXIT_CODES
    from vbpr_conformance.report.merged_record import merged
    from vbpr_conformance.report.outputs import write_all
    from vbpr_conformance.report.record_file import read_record
    from vbpr_conformance.report.terminal_summary import head, summary
    from vbpr_conformance.rest.printable import printable

    if any(folder.resolve() == args.out.resolve() for folder in args.folders):
        raise UsageError(f"--out {args.out} is one of the folders to join; expected another")
    record = merged([(folder, read_record(folder)) for folder in args.folders])
    found = record.summary()
    troubles = write_all(record, found, args.out)
    lines = [*head(record), "", *summary(record, found, folder=str(args.out), report=str(args.out / "report.html"))]
    print("\n".join(printable(line) for line in lines))
    if troubles:
        raise UsageError("\n".join(troubles))
    return EXIT_CODES[found.verdict]
