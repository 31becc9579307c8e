"""What the pages show of a run: a real one, on the reference server with a fault, made when the site is built."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from vbpr_conformance.ig.loader import load_edition
from vbpr_conformance.reference.process import running

FAULT = "search-date-ignored"
CASES = "search-date or search-status or read"


@dataclass(frozen=True)
class RealRun:
    """What it printed, and a picture of its report; without Chromium there is no picture."""

    printed: str
    picture: bytes | None


def real_run() -> RealRun:
    """Run a few cases and look at what they leave."""
    with tempfile.TemporaryDirectory() as folder, running(load_edition().version, fault=FAULT) as url:
        command = [sys.executable, "-m", "vbpr_conformance", "run", url, "-k", CASES]
        done = subprocess.run(  # noqa: S603  our own command
            [*command, "--examples", "1", "--seed", "4711", "--out", "reports/first"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        printed = done.stdout.replace(url, "https://payer.example/fhir").replace(f"{Path(__file__).parents[1]}/", "")
        return RealRun(printed, _picture(Path(folder) / "reports" / "first" / "report.html"))


def _picture(page: Path) -> bytes | None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        return None
    made = page.with_suffix(".png")
    look = ["--headless=new", "--no-sandbox", "--hide-scrollbars", "--window-size=1100,900", f"--screenshot={made}"]
    subprocess.run([chromium, *look, page.as_uri()], check=True, capture_output=True, timeout=110)  # noqa: S603
    return made.read_bytes()
