"""`compare`: what got better or worse between runs."""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path

from vbpr_conformance.commands.options import Subparsers
from vbpr_conformance.errors import UsageError


def add(subparsers: Subparsers) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "compare",
        help="what got better or worse between runs",
        description="Compares runs, each with the one before it: of one server over time, of servers, or of editions.",
    )
    parser.add_argument("runs", metavar="RUN", nargs="+", type=Path, help="a results.json, or the folder of a run")
    parser.add_argument("--format", choices=("text", "md", "html"), default="text", help="how it is written")
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    """Print the comparison; 1 where something got worse."""
    from vbpr_conformance.report.comparison import as_markdown, as_text, compare, how_many, name_of, read_results

    if len(args.runs) == 1:
        raise UsageError("compare takes at least two runs, found one")
    found = [compare(*pair) for pair in itertools.pairwise(map(read_results, args.runs))]
    if args.format == "html":
        from vbpr_conformance.report.report_html import render

        print(render("comparison.html.j2", comparisons=found, name_of=name_of, how_many=how_many))
    else:
        print("\n".join(map(as_markdown if args.format == "md" else as_text, found)), end="")
    return int(any(each.worse for each in found))
