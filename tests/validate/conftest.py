"""A valid resource of each profile, and the validator of each edition."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

from vbpr_conformance.fhir import json_codec
from vbpr_conformance.validate.validator import Validator

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="session")
def validator(edition):
    """The validator of edition 1.1.0."""
    return Validator(edition)


@pytest.fixture(scope="session")
def validator_1_0_0(edition_1_0_0):
    """The validator of edition 1.0.0."""
    return Validator(edition_1_0_0)


@pytest.fixture(scope="session")
def _valid():
    return {file.stem: json_codec.loads(file.read_bytes()) for file in DATA.glob("*.json")}


@pytest.fixture
def valid(_valid):
    """Give a fresh copy of a valid resource: performance, quality or measure."""
    return lambda name: copy.deepcopy(_valid[name])
