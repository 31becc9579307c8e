"""`schema`: the JSON Schema of suite files, for editors to complete and check them."""

from __future__ import annotations

import argparse
import json

from vbpr_conformance.commands.options import Subparsers


def add(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "schema",
        help="print the JSON Schema of suite files, for editors",
        description="Prints the JSON Schema of suite files: name it in an editor and it completes and checks suites.",
    )
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:  # noqa: ARG001  every command takes its options
    """Print the schema."""
    from vbpr_conformance.suite.json_schema import json_schema

    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    return 0
