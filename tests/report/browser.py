"""Debian's Chromium without a screen, for pages that have to be looked at."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest

_RUN_AXE = """
<script>axe.run(document, {resultTypes: ['violations']}).then(function (found) {
  document.documentElement.setAttribute('data-axe', JSON.stringify(found.violations.map(function (each) {
    return each.id + ': ' + each.nodes.slice(0, 3).map(function (node) { return node.html; }).join(' ');
  })));
});</script>
"""


def chromium() -> str:
    """Give the browser's command; without one the test is skipped."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium (apt-get install chromium)")
    return found


def dom(page: Path, *, width: int = 1200, dark: bool = False) -> str:
    """Give what the page is after its scripts ran."""
    command = [chromium(), "--headless=new", "--no-sandbox", "--disable-gpu", f"--window-size={width},900"]
    command += ["--force-dark-mode", "--blink-settings=preferredColorScheme=0"] if dark else []
    command += ["--virtual-time-budget=30000", "--dump-dom", page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=110).stdout


def axe_script(folder: Path) -> str:
    """Give axe-core, fetched by npm."""
    if shutil.which("npm") is None:
        pytest.skip("no npm to fetch axe-core with")
    done = subprocess.run(
        ["npm", "install", "--silent", "--prefix", folder, "axe-core@4"], capture_output=True, check=False, timeout=110
    )
    if done.returncode:
        pytest.skip("axe-core cannot be fetched")
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def violations(html: str, axe: str, folder: Path, **look: bool) -> list[str]:
    """Give what axe-core finds wrong with a page."""
    page = folder / "checked.html"
    page.write_text(html.replace("</body>", f"<script>{axe}</script>{_RUN_AXE}</body>"), encoding="utf-8")
    found = re.search(r'data-axe="([^"]*)"', dom(page, **look))
    assert found, "axe-core did not run"
    return json.loads(unescape(found[1]))
