"""Clients that others wrote do the plain tasks of `observe`; every verdict but a pass is recorded with its reason."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.interop, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
LIBRARIES = ROOT / ".work" / "clients"
PACKAGES = ("fhirpy==2.3.1", "fhirclient==4.4.0")
SCENARIOS = (
    "plain",
    "report",
    "contract",
    "versions",
    "cited",
    "search-date",
    "pages-of-one",
    "zero-scores",
    "relative-next",
)
ALONE = {
    "plain/xml": "warn",  # the library speaks JSON only; the guide states no strength for XML
}
RECORDED = {
    # R4 bundle.html#Bundle.link.url is a uri, and relative ones are legal: fhirpy cuts it wrongly into path and query,
    # and asks for what the server never gave.
    "with_fhirpy.py": {**ALONE, "relative-next/paging": "fail", "relative-next/*": "error"},
    # fhirclient refuses a next link that is not absolute, by an exception of its own.
    "with_fhirclient.py": {**ALONE, "relative-next/*": "error"},
}


@pytest.fixture(scope="module")
def libraries():
    """The libraries, installed once beside the project and not into it."""
    if not (LIBRARIES / "fhirpy").is_dir():
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(LIBRARIES), *PACKAGES]
        installed = subprocess.run(command, capture_output=True, text=True, check=False)
        if installed.returncode:
            pytest.skip(f"the clients cannot be installed: {installed.stderr[-200:]}")
    return LIBRARIES


@pytest.mark.parametrize("script", sorted(RECORDED))
def test_the_verdicts_of_a_client_are_as_recorded(libraries, tmp_path, script):
    words = [each for name in SCENARIOS for each in ("--scenario", name)]
    own = Path(__file__).parent / "clients" / script
    client = f"PYTHONPATH={shlex.quote(str(libraries))} {shlex.quote(sys.executable)} {shlex.quote(str(own))}"
    command = [sys.executable, "-m", "vbpr_conformance", "observe", "--seed", "4711", *words]
    subprocess.run(
        [*command, "--client-cmd", client, "--out", str(tmp_path)],
        capture_output=True,
        env={**os.environ, "CI": "1"},
        check=False,
        timeout=600,
    )
    cases = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))["cases"]
    assert len(cases) > 40
    recorded = RECORDED[script]
    other = {}
    for each in cases:
        expected = recorded.get(each["id"], recorded.get(f"{each['id'].partition('/')[0]}/*", "pass"))
        if each["verdict"] not in {expected, "pass", "skip"}:
            other[each["id"]] = (each["verdict"], each["message"])
    assert other == {}
    seen = {each["id"]: each["verdict"] for each in cases}
    stale = [key for key, verdict in recorded.items() if "*" not in key and seen[key] != verdict]
    assert stale == []
