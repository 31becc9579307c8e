"""Where a run is started: no home, a small terminal, closed streams, full disks, few files, somebody's own conftest."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys

import pytest

ONE_CASE = ("--examples", "1", "-k", "read-unknown")


def started(url, folder, shell="RUN", **environment):
    """Run one case by the shell; give the exit code and what was printed."""
    command = f"{sys.executable} -m vbpr_conformance run {url} {' '.join(ONE_CASE)}"
    ours = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}  # it copes less
    env = {**ours, "VBPR_STATE_DIR": str(folder / "state"), **environment}
    script = ["bash", "-c", shell.replace("RUN", command)]
    done = subprocess.run(script, cwd=folder, env=env, capture_output=True, timeout=120, check=False)
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    assert "Traceback" not in said
    return done.returncode, said


@pytest.mark.parametrize(
    ("shell", "code"),
    [
        ("RUN >&-", 2),
        ("RUN >&- 2>&-", 2),
        ("RUN <&-", 0),
        ("RUN 2>&-", 0),
        ("RUN > /dev/full", 2),
        ("ulimit -n 20; RUN", 0),
        ("ulimit -f 4; RUN", 2),
        ("PYTHONWARNINGS=error RUN", 0),
        ("LC_ALL=tr_TR.UTF-8 LANG=xx_YY RUN", 0),
    ],
)
def test_a_run_copes_or_says_why_not(good_server, tmp_path, shell, code):
    """The exit code is that of the run, or 2 with a sentence."""
    found, said = started(good_server, tmp_path, shell)
    assert found == code, said


@pytest.mark.parametrize(
    ("file", "text"), [("conftest.py", "raise RuntimeError"), ("pytest.ini", "[pytest]\naddopts = --nonsense")]
)
def test_what_lies_in_the_folder_is_not_ours(good_server, nursery, tmp_path, file, text):
    """Somebody's own tests are none of a run."""
    (tmp_path / file).write_text(text, encoding="utf-8")
    ended = nursery.run(["run", good_server, *ONE_CASE], cwd=tmp_path)
    assert ended.code == 0, ended.text


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTEST_ADDOPTS": "--nonsense -p no:terminal", "PYTEST_PLUGINS": "nonsense"},
        {"TMPDIR": "/nonexistent"},
        {"HOME": "/nonexistent/home"},
        {"HOME": None},
    ],
    ids=repr,
)
def test_what_stands_in_the_environment_is_not_ours(good_server, nursery, tmp_path, environment):
    """Somebody's own settings are none of a run."""
    ended = nursery.run(["run", good_server, *ONE_CASE], cwd=tmp_path, env=environment)
    assert ended.code == 0, ended.text


@pytest.mark.parametrize(("options", "code"), [((), 2), (("--out", "{here}/out"), 0)])
def test_a_folder_that_cannot_be_written_to(good_server, nursery, tmp_path, options, code):
    """Is one sentence, and no matter where the results go elsewhere."""
    out = [each.format(here=tmp_path) for each in options] or ["--out", "out"]
    ended = nursery.run(["run", good_server, *ONE_CASE, *out], cwd=tmp_path, start_in="/proc")
    assert (ended.code, "Traceback" in ended.text) == (code, False), ended.text


def test_a_file_in_the_place_of_the_folder(good_server, nursery, tmp_path):
    """Is one sentence."""
    (tmp_path / "out").touch()
    ended = nursery.run(["run", good_server, *ONE_CASE, "--out", "out"], cwd=tmp_path)
    assert (ended.code, "Traceback" in ended.text) == (2, False), ended.text


JUMPS = """
import time
real, calls = time.time, [0]
def jumping():
    calls[0] += 1
    return real() + (-86_400 if calls[0] % 2 else 86_400)
time.time = jumping
"""


@pytest.mark.parametrize(
    "code", ["raise RuntimeError('theirs')", "print('theirs')", JUMPS], ids=["breaks", "prints", "clock"]
)
def test_somebodys_sitecustomize(good_server, tmp_path, code):
    """What others put into every Python, a clock that jumps by days included, changes no verdict."""
    (tmp_path / "sitecustomize.py").write_text(code, encoding="utf-8")
    found, said = started(
        good_server, tmp_path, PYTHONPATH=os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    )
    assert found == 0, said


@pytest.mark.parametrize(
    ("shell", "code"),
    [("umount /dev/shm && RUN --workers 2", 0), ("mkdir d && mount -t tmpfs -o size=64k none d && cd d && RUN", 2)],
    ids=["no /dev/shm", "a full disk"],
)
def test_a_system_that_lacks_something(good_server, tmp_path, shell, code):
    """Without shared memory, and on a disk that is full: as usual, or one sentence."""
    try:
        subprocess.run(["unshare", "-m", "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("file systems of its own need more rights than there are here")
    found, said = started(good_server, tmp_path, f"unshare -m bash -c '{shell}'")
    assert found == code, said


def test_a_terminal_that_knows_ascii_alone(good_server, tmp_path):
    """What it cannot show is a question mark."""
    code, said = started(good_server, tmp_path, LC_ALL="C", PYTHONUTF8="0", PYTHONIOENCODING="ascii")
    assert code == 0
    assert "CONFORMANT" in said
    assert said.isascii()


def test_a_damaged_cache_is_made_anew(good_server, tmp_path):
    """A cache is never an error."""
    cache = tmp_path / "cache"
    assert started(good_server, tmp_path, VBPR_CACHE_DIR=str(cache))[0] == 0
    for damaged in (lambda whole: whole[:100], lambda _: pickle.dumps({"of": "another version"})):
        for file in cache.rglob("*.pickle"):
            file.write_bytes(damaged(file.read_bytes()))
        assert started(good_server, tmp_path, VBPR_CACHE_DIR=str(cache))[0] == 0
