"""`serve`: the embedded reference server, for trying things out and for testing clients."""

from __future__ import annotations

import argparse
from pathlib import Path

from vbpr_conformance.commands import options
from vbpr_conformance.commands.options import Subparsers


def add(subparsers: Subparsers) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "serve",
        help="start the reference server",
        description="Serves FHIR R4 at http://HOST:PORT/fhir until interrupted; says `ready on URL` once it answers.",
    )
    parser.add_argument("--host", metavar="H", default="127.0.0.1", help="default: 127.0.0.1")
    parser.add_argument(
        "--port", metavar="P", type=options.whole_number(0), default=8080, help="default: 8080; 0 takes a free one"
    )
    options.edition(parser)
    parser.add_argument(
        "--store", metavar="FILE", type=Path, help="SQLite file that keeps the data (default: in memory)"
    )
    parser.add_argument(
        "--data", metavar="FILE|DIR", type=Path, action="append", default=[], help="resources to load at start"
    )
    parser.add_argument("--fault", metavar="NAME", help="break one rule, see --list-faults")
    parser.add_argument(
        "--auth",
        choices=["bearer", "basic", "client-credentials", "smart-backend", "mtls"],
        help="ask for credentials; what a client needs is printed as JSON on one line, which `run --config` reads",
    )
    parser.add_argument("--list-faults", action="store_true", help="list the faults and what each breaks")
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    """Serve until interrupted, or list the faults."""
    from vbpr_conformance.ig.loader import load_edition
    from vbpr_conformance.reference import faults, listener

    edition = load_edition(args.edition)
    if args.list_faults:
        catalogue = faults.catalogue(edition)
        width = max(len(name) for name in catalogue)
        for name, fault in catalogue.items():
            print(f"{name:<{width}}  {fault.description}")
        return 0
    listener.serve(args.host, args.port, edition, store=args.store, data=args.data, fault=args.fault, auth=args.auth)
    return 0
