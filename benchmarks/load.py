"""How long an edition takes to load: made from its files, and from the cache on disk, each in a fresh process.

    python benchmarks/load.py

The aims are 1.5 s from the files and 60 ms from the cache.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

LOAD = """
import sys, time
from vbpr_conformance.ig.loader import load_edition
start = time.process_time()
load_edition(sys.argv[1])
print(time.process_time() - start)
"""
ROUNDS = 3


def seconds(edition: str, folder: str) -> float:
    """The processor time of one load, with the cache in a folder."""
    command = [sys.executable, "-c", LOAD, edition]
    done = subprocess.run(
        command, env={**os.environ, "VBPR_CACHE_DIR": folder}, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def main() -> None:
    """Print a line for each edition, the best of some rounds."""
    for edition in ("1.1.0", "1.0.0"):
        made, cached = [], []
        for _ in range(ROUNDS):
            with tempfile.TemporaryDirectory() as folder:
                made.append(seconds(edition, folder))
                cached.append(seconds(edition, folder))
        print(f"{edition}: {min(made) * 1000:.0f} ms from its files, {min(cached) * 1000:.0f} ms from the cache")


if __name__ == "__main__":
    main()
