"""The TestReport of a run, judged by HL7's validator and stored by a server that others wrote."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import httpx
import oracle
import pytest
from servers import SERVERS, SHARED, running

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


@pytest.mark.skipif(
    shutil.which("java") is None or not (SHARED / "servers" / "hapi").exists(),
    reason="HAPI's server (../shared/servers) or Java is not there",
)
def test_hapi_stores_it(found):
    """Scripts and reports, each as it is, and the whole in its Bundle."""
    hapi = next(each for each in SERVERS if each.name == "hapi")
    with running(hapi) as url, httpx.Client(timeout=120) as client:
        kept = client.post(f"{url}/Bundle", content=json_codec.dumps(found), headers=JSON)
        assert kept.status_code == httpx.codes.CREATED, kept.text[:2000]
        entries = [
            {"fullUrl": each["fullUrl"], "resource": each["resource"], "request": {"method": "POST", "url": kind}}
            for each in found["entry"]
            for kind in [each["resource"]["resourceType"]]
        ]
        sent = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        stored = client.post(url, content=json_codec.dumps(sent), headers=JSON)
        assert stored.status_code == httpx.codes.OK, stored.text[:2000]
        reports = client.get(f"{url}/TestReport", params={"result": "fail"}).json()
        assert any(each["resource"]["resourceType"] == "TestReport" for each in reports["entry"]), json.dumps(reports)


JSON = {"Content-Type": "application/fhir+json"}
