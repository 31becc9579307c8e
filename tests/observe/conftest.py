"""The bench that the tests of a session share."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from client_bench import make_bench


@pytest.fixture(scope="session")
def bench():
    """The bench of the newest edition."""
    return make_bench()
