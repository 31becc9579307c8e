"""Fixtures of the FHIR room."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def base_types(packages):
    """R4's types from the official package."""
    from base_types import BaseTypes

    return BaseTypes(packages)
