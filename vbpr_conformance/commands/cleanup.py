"""`cleanup`: deletes what an interrupted run left on a target."""

from __future__ import annotations

import argparse

from vbpr_conformance.commands import options, target
from vbpr_conformance.commands.options import Subparsers


def add(subparsers: Subparsers) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "cleanup",
        help="delete what an interrupted run left on a target",
        description="Deletes from a target what runs that were interrupted had created there and not deleted again.",
    )
    parser.add_argument("url", metavar="URL", help="base URL of the FHIR server")
    parser.add_argument("--run", metavar="ID", default=None, help="only what this run left (default: all runs)")
    options.access(parser)
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    """Delete, and say what was deleted and what still stands."""
    from vbpr_conformance.client.leftovers import clean_up

    with target.client(args.url, target.described(args)) as client:
        deleted, left = clean_up(client, client.base_url, args.run)
    print(f"{deleted} deleted, {len(left)} left on {client.base_url}")
    for each in left:
        print(f"  {each}")
    return 3 if left else 0
