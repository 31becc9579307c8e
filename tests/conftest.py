"""Fixtures that all rooms share."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2] / "shared"
SPREAD = (
    "suite/test_fault_matrix.py",
    "suite/test_permitted_variations.py",
    "suite/test_reproduce.py",
    "observe/test_client_faults.py",
    "observe/test_styled_clients.py",
    "target/test_target_runs.py",
    "generate/test_faulty.py",
)
"""Files of many long tests: with `--dist loadfile` each of their tests goes to the worker that is free."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Spread the longest files over all workers, and keep the tests of each other file together."""
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class _Spreading(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            return nodeid if file.endswith(SPREAD) else file

    return _Spreading(config, log)


def pytest_collection_finish() -> None:
    """Resources read come and go by the thousand: Python need not look for garbage that often."""
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of official artifacts beside the project; tests that need it skip where it is missing."""
    if not SHARED.is_dir():
        pytest.skip("the official artifacts (../shared) are not beside the project")
    return SHARED


@pytest.fixture(scope="session")
def packages(shared: Path) -> Path:
    """The folder of official FHIR packages."""
    return shared / "ig" / "packages"


@pytest.fixture(scope="session")
def edition():
    """Edition 1.1.0 as the project states it."""
    from vbpr_conformance.ig.loader import load_edition

    return load_edition("1.1.0")


@pytest.fixture(scope="session")
def edition_1_0_0():
    """Edition 1.0.0 as the project states it."""
    from vbpr_conformance.ig.loader import load_edition

    return load_edition("1.0.0")


@pytest.fixture
def snapshot(request: pytest.FixtureRequest):
    """Compare a text with what is kept of it; `UPDATE_SNAPSHOTS=1 pytest` keeps the new one, for the diff to show."""

    def compare(name: str, text: str) -> None:
        file = Path(__file__).parent / "snapshots" / f"{name}.txt"
        if os.environ.get("UPDATE_SNAPSHOTS"):
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
        assert text == file.read_text(encoding="utf-8"), f"{file.name} says otherwise ({request.node.nodeid})"

    return compare


@pytest.fixture(scope="session")
def good_server():
    """The URL of a reference server without a fault, which all tests of this process share."""
    from vbpr_conformance.reference.process import running

    with running("1.1.0") as url:
        yield url


@pytest.fixture(scope="session")
def nursery():
    """Starts runs of the command line; one for all runs of this test process."""
    from forked_runs import opened

    with opened() as found:
        yield found
