"""The bench that the tests of a session share."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from client_bench import make_bench


@pytest.fixture(scope="session")
def bench():
    """The bench of the newest edition."""
    return make_bench()


@pytest.fixture
def observe(nursery, tmp_path):
    """Runs the command to its end."""

    def run(*words):
        ended = nursery.run(["observe", *words], cwd=tmp_path, env={"CI": "1"}, seconds=240)
        return subprocess.CompletedProcess(words, ended.code, ended.out, ended.err)

    return run
