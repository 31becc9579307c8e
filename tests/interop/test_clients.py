"""Clients that others wrote do the plain tasks of `observe`; every verdict but a pass is recorded with its reason."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.interop, pytest.mark.slow]

LIBRARIES = Path(__file__).parent / ".work" / "clients"
PACKAGES = ("fhirpy==2.3.1", "fhirclient==4.4.0")
NODE_PACKAGES = ("fhirclient@2.6.3",)
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
CHOKED = dict.fromkeys(("relative-next/delivered", "relative-next/shown", "relative-next/scores"), "fail")
"""What a client that ends by an exception at a relative link shows: it choked on a conformant answer."""
RECORDED = {
    # R4 bundle.html#Bundle.link.url is a uri, and relative ones are legal: fhirpy cuts it wrongly into path and query,
    # and asks for what the server never gave.
    "with_fhirpy.py": {**ALONE, **CHOKED, "relative-next/paging": "fail"},
    # fhirclient of PyPI refuses a next link that is not absolute, by an exception of its own.
    "with_fhirclient.py": {**ALONE, **CHOKED},
    # fhirclient of npm puts a next link that begins with / behind the base, which is no resolution by RFC 3986.
    "with_fhirclient.cjs": {**ALONE, **CHOKED, "relative-next/paging": "fail"},
}


def client_command(script):
    """The command that runs a script with its library, which is installed once beside the project, not into it."""
    own = shlex.quote(str(Path(__file__).parent / "clients" / script))
    if script.endswith(".cjs"):
        command = ["npm", "install", "--prefix", str(LIBRARIES / "node"), "--ignore-scripts", *NODE_PACKAGES]
        installed(LIBRARIES / "node" / "node_modules" / "fhirclient", command)
        return f"NODE_PATH={shlex.quote(str(LIBRARIES / 'node' / 'node_modules'))} node {own}"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(LIBRARIES / "python"), *PACKAGES]
    installed(LIBRARIES / "python" / "fhirpy", command)
    return f"PYTHONPATH={shlex.quote(str(LIBRARIES / 'python'))} {shlex.quote(sys.executable)} {own}"


def installed(place, command):
    """Install a library where it is not there; without the means the test is skipped."""
    if place.is_dir():
        return
    if shutil.which(command[0]) is None:
        pytest.skip(f"needs {command[0]}")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"the client cannot be installed: {done.stderr[-200:]}")


@pytest.mark.parametrize("script", sorted(RECORDED))
def test_the_verdicts_of_a_client_are_as_recorded(tmp_path, script):
    words = [each for name in SCENARIOS for each in ("--scenario", name)]
    command = [sys.executable, "-m", "vbpr_conformance", "observe", "--seed", "4711", *words]
    subprocess.run(
        [*command, "--client-cmd", client_command(script), "--out", str(tmp_path)],
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
        if each["verdict"] not in {recorded.get(each["id"], "pass"), "pass", "skip"}:
            other[each["id"]] = (each["verdict"], each["message"])
    assert other == {}
    seen = {each["id"]: each["verdict"] for each in cases}
    stale = [key for key, verdict in recorded.items() if seen[key] != verdict]
    assert stale == []
