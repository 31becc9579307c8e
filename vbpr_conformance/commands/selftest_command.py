"""`selftest`: the matrix of faults and cases of this build, computed anew."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from vbpr_conformance.commands import options
from vbpr_conformance.commands.options import Subparsers

FILE = "selftest.json"


def add(subparsers: Subparsers) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "selftest",
        help="prove that this build sees every fault",
        description="Computes the matrix of faults and cases of this build anew: every fault caught, every case able "
        "to fail, every permitted variation passed. It takes a quarter of an hour and more.",
    )
    options.edition(parser)
    parser.add_argument("--out", metavar="DIR", type=Path, help="also write selftest.json and selftest.txt there")
    parser.add_argument("--only", metavar="WORD", help="only faults and variations whose name holds this word")
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    """Compute, print, write; 1 where something is not proven."""
    from vbpr_conformance.ig.loader import load_edition
    from vbpr_conformance.report.report_writer import write_whole
    from vbpr_conformance.selftest.fault_matrix import fault_matrix
    from vbpr_conformance.selftest.selftest_text import selftest_text

    word = args.only or ""
    made = fault_matrix(
        load_edition(args.edition), wanted=lambda name: word in name, told=lambda line: print(line, file=sys.stderr)
    )
    if args.out is not None:
        write_whole(args.out / FILE, json.dumps(made.as_dict(), indent=1, ensure_ascii=False) + "\n")
        write_whole(args.out / "selftest.txt", selftest_text(made))
    print(selftest_text(made), end="")
    return 0 if made.is_proven else 1
