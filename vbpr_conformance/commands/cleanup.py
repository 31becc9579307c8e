"""`cleanup`: deletes what an interrupted run left on a target."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from vbpr_conformance.commands import options, target
from vbpr_conformance.commands.options import Subparsers
from vbpr_conformance.errors import UsageError

if TYPE_CHECKING:
    from vbpr_conformance.client.client import FhirClient

SCRIPT = "left.sh"


def add(subparsers: Subparsers) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "cleanup",
        help="delete what an interrupted run left on a target",
        description="Deletes from a target what runs that were interrupted had created there and not deleted again.",
    )
    parser.add_argument("url", metavar="URL", help="base URL of the FHIR server")
    parser.add_argument("--run", metavar="ID", default=None, help="only what this run left (default: all runs)")
    parser.add_argument(
        "--by-tag",
        action="store_true",
        help="find it on the target by the runs' identifier, as where another machine has the journal; "
        "without --run also what runs of others that still go on have created",
    )
    options.access(parser)
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    """Delete, and say what was deleted and what still stands; the commands that delete that are put into a file."""
    from vbpr_conformance.client.leftovers import clean_up, clean_up_tagged
    from vbpr_conformance.report.left_script import left_script
    from vbpr_conformance.report.report_writer import write_whole
    from vbpr_conformance.suite.seed_payloads import TAG_SYSTEM

    with target.client(args.url, target.described(args)) as client:
        base = client.base_url
        if args.by_tag:
            deleted, left = clean_up_tagged(client, base, TAG_SYSTEM, _types(client), args.run)
        else:
            deleted, left = clean_up(client, base, args.run)
        commands = [client.curl_of_delete(each.reference) for each in left if each.reference is not None]
    print(f"{deleted} deleted, {len(left)} left on {base}")
    for each in left:
        print(f"  {each}")
    if commands:
        try:
            write_whole(Path(SCRIPT), left_script(base, commands))
        except OSError as error:
            raise UsageError(f"{SCRIPT} with the commands that delete it cannot be written: {error.strerror}") from None
        print(f"the commands that delete it: {SCRIPT}")
    return 3 if left else 0


def _types(client: FhirClient) -> dict[str, bool]:
    """Give the types that runs create, each with whether the target says that it has it; of all, where it says none."""
    from vbpr_conformance.ig.loader import editions, load_edition
    from vbpr_conformance.reference import served
    from vbpr_conformance.suite.untrusted import objects, string

    statement = client.capabilities().resource
    named = {string(each, "type") for rest in objects(statement, "rest") for each in objects(rest, "resource")}
    return {name: name in named or not named for version in editions() for name in served.types(load_edition(version))}
