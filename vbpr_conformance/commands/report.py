"""`report`: the pages of a run, made again of its record, and Allure's."""

from __future__ import annotations

import argparse
from pathlib import Path

from vbpr_conformance.commands.options import Subparsers
from vbpr_conformance.errors import UsageError


def add(subparsers: Subparsers) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "report",
        help="make the Allure HTML of a run",
        description="Makes the Allure HTML of a run in DIR/allure-report/, with the npm package `allure` 3; "
        "what an interrupted run left unwritten is made first.",
    )
    parser.add_argument("folder", metavar="DIR", type=Path, help="a folder that `run` wrote")
    parser.add_argument(
        "--history", metavar="FILE", type=Path, help="a file that keeps what reports showed, for trends across runs"
    )
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    """Make what is missing, then Allure's report."""
    from vbpr_conformance.report.allure_html import make_allure_report
    from vbpr_conformance.report.outputs import write_all
    from vbpr_conformance.report.record_file import read_record
    from vbpr_conformance.report.report_html import FILE

    record = read_record(args.folder)
    if not (args.folder / FILE).is_file():
        troubles = write_all(record, record.summary(), args.folder)
        if troubles:
            raise UsageError("\n".join(troubles))
    print(make_allure_report(args.folder, args.history))
    return 0
