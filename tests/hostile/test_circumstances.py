"""Where a run is started: no home, a small terminal, closed streams, full disks, few files, somebody's own conftest."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from vbpr_conformance.reference.process import running


@pytest.fixture(scope="module")
def url():
    with running("1.1.0") as found:
        yield found


def started(url, folder, shell="RUN", **environment):
    """Run one case by the shell; give the exit code and what was printed."""
    command = f"{sys.executable} -m vbpr_conformance run {url} --examples 1 -k read-unknown"
    env = {**os.environ, "VBPR_STATE_DIR": str(folder / "state"), **environment}
    script = ["bash", "-c", shell.replace("RUN", command)]
    done = subprocess.run(script, cwd=folder, env=env, capture_output=True, timeout=120, check=False)
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    assert "Traceback" not in said
    return done.returncode, said


@pytest.mark.parametrize(
    ("shell", "code"),
    [
        ("RUN >&-", 2),
        ("RUN 2>&-", 0),
        ("RUN > /dev/full", 2),
        ("ulimit -n 20; RUN", 0),
        ("ulimit -f 4; RUN", 2),
        ("touch out; RUN --out out", 2),
        ("echo 'raise RuntimeError' > conftest.py; RUN", 0),
        ("echo '[pytest]\naddopts = --nonsense' > pytest.ini; RUN", 0),
        ("unset HOME; RUN", 0),
        ("HOME=/nonexistent/home RUN", 0),
    ],
)
def test_a_run_copes_or_says_why_not(url, tmp_path, shell, code):
    """The exit code is that of the run, or 2 with a sentence."""
    found, said = started(url, tmp_path, shell)
    assert found == code, said


def test_a_terminal_that_knows_ascii_alone(url, tmp_path):
    """What it cannot show is a question mark."""
    code, said = started(url, tmp_path, LC_ALL="C", PYTHONUTF8="0", PYTHONIOENCODING="ascii")
    assert code == 0
    assert "CONFORMANT" in said
    assert said.isascii()


def test_a_damaged_cache_is_made_anew(url, tmp_path):
    """A cache is never an error."""
    cache = tmp_path / "cache"
    assert started(url, tmp_path, VBPR_CACHE_DIR=str(cache))[0] == 0
    for file in cache.rglob("*.pickle"):
        file.write_bytes(file.read_bytes()[:100])
    assert started(url, tmp_path, VBPR_CACHE_DIR=str(cache))[0] == 0
