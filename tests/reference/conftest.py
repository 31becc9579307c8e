"""Servers in this process, good and changed."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest
from straight_client import Client

from vbpr_conformance.reference.app import make_app
from vbpr_conformance.reference.store import Store


@pytest.fixture
def serve(edition):
    """Make a client of a server with faults or variations."""

    def make(*, store: Store | None = None, validate: bool = True, countable: bool = False, **options: Any) -> Client:
        app = make_app(edition, store or Store(), validate=validate, **options)
        if countable:
            numbers = itertools.count(1)
            app.server.behaviour = replace(app.server.behaviour, new_id=lambda: f"n{next(numbers)}")
        return Client(app)

    return make


@pytest.fixture
def client(serve) -> Client:
    """A client of the good server."""
    return serve()
