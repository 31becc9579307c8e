"""The catalogue of faults: each is visible to a client, and breaks what it says."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from straight_client import Client
from transcripts import interactions, queries, searchable, washed

from vbpr_conformance.errors import UsageError
from vbpr_conformance.ig.loader import load_edition
from vbpr_conformance.reference.app import make_app
from vbpr_conformance.reference.behaviour import Behaviour
from vbpr_conformance.reference.faults import catalogue, find_fault
from vbpr_conformance.reference.store import Store

FAULTS = catalogue(load_edition("1.1.0"))
OF_PARAMETERS = [name for name, fault in FAULTS.items() if "search" in fault.breaks]
OF_ELEMENTS = [name for name, fault in FAULTS.items() if "element" in fault.breaks]
OTHERS = [
    name
    for name, fault in FAULTS.items()
    if name not in {*OF_PARAMETERS, *OF_ELEMENTS} and not fault.needs_credentials  # those: test_access.py
]


def test_catalogue():
    """Each fault has a name of its own, says in a sentence what goes wrong, and which requirement that breaks."""
    assert len(OTHERS) >= 24
    for name, fault in FAULTS.items():
        assert name == fault.name
        assert name == name.lower()
        assert len(fault.description) > 10
        assert fault.breaks
    assert len({fault.description for fault in FAULTS.values()}) == len(FAULTS)


def test_names_stay_apart(edition_1_0_0):
    """No two faults have the same name, in either edition."""
    assert len(catalogue(edition_1_0_0)) > len(OTHERS)


@pytest.mark.parametrize("key", ["search", "element", "conditional", "include", "interaction"])
def test_every_requirement_has_a_fault(edition, key):
    """For each search parameter, element and conditional interaction that a server must support there is a fault."""
    broken = [fault.breaks for fault in FAULTS.values()]
    asked = [each for each in edition.requirements if each.actor == "server" and key in each.about]
    asked = [each for each in asked if each.expectation != "MAY" and not each.not_tested]
    left = [each.id for each in asked if each.about not in broken]
    if key == "interaction":  # those of one type break every type
        left = [each for each in left if not each.startswith("measure-")]
    assert left == []


def test_unknown_fault(edition):
    """A fault that is not known is refused with the nearest names."""
    with pytest.raises(UsageError, match="there is no fault etag-mising: did you mean etag-missing"):
        find_fault(edition, "etag-mising")
    with pytest.raises(UsageError, match="--list-faults"):
        find_fault(edition, "zzzzz")


@pytest.fixture(scope="module")
def good(edition):
    """What the good server says."""
    return interactions(_client(edition))


def _client(edition, store=None, *, validate=True, **options):
    app = make_app(edition, store or Store(), validate=validate, **options)
    numbers = itertools.count(1)
    app.server.behaviour = replace(app.server.behaviour, new_id=lambda: f"n{next(numbers)}")
    return Client(app)


def test_the_good_server_says_the_same_twice(edition, good):
    """Two runs against the good server cannot be told apart, and nothing breaks down in them."""
    assert interactions(_client(edition)) == good
    assert all(status != 500 for status, _, _ in good)


@pytest.mark.parametrize("name", OTHERS)
def test_each_fault_is_visible(edition, good, name):
    """A client that uses every interaction sees something else than with the good server."""
    assert interactions(_client(edition, fault=name)) != good


@pytest.fixture(scope="module")
def seeded(edition):
    """A good server with data for every parameter."""
    return _seeded(edition)


@pytest.fixture(scope="module")
def searches(seeded):
    """Searches by every parameter, and what they find on the good server."""
    client = seeded
    found = {}
    for name in {fault.breaks["resource"] for fault in FAULTS.values() if "search" in fault.breaks}:
        for code in client.server.parameters[name]:
            asked = queries(client, name, code)
            found[name, code] = asked, [_found(client, name, query) for query in asked]
    return found


def _seeded(edition, **options):
    client = _client(edition, validate=False, **options)
    for resource in searchable():
        assert client.put(resource).status == 201
    return client


def _found(client, name, query):
    answer = client.search(query, name)
    return washed(answer)[0], sorted(answer.ids) if answer.status == 200 else None


@pytest.mark.parametrize("name", OF_PARAMETERS)
def test_each_fault_of_a_parameter_is_visible(edition, seeded, searches, name):
    """Searches by the parameter find something else than with the good server; those by others do not."""
    breaks = FAULTS[name].breaks
    asked, expected = searches[breaks["resource"], breaks["search"]]
    # Only a fault of indexing needs a store of its own: the others show over the same data.
    indexes = bool(FAULTS[name].change(Behaviour()).index)
    client = _seeded(edition, fault=name) if indexes else _client(edition, seeded.server.store, fault=name)
    assert [_found(client, breaks["resource"], query) for query in asked] != expected
    others = [each for each in searches if each != (breaks["resource"], breaks["search"])]
    for resource_type, code in others[:: max(1, len(others) // 5)]:
        asked, expected = searches[resource_type, code]
        assert [_found(client, resource_type, query) for query in asked[:3]] == expected[:3]
