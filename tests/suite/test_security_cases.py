"""The cases of security against a server that asks for credentials: the good one passes, each fault turns one red."""

from __future__ import annotations

import pytest
from inside import BASE, Straight

from vbpr_conformance.client.client import FhirClient
from vbpr_conformance.client.credentials import bearer
from vbpr_conformance.ig.loader import load_edition
from vbpr_conformance.reference.access.token_endpoint import TokenEndpoint
from vbpr_conformance.reference.app import make_app
from vbpr_conformance.reference.faults import catalogue
from vbpr_conformance.reference.store import Store
from vbpr_conformance.suite.case import run_case
from vbpr_conformance.suite.context import Context, Settings
from vbpr_conformance.suite.verdicts import Verdict

NOT_SEEN = {
    "security-pages-without-token": "no step asks for a page by itself",
    "security-token-in-url": "the suites do not know the token of the run",
    "security-expired-token": "a run has no expired token",
    "security-foreign-token": "a run has no token for another server",
    "security-scopes-ignored": "a run has its own scopes only",
    "security-include-leaks": "a run has its own scopes only",
    "security-403-as-401": "a run has its own scopes only",
}
"""Faults that need credentials which a run does not have, or a step that the suites do not have."""
FAULTS = [name for name, fault in catalogue(load_edition("1.1.0")).items() if fault.needs_credentials]


def judged(edition, cases, fault=None):
    """The results of the cases of security, by a client that is let in."""
    endpoint = TokenEndpoint()
    app = make_app(edition, Store(), fault=fault)
    app.server.access = endpoint
    login = bearer(endpoint.issue("system/*.cruds", BASE))
    client = FhirClient(BASE, structure=edition.structure, credentials=login, transport=Straight(app))
    context = Context(edition, client, "inside", Settings(examples=1, seed=1))
    found = [run_case(case, context) for name, case in cases.items() if name.startswith("security-")]
    context.resources.close()
    client.close()
    assert found
    return found


def test_the_good_server_passes(edition, cases):
    """Nothing but the CapabilityStatement without credentials."""
    assert [each.text() for each in judged(edition, cases) if each.verdict is not Verdict.PASS] == []


@pytest.mark.parametrize("name", [name for name in FAULTS if name not in NOT_SEEN])
def test_a_fault_turns_a_case_red(edition, cases, name):
    """What is open to anybody, and refusals that say too little or too much."""
    assert {each.verdict for each in judged(edition, cases, name)} & {Verdict.FAIL, Verdict.WARN}


def test_without_credentials_they_do_not_apply(edition, cases):
    """A run that shows none cannot tell what they protect."""
    client = FhirClient(BASE, structure=edition.structure, transport=Straight(make_app(edition, Store())))
    context = Context(edition, client, "inside", Settings(examples=1, seed=1))
    result = run_case(cases["security-anonymous/nobody"], context)
    assert (result.verdict, result.applicable) == (Verdict.SKIP, False)
