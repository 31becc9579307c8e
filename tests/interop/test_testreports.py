"""The TestReport of a run, judged by HL7's validator."""

from __future__ import annotations

import subprocess
import sys

import oracle
import pytest

from vbpr_conformance.fhir import json_codec
from vbpr_conformance.ig.loader import load_edition

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """The TestReport of a run against a server that breaks a rule: passes, failures, skips."""
    folder = tmp_path_factory.mktemp("run")
    ours = [sys.executable, "-m", "vbpr_conformance"]
    serve = [*ours, "serve", "--port", "0", "--fault", "search-status-ignored"]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as server:
        url = server.stdout.readline().removeprefix("ready on ").strip()
        words = ["run", url, "-k", "search-status", "--examples", "1", "--out", folder]
        code = subprocess.run([*ours, *words], stdout=subprocess.DEVNULL, check=False).returncode
        server.terminate()
    assert code == 1
    return json_codec.loads((folder / "TestReport.json").read_bytes())


@pytest.mark.skipif(oracle.missing() is not None, reason=oracle.missing() or "")
def test_hl7s_validator_takes_it(found, tmp_path):
    """As ours does: no error."""
    oracle.build()
    judged = oracle.judge(load_edition("1.1.0"), {"TestReport": found}, tmp_path)["TestReport"]
    assert judged.theirs == ()
