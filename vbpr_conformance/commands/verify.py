"""`verify`: checks a certification bundle, offline."""

from __future__ import annotations

import argparse
from pathlib import Path

from vbpr_conformance.commands.options import Subparsers
from vbpr_conformance.errors import UsageError


def add(subparsers: Subparsers) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "verify",
        help="check a certification bundle",
        description="Checks offline that a certification bundle is what its signer made, and says what it proves.",
    )
    parser.add_argument("bundle", metavar="BUNDLE", type=Path, help="the archive that `run --certify` wrote")
    parser.add_argument("--key", metavar="FILE", type=Path, help="the public key that must have signed it (PEM)")
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    """Say in a line what it proves and what not; 1 where it does not."""
    from vbpr_conformance.report.certification_bundle import UnprovenError, proof_of, read_public_key
    from vbpr_conformance.rest.printable import printable

    key = read_public_key(args.key) if args.key else None
    try:
        data = args.bundle.read_bytes()
    except OSError as error:
        raise UsageError(f"{args.bundle}: {error.strerror}; expected a bundle of `run --certify`") from None
    try:
        proof = proof_of(data, key)
    except UnprovenError as reason:
        print(printable(f"PROVES NOTHING   {args.bundle}: {reason}"))
        return 1
    run, manifest = proof.manifest["run"], proof.manifest
    whose = "that key is the one given" if key else "whose key that is, --key FILE tells"
    found = f"{run['target']} was found {manifest['verdict'].upper()} for VBPR {run['edition']} on {run['started']}"
    signed = f"{len(manifest['files'])} files unchanged, signed by {proof.fingerprint}; {whose}"
    limits = "It does not prove what the server did before or after, nor what no case tests."
    text = f"PROVEN   {found} by vbpr-conformance {run['harness']} ({signed}). {limits}"
    print(printable(text))
    return 0
