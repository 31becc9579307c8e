"""The suites against servers that others wrote: each verdict is as recorded, with its reason, and nothing is left."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from recorded import known_deviations, problems, target, target_file
from servers import SERVERS, SHARED, Server, running

pytestmark = pytest.mark.interop

SEED, EXAMPLES, LONGEST_S = 4711, 2, 1500
HELD = ("MeasureReport", "Measure", "Organization", "Practitioner", "PractitionerRole", "Group", "Location", "Patient")


@pytest.fixture(scope="module", params=SERVERS, ids=lambda server: server.name)
def server(request) -> Server:
    """A server, which needs what is beside the project to be started."""
    if not SHARED.is_dir():
        pytest.skip("what the servers are built from (../shared) is not beside the project")
    return request.param


@pytest.fixture(scope="module")
def run(server, tmp_path_factory):
    """One run against the server: its exit code, its results, and what the server held afterwards."""
    out = tmp_path_factory.mktemp(server.name)
    with running(server) as url:
        done = _run(url, out, target_file(server.name, tmp_path_factory.mktemp("target")))
        held = {kind: _held(url, kind) for kind in HELD}
    results = out / "results.json"
    assert results.exists(), done.stdout[-3000:] + done.stderr[-3000:]
    return done.returncode, json.loads(results.read_text(encoding="utf-8")), held


def test_every_verdict_is_as_recorded(server, run, tmp_path):
    """No case is other than `pass` without a recorded reason, and every record is still true."""
    _, results, _ = run
    assert "\n".join(problems(known_deviations(target(server.name, tmp_path)), results["cases"])) == ""


def test_the_run_knows_them_too(run):
    """What is broken is known to the run, which then breaks nothing; no deviation of the file is stale to it."""
    code, results, _ = run
    broken = [each for each in results["cases"] if each["verdict"] in {"fail", "warn"}]
    assert broken
    assert [each["id"] for each in broken if not each["known"]] == []
    assert [each["case"] for each in results["deviations"] if each["stale"]] == []
    assert (code, results["verdict"]) in {(0, "conformant"), (4, "incomplete")}


def test_nothing_is_left_behind(run):
    """All that was created is deleted again, and an empty server is empty again."""
    _, results, held = run
    assert results["run"]["left"] == []
    assert results["run"]["created"] == results["run"]["deleted"] > 0
    assert [each for found in held.values() for each in found] == []


def _run(url: str, out: Path, known: Path) -> subprocess.CompletedProcess[str]:
    options = ["--config", str(known), "--seed", str(SEED), "--examples", str(EXAMPLES), "--out", str(out)]
    command = [sys.executable, "-m", "vbpr_conformance", "run", url, *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_S, check=False)


def _held(url: str, kind: str) -> list[str]:
    """What a plain search of a type finds; nothing where the server does not have the type."""
    answer = httpx.get(f"{url}/{kind}", headers={"Cache-Control": "no-cache"}, timeout=60)
    entries = answer.json().get("entry", []) if answer.status_code == httpx.codes.OK else []
    return [f"{each['resource']['resourceType']}/{each['resource'].get('id')}" for each in entries]
