"""The suites against a store that is full of what others put there: in any order, and twice in a row."""

from __future__ import annotations

import random

import pytest

from vbpr_conformance.fhir.json_codec import dumps
from vbpr_conformance.generate.builder import build
from vbpr_conformance.reference.app import make_app
from vbpr_conformance.reference.store import Store
from vbpr_conformance.selftest.in_process import results_of
from vbpr_conformance.suite.coverage import all_cases
from vbpr_conformance.suite.verdicts import Verdict

pytestmark = [pytest.mark.slow, pytest.mark.hostile, pytest.mark.xdist_group("crowded")]

FOREIGN = 10_000
KINDS = {
    "vbp-performance-measurereport": 55,
    "vbp-quality-measurereport": 30,
    "us-core-organization": 10,
    "vbp-measure": 5,
}
"""Of which kinds the foreign resources are, in a hundred."""
SAMPLES = 40
"""So many of each kind are generated; the others are the same under other ids."""


@pytest.fixture(scope="module")
def crowded(edition):
    """A store with the foreign resources in it."""
    store = Store()
    app = make_app(edition, store, validate=False)
    for profile, share in KINDS.items():
        samples = [build(profile, edition, random.Random(number), size="typical") for number in range(SAMPLES)]
        for number in range(FOREIGN * share // 100):
            resource = samples[number % SAMPLES] | {"id": f"foreign-{profile[:9]}-{number}"}
            path = f"/fhir/{resource['resourceType']}/{resource['id']}"
            headers = {"host": "testserver", "content-type": "application/fhir+json"}
            assert app.handle("PUT", path, headers, dumps(resource).encode())[0] == 201
    return store


@pytest.mark.parametrize("seed", [1, 2])
def test_what_others_hold_changes_nothing(edition, crowded, seed):
    """Every case passes among ten thousand foreign resources, whatever came before it, and again after that."""
    cases = [case for case in all_cases(edition)[0] if case.spec.mode != "read-only"]
    random.Random(seed).shuffle(cases)
    wrong = [
        each
        for each in results_of(edition, cases, store=crowded)
        if each.applicable and each.verdict is not Verdict.PASS
    ]
    assert [f"{each.id}: {each.message}" for each in wrong] == []
