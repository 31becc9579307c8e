"""Small definitions on top of an edition, for the tests of this room."""

from __future__ import annotations

import pytest

from vbpr_conformance.ig.definitions import Definitions
from vbpr_conformance.ig.edition import Edition


@pytest.fixture
def with_mine(edition):
    """The edition with a few resources more."""

    def make(*resources):
        added = [(f"mine-{index}.json", each) for index, each in enumerate(resources)]
        return Edition(edition.version, Definitions(added, below=edition.definitions), edition.own)

    return make
