"""`generate`: prints synthetic payloads; same seed, same bytes."""

from __future__ import annotations

import argparse
import sys

from vbpr_conformance.commands import options
from vbpr_conformance.commands.options import Subparsers

ANY_RULE = ""


def add(subparsers: Subparsers) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "generate",
        help="print synthetic resources: conformant, or with exactly one rule broken",
        description="Prints synthetic resources of a profile, or whole contract packages; same seed, same bytes.",
    )
    parser.add_argument("profile", metavar="PROFILE", help="a profile's id or canonical URL, or contract-package")
    options.edition(parser)
    parser.add_argument("-n", type=options.whole_number(1), default=1, metavar="N", help="how many (default: 1)")
    parser.add_argument("--seed", type=options.whole_number(0), default=0, metavar="N", help="default: 0")
    parser.add_argument(
        "--faulty", nargs="?", const=ANY_RULE, default=None, metavar="RULE", help="break one rule, or this one"
    )
    parser.add_argument("--format", choices=("json", "ndjson", "bundle"), default="json")
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    """Print the payloads as asked for."""
    from vbpr_conformance.generate.api import payloads
    from vbpr_conformance.ig.loader import load_edition
    from vbpr_conformance.report.payload_formats import write

    faulty = True if args.faulty == ANY_RULE else args.faulty
    made = payloads(args.profile, load_edition(args.edition), n=args.n, seed=args.seed, faulty=faulty)
    write(made, args.format, sys.stdout)
    return 0
