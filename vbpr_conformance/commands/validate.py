"""`validate`: is this resource conformant? Offline, for files, folders and standard input."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from vbpr_conformance.commands import options
from vbpr_conformance.commands.options import Subparsers

REFRESH_S = 0.2


def add(subparsers: Subparsers) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "validate",
        help="check resources offline",
        description="Checks resources (JSON or XML; single, Bundle or NDJSON) against profiles, offline.",
    )
    parser.add_argument(
        "paths", metavar="FILE|DIR|-", nargs="+", help="what to check: files, folders, - for standard input"
    )
    options.edition(parser)
    parser.add_argument(
        "--profile", metavar="NAME|URL", help="check against this profile (default: meta.profile, else the base type)"
    )
    parser.add_argument(
        "--package",
        metavar="FILE|DIR",
        type=Path,
        action="append",
        default=[],
        help="a FHIR package or a single conformance resource to know besides (repeatable)",
    )
    parser.add_argument("--format", choices=("text", "json", "fhir"), default="text")
    parser.add_argument(
        "--all", action="store_true", help="text: show each finding at each place, not once with how often it was found"
    )
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    """Check everything named; 0 all valid, 1 some invalid."""
    from vbpr_conformance.ig.loader import load_edition
    from vbpr_conformance.report import validation
    from vbpr_conformance.validate.batch import validate_paths

    shown = _progress(sys.stderr)
    outcomes = validate_paths(
        args.paths,
        edition=load_edition(args.edition).version,
        profile=args.profile,
        packages=args.package,
        progress=shown,
        warn=lambda trouble: print(f"warning: {trouble}", file=sys.stderr),
    )
    all_valid = validation.write(outcomes, args.format, sys.stdout, every=args.all)
    if shown is not None:
        sys.stderr.write("\r\x1b[K")
    return 0 if all_valid else 1


def _progress(out: TextIO) -> Callable[[int], None] | None:
    """Count on a terminal what was checked so far; elsewhere stay silent."""
    if not out.isatty() or sys.stdout.isatty():
        return None
    drawn = 0.0

    def show(done: int) -> None:
        nonlocal drawn
        if time.monotonic() - drawn > REFRESH_S:
            drawn = time.monotonic()
            out.write(f"\r\x1b[K{done:,} resources checked")
            out.flush()

    return show
