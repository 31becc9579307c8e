"""`run` from end to end: verdicts, exit codes, files, and nothing left behind."""

from __future__ import annotations

import itertools
import json
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET

import httpx
import pytest
from served_here import serving

from vbpr_conformance.reference.process import running

EDITION = "1.1.0"
RUN = [sys.executable, "-m", "vbpr_conformance", "run"]


@pytest.fixture
def run(nursery, tmp_path):
    """Runs the command as a user does; gives what it ended with, and results.json."""

    def make(*arguments, out):
        words = [*arguments, "--out", out, "--seed", "4711", "--examples", "1"]
        ended = nursery.run(["run", *words], cwd=tmp_path, seconds=170)
        file = out / "results.json"
        found = json.loads(file.read_text()) if file.exists() else None
        return subprocess.CompletedProcess(words, ended.code, ended.out, ended.err), found

    return make


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    """Journals of tests go to a folder of their own."""
    monkeypatch.setenv("VBPR_STATE_DIR", str(tmp_path / "state"))


@pytest.mark.slow
def test_the_main_job_ends_conformant_and_writes_every_file(run, tmp_path):
    """Without URL and configuration: every SHALL that applies was tested and met on the embedded server."""
    result, found = run("--workers", "4", out=tmp_path / "out")
    assert result.returncode == 0, result.stdout + result.stderr
    assert found["verdict"] == "conformant"
    shall = [each for each in found["requirements"] if each["expectation"] == "SHALL" and each["applicable"]]
    assert [each["id"] for each in shall if each["verdict"] != "pass"] == []
    assert found["run"]["created"] == found["run"]["deleted"] > 0
    cases = {each["id"] for each in found["cases"]}
    assert len(ET.parse(tmp_path / "out" / "junit.xml").findall(".//testcase")) == len(cases)  # noqa: S314  our own file
    assert len(list((tmp_path / "out" / "allure-results").glob("*-result.json"))) == len(cases)
    assert cases >= {case for each in found["requirements"] for case in each["cases"]}


def test_results_have_the_fields_that_others_build_on(run, tmp_path, good_server):
    """results.json is a contract: a field that goes missing breaks somebody's script."""
    _, found = run(good_server, "--suite", "formats", out=tmp_path / "out")
    assert found["format"] == "vbpr-conformance-results/1"
    assert {"run", "verdict", "counts", "requirements", "cases"} <= set(found)
    run_fields = {
        "id",
        "edition",
        "suites",
        "seed",
        "examples",
        "harness",
        "started",
        "duration_s",
        "target",
        "requests",
    }
    assert run_fields <= set(found["run"])
    assert {"url", "software", "version"} <= set(found["run"]["target"])
    assert set(found["counts"]) == {"pass", "fail", "warn", "skip", "error"}
    requirement = {"id", "actor", "expectation", "about", "source", "verdict", "cases"}
    assert all(requirement <= set(each) for each in found["requirements"])
    case = {
        "id",
        "suite",
        "title",
        "expectation",
        "verdict",
        "message",
        "requirements",
        "duration_s",
        "requests",
        "reproduce",
    }
    assert all(case <= set(each) for each in found["cases"])


def test_a_part_of_the_suites_is_judged_over_what_was_selected(run, tmp_path, good_server):
    """What was not selected is no gap, and its extent is told in a line."""
    result, found = run(good_server, "--suite", "formats", out=tmp_path / "out")
    assert (result.returncode, found["verdict"], found["run"]["whole"]) == (0, "conformant", False)
    assert re.search(r"^beyond   1\d\d SHALL requirements of edition 1.1.0 not selected$", result.stdout, re.MULTILINE)


OWN = """
suite: Ours
actor: server
cases:
  - id: final-reports-are-found
    title: Search by status finds the reports with that status
    requirements: [mr-search-status]
    seed:
      hit: {profile: vbp-performance-measurereport, set: {status: complete}}
    steps:
      - search: {type: MeasureReport, status: complete}
        expect: {contains: hit}
"""


@pytest.mark.parametrize("besides", [[], ["--suite", "errors"]])
def test_a_suite_of_ones_own_runs_alone_or_beside_others(run, tmp_path, good_server, besides):
    """A file is named where a suite is, and so it is in the command that runs its case again."""
    file = tmp_path / "ours.yaml"
    file.write_text(OWN)
    result, found = run(good_server, "--suite", file, *besides, out=tmp_path / "out")
    assert result.returncode == 0, result.stdout + result.stderr
    [own] = [each for each in found["cases"] if each["suite"] == "Ours"]
    assert own["verdict"] == "pass"
    assert f"--suite {file} " in own["reproduce"]
    assert (len(found["cases"]) > 1) == bool(besides)


