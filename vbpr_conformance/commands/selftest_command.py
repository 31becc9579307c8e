"""`selftest`: the matrix of faults and cases of this build, computed anew."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from vbpr_conformance.commands import options
from vbpr_conformance.commands.options import Subparsers

if TYPE_CHECKING:
    from vbpr_conformance.ig.edition import Edition
    from vbpr_conformance.selftest.fault_matrix import FaultMatrix

DATA, PAGE = "selftest.json", "selftest.html"


def add(subparsers: Subparsers) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "selftest",
        help="prove that this build sees every fault",
        description="Computes the matrix of faults and cases of this build anew: every fault caught, every case able "
        "to fail, every permitted variation passed. It takes some minutes on all cores.",
    )
    options.edition(parser)
    parser.add_argument("--out", metavar="DIR", type=Path, help=f"also write {DATA} and {PAGE} there")
    parser.add_argument("--only", metavar="WORD", help="only faults and variations whose name holds this word")
    parser.add_argument("--workers", metavar="N", type=options.whole_number(1), help="processes (default: all cores)")
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    """Compute, print, write; 1 where something is not proven."""
    from vbpr_conformance.ig.loader import load_edition
    from vbpr_conformance.selftest.selftest_text import selftest_text

    if args.out is not None:
        options.refuse_folder(args.out)
    made = computed(load_edition(args.edition), only=args.only or "", workers=args.workers)
    if args.out is not None:
        write(made, args.out)
    print(selftest_text(made), end="")
    return 0 if made.is_proven else 1


def computed(edition: Edition, *, only: str = "", workers: int | None = None) -> FaultMatrix:
    """Compute the matrix and show on the standard error output how far it is."""
    from vbpr_conformance.errors import UsageError
    from vbpr_conformance.report.terminal_style import is_watched
    from vbpr_conformance.selftest.prove import fault_matrix
    from vbpr_conformance.selftest.trial_progress import TrialProgress

    live = is_watched(sys.stderr)
    made = fault_matrix(
        edition, wanted=lambda name: only in name, told=TrialProgress(sys.stderr, live=live), workers=workers
    )
    if not made.faults and not made.permitted:
        raise UsageError(f"no fault and no variation has {only!r} in its name; `serve --list-faults` names them")
    return made


def write(made: FaultMatrix, folder: Path) -> None:
    """Write it as data and as a page."""
    from vbpr_conformance.report.report_writer import write_whole
    from vbpr_conformance.selftest.selftest_html import selftest_html

    write_whole(folder / DATA, json.dumps(made.as_dict(), indent=1, ensure_ascii=False) + "\n")
    write_whole(folder / PAGE, selftest_html(made))
