"""The recorder changes nothing: what a scenario is served by stands every test of servers."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.slow
def test_a_run_against_the_plain_scenario_is_conformant(tmp_path):
    command = [sys.executable, "-m", "vbpr_conformance"]
    served = subprocess.Popen(
        [*command, "observe", "--scenario", "plain", "--out", str(tmp_path / "observed")],
        stdout=subprocess.PIPE,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    try:
        base = next(each for each in served.stdout if each.startswith("ready on ")).split()[2]
        words = ["run", base, "--examples", "1", "--out", str(tmp_path / "run")]
        done = subprocess.run([*command, *words], capture_output=True, text=True, check=False, timeout=1500)
        assert "CONFORMANT" in done.stdout
        assert done.returncode == 0, done.stdout[-2000:]
    finally:
        served.kill()
        served.communicate()
