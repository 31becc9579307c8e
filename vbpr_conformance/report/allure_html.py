"""The HTML that Allure 3 makes of `allure-results/`: https://allurereport.org/docs/v3/."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from vbpr_conformance.errors import UsageError
from vbpr_conformance.report.allure_results import CATEGORIES
from vbpr_conformance.report.allure_results import FOLDER as RESULTS
from vbpr_conformance.report.report_writer import write_whole

FOLDER = "allure-report"
_INSTALL = "npm install --global allure@3"
_LONGEST_S = 600
_TRACKER = re.compile(
    r'<script\b[^>]*\bsrc="https?://[^>]*>\s*</script>|<script\b[^>]*>(?:(?!</script>)[\s\S])*?\bgtag\([\s\S]*?</script>'
)


def make_allure_report(folder: Path, history: Path | None = None) -> Path:
    """Make the HTML of a run's results; without the program, or where it fails, a `UsageError` says what to do.

    `history` is the file in which Allure keeps what earlier reports showed, for trends.
    """
    results = folder / RESULTS
    if not results.is_dir() or not any(results.glob("*-result.json")):
        raise UsageError(f"{folder}: no {RESULTS}/ of a run, expected a folder that `run` wrote")
    program = shutil.which("allure")
    if program is None:
        raise UsageError(
            f"Allure is not installed: `{_INSTALL}` (needs Node.js), then again; report.html needs nothing"
        )
    out, config = folder / FOLDER, folder / RESULTS / "allurerc.json"
    write_whole(config, json.dumps(_configuration(out, history)))
    command = [program, "generate", str(results), "--config", str(config), "--output", str(out)]
    environment = {**os.environ, "ALLURE_NO_ANALYTICS": "1", "DO_NOT_TRACK": "1"}
    try:
        done = subprocess.run(  # noqa: S603  the program that the user installed, on a folder of ours
            command, env=environment, capture_output=True, text=True, timeout=_LONGEST_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError(f"{program} did not make the report: {error}") from None
    page = out / "index.html"
    if done.returncode or not page.is_file():
        text = (done.stderr or done.stdout).strip().splitlines()
        raise UsageError(f"{program} did not make the report: {text[-1] if text else 'it text nothing'}; `{_INSTALL}`?")
    _without_trackers(out)
    return page


def _configuration(out: Path, history: Path | None) -> dict[str, Any]:
    """Give Allure's configuration: it reads the categories here, and groups what is in one by its cause."""
    rules = [{**each, "groupBy": [{"label": "cause"}], "groupByMessage": False} for each in CATEGORIES]
    made = {"name": "VBPR conformance", "output": str(out.resolve()), "categories": {"rules": rules}}
    return made if history is None else {**made, "historyPath": str(history.resolve())}


def _without_trackers(folder: Path) -> None:
    """Take the analytics out of the pages: a report of a payer's server tells nobody that it was opened."""
    for page in folder.rglob("*.html"):
        text = _TRACKER.sub("", page.read_text(encoding="utf-8"))
        head, mark, rest = text.partition("<head>")
        policy = (
            '<meta http-equiv="Content-Security-Policy" '
            "content=\"default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:\">"
        )
        if mark and policy not in text:
            write_whole(page, f"{head}{mark}{policy}{rest}")
