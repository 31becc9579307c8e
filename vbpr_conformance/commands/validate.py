"""`validate`: is this resource conformant? Offline, for files, folders and standard input."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from vbpr_conformance.commands import options
from vbpr_conformance.commands.options import Subparsers


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
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    """Check everything named; 0 all valid, 1 some invalid."""
    from vbpr_conformance.report import validation
    from vbpr_conformance.validate.batch import validate_paths

    outcomes = validate_paths(args.paths, edition=args.edition, profile=args.profile, packages=args.package)
    all_valid = validation.write(outcomes, args.format, sys.stdout, progress=sys.stderr)
    return 0 if all_valid else 1
