"""`ig diff`: compares an edition with an official FHIR package."""

from __future__ import annotations

import argparse
from pathlib import Path

from vbpr_conformance.commands.options import Subparsers


def add(subparsers: Subparsers) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser("ig", help="look at editions of the guide")
    below = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    diff = below.add_parser(
        "diff",
        help="compare an edition with an official FHIR package",
        description="Compares the edition stated in suites/ with an official FHIR package, artifact by artifact.",
    )
    diff.add_argument("package", type=Path, metavar="PACKAGE", help="a .tgz, or the folder it was unpacked to")
    diff.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    """Print every difference; 0 where there is none, 1 where there is."""
    from vbpr_conformance.ig import diff

    edition = diff.edition_for(args.package)
    differences = diff.diff(edition, args.package)
    print(f"edition {edition.version} here, {diff.title(args.package)} in the package")
    for line in diff.lines(differences):
        print(line)
    print(f"{len(differences)} difference{'' if len(differences) == 1 else 's'}" if differences else "no difference")
    return 1 if differences else 0
