"""`python -m vbpr_conformance` is the command line."""

import sys

from vbpr_conformance.cli import main

if __name__ == "__main__":
    sys.exit(main())
