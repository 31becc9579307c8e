"""How long the reports of a run of 1,000 cases take, and how large report.html is.

    python benchmarks/report.py [RECORD_FOLDER]

Without a folder the cases of one made-up record are repeated; with one, those of a run.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from vbpr_conformance.report.allure_results import AllureResults
from vbpr_conformance.report.outputs import standard_writers
from vbpr_conformance.report.record_file import read_record
from vbpr_conformance.suite.record import RunRecord

CASES = 1_000


def enlarged(record: RunRecord) -> RunRecord:
    """Give a record of 1,000 cases, made of those of another again and again."""
    known = record.results
    results = [replace(known[at % len(known)], id=f"{at}/{known[at % len(known)].id}") for at in range(CASES)]
    return replace(record, results=results, selected=(), deviations=())


def main() -> None:
    """Measure each writer."""
    record = enlarged(read_record(Path(sys.argv[1])))
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        total = 0.0
        for writer in standard_writers(out):
            started = time.perf_counter()
            writer.begin(replace(record, results=[]))
            if isinstance(writer, AllureResults):
                for result in record.results:
                    writer.add(record, result)
            writer.end(record, record.summary())
            took = time.perf_counter() - started
            total += took
            print(f"{type(writer).__name__:<18} {took * 1000:8.0f} ms   {took * 1000 / CASES:6.2f} ms a case")
        print(f"{'all':<18} {total * 1000:8.0f} ms")
        print(f"report.html        {(out / 'report.html').stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
