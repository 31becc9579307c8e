"""The server as a child of a test run: `python -m vbpr_conformance.reference`. People use `vbpr-conformance serve`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from vbpr_conformance.errors import VbprError
from vbpr_conformance.ig.loader import load_edition
from vbpr_conformance.reference.listener import serve


def main() -> int:
    """Serve until standard input is closed or a signal comes."""
    parser = argparse.ArgumentParser(prog="python -m vbpr_conformance.reference")
    parser.add_argument("--edition", required=True)
    parser.add_argument("--fault")
    parser.add_argument("--variation", action="append", default=[])
    parser.add_argument("--data", action="append", default=[], type=Path)
    parser.add_argument("--store", type=Path)
    parser.add_argument("--auth")
    options = parser.parse_args()
    try:
        serve(
            "127.0.0.1",
            0,
            load_edition(options.edition),
            store=options.store,
            data=options.data,
            fault=options.fault,
            variations=options.variation,
            auth=options.auth,
            ends_with_stdin=True,
        )
    except VbprError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
