"""Fixtures of the battery."""

from __future__ import annotations

import pytest

from vbpr_conformance.reference.process import running


@pytest.fixture(scope="session")
def good_server():
    """The reference server that stands behind the targets."""
    with running("1.1.0") as url:
        yield url
