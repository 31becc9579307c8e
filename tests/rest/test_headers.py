"""Header fields: order and spelling are kept, names are looked up in any case."""

from __future__ import annotations

import pytest

from vbpr_conformance.rest.exchange import Exchange
from vbpr_conformance.rest.headers import Headers

FIELDS = [("ETag", 'W/"1"'), ("Set-Cookie", "a=1"), ("set-cookie", "b=2")]


def test_fields_stay_as_they_were_sent():
    """Order, spelling and repetition are data."""
    headers = Headers(FIELDS)
    assert headers.fields == tuple(FIELDS)
    assert headers.every("SET-COOKIE") == ["a=1", "b=2"]


def test_names_are_looked_up_in_any_case():
    """Fields of one name are one value, joined by a comma."""
    headers = Headers(FIELDS)
    assert (headers["etag"], headers["Set-Cookie"]) == ('W/"1"', "a=1, b=2")
    assert ("ETAG" in headers, "Location" in headers, 7 in headers) == (True, False, False)
    assert (headers.get("Location"), dict(headers)) == (None, {"etag": 'W/"1"', "set-cookie": "a=1, b=2"})
    with pytest.raises(KeyError):
        headers["location"]


def test_equal_headers_hold_the_same_fields():
    """Immutable data can be compared and hashed."""
    assert Headers(FIELDS) == Headers(FIELDS)
    assert len({Headers(FIELDS), Headers(FIELDS), Headers({"ETag": 'W/"1"'})}) == 2


@pytest.mark.parametrize(
    ("body", "resource", "error"),
    [
        (b"", None, None),
        (b'{"resourceType": "Basic"}', {"resourceType": "Basic"}, None),
        (b"[1]", None, "a resource is a JSON object, found list"),
        (
            b"<?xml version='1.0'?><Basic/>",
            None,
            "the answer is XML, and no structure of the types was given to read it",
        ),
    ],
)
def test_a_body_is_read_when_asked_for(body, resource, error):
    """What was sent and what was answered are read alike; what is no resource says why."""
    exchange = Exchange("read", "GET", "http://a/Basic/1", Headers(), body, 200, Headers(), body, 0.1)
    assert (exchange.resource, exchange.parse_error) == (resource, error)
    assert exchange.request_resource == resource