def test_a_broken_requirement_is_named_with_a_command_that_shows_it_again(run, tmp_path, snapshot, edition):
    """The failure names the requirement, what was expected and found, one curl line, and the place in the suite."""
    with serving(edition, fault="read-missing-200") as url:
        result, found = run(url, "-k", "read", out=tmp_path / "out")
        failed = next(each for each in found["cases"] if each["verdict"] == "fail")
        curl = next(text for label, text in failed["details"] if label == "seen again with")
        pasted = f"{curl} -o /dev/null -w '%{{http_code}}'"
        again = subprocess.run(["bash", "-c", pasted], capture_output=True, text=True, check=False)
    assert (result.returncode, found["verdict"]) == (1, "non-conformant")
    assert again.stdout == "200"
    lines = result.stdout.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("FAIL"))
    shown = "\n".join([lines[first], *itertools.takewhile(lambda line: line.startswith("   "), lines[first + 1 :])])
    shown = re.sub(r"127\.0\.0\.1:\d+", "SERVER", re.sub(r"\S*(?=suites/server)", "", shown))
    snapshot("failure", re.sub(r":\d+$", ":LINE", re.sub(r"[0-9a-f]{16,}", "ID", shown)) + "\n")


def test_a_should_counts_as_a_shall_where_it_is_asked_for(run, tmp_path, edition):
    """The same server is warned of, or fails under `--strict`."""
    with serving(edition, fault="read-404-without-outcome") as url:
        plain, _ = run(url, "--suite", "errors", out=tmp_path / "plain")
        strict, _ = run(url, "--suite", "errors", "--strict", out=tmp_path / "strict")
    assert (plain.returncode, strict.returncode) == (0, 1)


def test_nothing_is_written_in_a_read_only_run(run, tmp_path, shared):
    """Values for searches come from what the server holds, and what cannot be tested so says what to provide."""
    data = shared / "ig" / "packages" / "hl7.fhir.us.davinci-vbpr-1.1.0.tgz"
    with running(EDITION, data=(data,)) as url:
        before = total(url)
        words = ("--read-only", "-k", "existing or create or update or search-status")
        result, found = run(url, *words, out=tmp_path / "out")
        assert total(url) == before == 28
    assert (result.returncode, found["verdict"]) == (4, "incomplete"), result.stdout
    assert found["run"]["created"] == 0
    assert found["counts"]["pass"] > 20
    assert all(each["message"] for each in found["cases"] if each["verdict"] == "skip")


def test_an_interrupted_run_deletes_what_it_created_and_writes_what_it_found(tmp_path, edition):
    """Ctrl-C in the middle: the results so far, an exit code that is not 0, and an empty server."""
    out = tmp_path / "out"
    with serving(edition) as url:
        command = [*RUN, url, "--out", str(out), "--examples", "3"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        deadline = time.monotonic() + 60
        while total(url) == 0 and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
        assert total(url) == 0
    assert process.returncode not in {0, 2}, said
    assert "Traceback" not in said
    found = json.loads((out / "results.json").read_text())
    assert found["run"]["created"] == found["run"]["deleted"] > 0


def test_a_configuration_gives_what_the_options_do_not(run, tmp_path, good_server):
    """Options of the command line weigh more than those of the file; an unknown one is named."""
    file = tmp_path / "vbpr.yaml"
    file.write_text(f"url: {good_server}\nsuite: [errors]\nheaders:\n  X-Api-Key: secret-value-of-a-key\n")
    result, found = run("--config", file, out=tmp_path / "out")
    assert (result.returncode, found["run"]["suites"]) == (0, ["errors"])
    assert "secret-value-of-a-key" not in (tmp_path / "out" / "results.json").read_text() + result.stdout
    file.write_text("uri: http://payer.example/fhir\n")
    result, _ = run("--config", file, out=tmp_path / "none")
    assert result.returncode == 2
    assert "uri" in result.stderr


def total(url):
    """How many reports the server holds."""
    return httpx.get(f"{url}/MeasureReport", params={"_summary": "count"}).json()["total"]


def test_a_run_in_parts_is_joined(run, nursery, tmp_path, good_server):
    """Shards judge different cases, and together what one run would."""
    parts = []
    for number in (1, 2):
        result, part = run(good_server, "--suite", "errors", "--shard", f"{number}/2", out=tmp_path / f"{number}")
        assert result.returncode == 0, result.stdout + result.stderr
        parts.append({each["id"] for each in part["cases"]})
    joined = nursery.run(["merge", tmp_path / "1", tmp_path / "2", "--out", tmp_path / "both"], cwd=tmp_path)
    assert joined.code == 0, joined.text
    found = json.loads((tmp_path / "both" / "results.json").read_text())
    assert all(parts)
    assert not parts[0] & parts[1]
    assert {each["id"] for each in found["cases"] if each["verdict"] == "pass"} == parts[0] | parts[1]


def test_what_failed_is_repeated_and_what_was_not_judged_is_judged(run, tmp_path, edition):
    """`--failed` takes everything else from the folder; `--resume` goes on in it."""
    out = tmp_path / "out"
    with serving(edition, fault="read-404-without-outcome") as url:
        _, before = run(url, "--suite", "errors", out=out)
        not_green = {each["id"] for each in before["cases"] if each["verdict"] != "pass"}
        again, found = run("--failed", out, out=tmp_path / "again")
        assert again.returncode == 4, again.stdout + again.stderr  # warnings alone are no proof of anything
        assert {each["id"] for each in found["cases"]} == not_green >= {"errors-unknown-type", "errors-outcome"}
        record = out / "record.ndjson"
        head, first, *_ = record.read_text().splitlines()
        record.write_text(f"{head}\n{first}\n")  # as a run that was killed in its second case leaves it
        resumed, found = run("--resume", out, out=out)
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert (sum(found["counts"].values()), found["run"]["interrupted"]) == (len(before["cases"]), False)
