"""What is read of an answer, and what is kept of a large one."""

from __future__ import annotations

import json

from vbpr_conformance.rest.exchange import Exchange
from vbpr_conformance.rest.headers import Headers


def answered(body: bytes) -> Exchange:
    return Exchange("read", "GET", "http://x/fhir/A/1", Headers(), b"", 200, Headers(), body, 0.0)


def large(text: str) -> Exchange:
    return answered(json.dumps({"resourceType": "A", "text": text * (1 << 20)}).encode())


def test_of_large_answers_one_is_kept_read():
    """The latest is read once; one before it is read again, to the same."""
    one, other = large("x"), large("y")
    assert one.resource is one.resource
    first = one.resource
    assert other.resource["text"][0] == "y"
    assert one.resource is not first
    assert one.resource == first


def test_more_values_than_memory_can_hold_are_not_read():
    """A body of many small values takes twenty times its size."""
    found = answered(b'{"resourceType": "A", "a": [' + b"{}," * 1_000_000 + b"{}]}")
    assert found.resource is None
    assert found.parse_error == "it holds more than 600,000 values"


def test_for_long_only_the_beginning_is_kept():
    """Of a large body; a small one stays as it is."""
    small = answered(b'{"resourceType": "A"}')
    assert small.lightened() is small
    assert len(large("x").lightened().body) < 1 << 16
