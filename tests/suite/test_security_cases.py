"""The cases of security against a server that asks for credentials: the good one passes, each fault turns one red."""

from __future__ import annotations

import pytest

from vbpr_conformance.ig.loader import load_edition
from vbpr_conformance.reference.faults import catalogue
from vbpr_conformance.selftest.in_process import results_of
from vbpr_conformance.selftest.prove import unseen_faults
from vbpr_conformance.selftest.trial import RED, Setting, setting_of
from vbpr_conformance.suite.verdicts import Verdict

FAULTS = [name for name, fault in catalogue(load_edition("1.1.0")).items() if fault.needs_credentials]


def judged(edition, cases, fault=None, *, asks_credentials=True):
    """The results of the cases of security, by a client that is let in."""
    own = [case for case in cases.values() if setting_of(case) is Setting.GUARDED]
    found = results_of(edition, own, fault=fault, asks_credentials=asks_credentials)
    assert found
    return found


def test_the_good_server_passes(edition, cases):
    """Nothing but the CapabilityStatement without credentials."""
    assert [f"{each.id}: {each.message}" for each in judged(edition, cases) if each.verdict is not Verdict.PASS] == []


@pytest.mark.parametrize("name", [name for name in FAULTS if name not in unseen_faults()])
def test_a_fault_turns_a_case_red(edition, cases, name):
    """What is open to anybody, and refusals that say too little or too much."""
    assert {each.verdict for each in judged(edition, cases, name)} & RED


def test_without_credentials_they_do_not_apply(edition, cases):
    """A run that shows none cannot tell what they protect."""
    found = judged(edition, {"security-anonymous/nobody": cases["security-anonymous/nobody"]}, asks_credentials=False)
    assert [(each.verdict, each.applicable) for each in found] == [(Verdict.SKIP, False)]
