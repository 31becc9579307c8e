"""How long the reports of a run of 1,000 cases take, how large report.html is, and how soon it can be used.

    python benchmarks/report.py RUN_FOLDER

The cases of the run are repeated until they are 1,000. Times are those of the processor, so that a busy machine does
not count; each is told in parts of what is allowed: 3 s for all reports, 5 ms a case for Allure, 3 MB and 1 s for
report.html.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from vbpr_conformance.report.allure_results import AllureResults
from vbpr_conformance.report.outputs import standard_writers
from vbpr_conformance.report.record_file import RecordFile, read_record
from vbpr_conformance.suite.record import RunRecord

CASES = 1_000
ALLOWED_S = 3.0
ALLOWED_ALLURE_S = 5.0
ALLOWED_MB = 3.0
ALLOWED_USABLE_S = 1.0
DURING_THE_RUN = (AllureResults, RecordFile)
"""They write each case when it comes; what they do at the end counts as beyond the run."""


def enlarged(record: RunRecord) -> RunRecord:
    """Give a record of 1,000 cases, made of those of another again and again."""
    known = record.results
    results = [replace(known[at % len(known)], id=f"{at}/{known[at % len(known)].id}") for at in range(CASES)]
    return replace(record, results=results, selected=(), deviations=())


def told(name: str, seconds: float, allowed: float | None = None) -> None:
    """Print a time, and how much of what is allowed it is."""
    part = f"   {seconds / allowed:6.0%} of what is allowed" if allowed else ""
    print(f"{name:<34} {seconds * 1000:8.0f} ms{part}")


def usable_after(page: Path) -> float | None:
    """Say how many seconds after it was asked for the filter of a page has worked once; None without a browser."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        return None
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  only where there is a browser

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        opened = browser.new_page()
        opened.goto(page.as_uri())
        took: float = opened.evaluate(
            "() => { const words = document.getElementById('words'); words.value = 'search';"
            " words.dispatchEvent(new Event('input', {bubbles: true})); return performance.now(); }"
        )
        browser.close()
    return took / 1000


def main() -> None:
    """Measure each writer, then the page."""
    if len(sys.argv) != 2:  # noqa: PLR2004 - the script and the folder
        sys.exit("expected the folder of a run: python benchmarks/report.py RUN_FOLDER")
    record = enlarged(read_record(Path(sys.argv[1])))
    summary = record.summary()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        beyond = 0.0
        for writer in standard_writers(out):
            writer.begin(replace(record, results=[]))
            started = time.process_time()
            if isinstance(writer, DURING_THE_RUN):
                for result in record.results:
                    writer.add(record, result)
            added = time.process_time()
            writer.end(record, summary)
            ended = time.process_time()
            beyond += ended - added
            if isinstance(writer, AllureResults):
                told("Allure, for 1,000 cases", ended - started, ALLOWED_ALLURE_S)
            told(f"  {type(writer).__name__}, at the end", ended - added)
        told("all, beyond the run", beyond, ALLOWED_S)
        page = out / "report.html"
        size = page.stat().st_size / 1e6
        print(f"{'report.html':<34} {size:8.2f} MB   {size / ALLOWED_MB:6.0%} of what is allowed")
        usable = usable_after(page)
        if usable is not None:
            told("report.html, filtered once", usable, ALLOWED_USABLE_S)


if __name__ == "__main__":
    main()
