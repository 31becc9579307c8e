"""Many reports through `validate`, as a user starts it: how fast, and in how much memory.

    python benchmarks/ndjson.py [--reports 100000]

Prints the time for a thousand small reports, start included, then reports per second and the memory of the largest
process for a tenth of the reports and for all of them: the two should need the same.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from vbpr_conformance.fhir.json_codec import dumps
from vbpr_conformance.generate.builder import build
from vbpr_conformance.ig.loader import load_edition

DIFFERENT = 500
THOUSAND = 1000


def write(path: Path, count: int, size: str) -> int:
    """Write so many reports, some hundred of them different; give the bytes."""
    edition = load_edition("1.1.0")
    profile = edition.profiles[0]
    made = [dumps(build(profile, edition, Random(seed), size=size)).encode() + b"\n" for seed in range(DIFFERENT)]
    with path.open("wb") as file:
        for number in range(count):
            file.write(made[number % DIFFERENT])
    return path.stat().st_size


def validate(path: Path) -> tuple[float, int]:
    """Run the command; give the seconds and the most memory that one of its processes held, in MB."""
    command = [sys.executable, "-m", "vbpr_conformance", "validate", str(path)]
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        most = 0
        while process.poll() is None:
            most = max([most, *map(resident, family(process.pid))])
            time.sleep(0.2)
    if process.returncode != 0:
        raise SystemExit(f"validate ended with {process.returncode}: the reports are meant to be valid")
    return time.perf_counter() - start, most


def family(pid: int) -> list[int]:
    """A process and its children."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(each) for each in task.read_text().split()]
    return found


def resident(pid: int) -> int:
    """The memory that a process holds, in MB; 0 once it has ended."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


def main() -> None:
    """Print the lines."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reports", type=int, default=100_000)
    reports = parser.parse_args().reports
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "reports.ndjson"
        write(path, THOUSAND, "minimal")
        print(f"{THOUSAND} small reports, start included: {validate(path)[0]:.1f} s")
        for count in (reports // 10, reports):
            size = write(path, count, "typical")
            spent, most = validate(path)
            print(f"{count} reports, {size / 1e6:.0f} MB: {spent:.0f} s, {count / spent:.0f}/s, {most} MB at most")


if __name__ == "__main__":
    main()
