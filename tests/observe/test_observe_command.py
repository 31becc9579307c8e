"""`observe` as a tester and a CI system meet it: the command line, sockets, a client of its own process."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from vbpr_conformance import cli

CLIENT = f"{shlex.quote(sys.executable)} {shlex.quote(str(Path(__file__).with_name('reading_client.py')))}"


def results(folder):
    return json.loads((Path(folder) / "results.json").read_text())


def verdicts(folder):
    return {each["id"]: each for each in results(folder)["cases"]}


def test_scenarios_are_listed_one_a_line(observe):
    done = observe("--list-scenarios")
    names = done.stdout.splitlines()
    assert done.returncode == 0
    assert {"plain", "pages-of-one", "alternate-scores"} <= set(names)
    assert all(re.fullmatch(r"[a-z0-9-]+", each) for each in names)


def test_a_right_client_by_a_command(observe, tmp_path):
    """Its name, its verdicts, its requirements stand in what `run` would write too."""
    done = observe(
        "--client-cmd", CLIENT, "--scenario", "plain", "--scenario", "versions", "--seed", "7", "--out", tmp_path
    )
    found = results(tmp_path)
    assert "ready on http://127.0.0.1:" in done.stdout
    assert found["run"]["target"]["software"] == "reading-client/1.0"
    assert found["run"]["seed"] == 7
    assert {each["actor"] for each in found["requirements"]} == {"client"}
    assert {each["verdict"] for each in found["cases"]} <= {"pass", "warn", "skip"}
    assert verdicts(tmp_path)["plain/scores"]["verdict"] == "pass"
    assert (tmp_path / "junit.xml").is_file()
    assert done.returncode in {0, 4}


def test_a_wrong_client_is_told_where(observe, tmp_path):
    done = observe("--client-cmd", f"{CLIENT} rounded", "--scenario", "decimals", "--out", tmp_path)
    assert done.returncode == 1
    case = verdicts(tmp_path)["decimals/scores"]
    assert case["verdict"] == "fail"
    assert "it is rounded" in case["message"]
    again = next(line for line in done.stdout.splitlines() if line.startswith("again "))
    assert re.fullmatch(r"again +vbpr-conformance observe --edition \S+ --seed \d+ --scenario decimals", again)
    assert f"report   {tmp_path}/report.html" in done.stdout


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("no-such-client --now", "was not found"),
        ("echo half way; exit 3", "exit code 3; it last said: half way"),
        ("sleep 60", "did not end within 2 s"),
    ],
)
def test_trouble_with_the_command_is_an_error_of_its_scenario(observe, tmp_path, command, said):
    done = observe("--client-cmd", command, "--scenario", "plain", "--for", "2", "--out", tmp_path)
    found = verdicts(tmp_path)
    assert done.returncode == 3
    assert found["plain/delivered"]["verdict"] == "error"
    assert said in found["plain/delivered"]["message"]


def test_a_client_that_does_nothing_leaves_the_run_incomplete(observe, tmp_path):
    """And is told what to do."""
    done = observe("--client-cmd", "true", "--scenario", "plain", "--out", tmp_path)
    found = verdicts(tmp_path)["plain/delivered"]
    assert done.returncode == 4
    assert found["verdict"] == "skip"
    assert any(label == "to do" for label, _ in found["details"])


def test_bad_usage_is_one_sentence(observe):
    for words, said in (
        (("--scenario", "plian"), "did you mean 'plain'?"),
        (("--session", "a/b"), "no name of a session"),
        (("--witness", "ftp://somewhere/x"), "neither a file, a folder nor an http(s) URL"),
        (("--answers", "/nowhere/answers.yaml"), "cannot read the answers"),
    ):
        done = observe(*words)
        assert done.returncode == 2
        assert said in done.stderr
        assert "Traceback" not in done.stderr


def test_a_client_that_is_started_by_hand(tmp_path):
    """Requests beside the base are said, CORS is answered, and an interruption writes what was judged."""
    command = [sys.executable, "-m", "vbpr_conformance", "observe", "--scenario", "plain", "--session", "mine"]
    process = subprocess.Popen(
        [*command, "--out", str(tmp_path)],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    try:
        line = next(each for each in process.stdout if each.startswith("ready on "))
        base, scenario = line.split()[2:]
        assert (base.endswith("/mine/plain/fhir"), scenario) == (True, "plain")
        assert httpx.get(f"{base}/MeasureReport").status_code == 200
        page = httpx.get(base.removesuffix("/plain/fhir"), headers={"Accept": "text/html"})
        assert base in page.text
        assert "performance reports about" in page.text
        beside = httpx.get(base.replace("/mine/plain/fhir", "/mine/plain/r4/MeasureReport"))
        assert beside.status_code == 404
        assert f"that is {base}" in beside.json()["issue"][0]["diagnostics"]
        asked = {
            "Origin": "http://app.test",
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "x-a",
        }
        preflight = httpx.options(f"{base}/MeasureReport", headers=asked)
        assert preflight.status_code == 204
        assert preflight.headers["access-control-allow-headers"] == "x-a"
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        process.wait(60)
    finally:
        process.kill()
        process.communicate()
    found = verdicts(tmp_path)
    assert found["plain/within-base"]["verdict"] == "fail"
    assert found["plain/requests"]["verdict"] == "pass"


def test_many_connections_and_huge_bodies_are_recorded_and_the_session_goes_on(tmp_path):
    command = [sys.executable, "-m", "vbpr_conformance", "observe", "--scenario", "plain", "--out", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
    try:
        base = next(each for each in process.stdout if each.startswith("ready on ")).split()[2]
        limits = httpx.Limits(max_connections=200)
        with httpx.Client(limits=limits, timeout=120) as client, ThreadPoolExecutor(200) as pool:
            answers = list(pool.map(lambda _: client.get(f"{base}/MeasureReport").status_code, range(200)))
            assert set(answers) == {200}
            media = {"Content-Type": "application/fhir+json"}
            huge = client.post(f"{base}/MeasureReport", content=b"x" * 50_000_000, headers=media)
            assert huge.status_code == 413
            assert client.post(f"{base}/MeasureReport", content=b"\xff{", headers=media).status_code == 400
            assert client.get(f"{base}/MeasureReport").status_code == 200
        most = int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text())[1]) / 1024
        assert most < 500
        process.send_signal(signal.SIGINT)
        process.wait(60)
    finally:
        process.kill()
        process.communicate()
    found = results(tmp_path)
    assert found["run"]["requests"] == 203
    said = str(verdicts(tmp_path)["plain/requests"])
    assert "is no resource" in said


def test_answers_stand_in_for_what_is_not_shown(observe, tmp_path):
    """A right one passes, a wrong one fails: for a client that puts nothing out."""
    quiet = "python -c \"import os,urllib.request as u; u.urlopen(os.environ['VBPR_BASE']+'/MeasureReport')\""
    for value, verdict in (("0", "pass"), ("17", "fail")):
        answers = tmp_path / "answers.yaml"
        answers.write_text(f"zero-scores/scores#1: {value}\nzero-scores/scores#2: 0.0\nzero-scores/scores#3: 5.2187\n")
        observe("--client-cmd", quiet, "--scenario", "zero-scores", "--answers", answers, "--out", tmp_path / value)
        assert verdicts(tmp_path / value)["zero-scores/scores"]["verdict"] == verdict


def test_a_reader_who_goes_away_ends_neither_the_session_nor_its_reports(monkeypatch, tmp_path):
    """As `observe … | head` does; the verdict is the exit code all the same."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as closed:
        monkeypatch.setattr(sys, "stdout", closed)
        code = cli.main(["observe", "--client-cmd", "true", "--scenario", "versions", "--out", str(tmp_path)])
    assert code == 4
    assert results(tmp_path)["verdict"] == "incomplete"
    assert (tmp_path / "report.html").is_file()


def test_a_witness_that_is_not_there_at_the_end_costs_no_report(capsys, tmp_path):
    """It is said, and what was put out otherwise is judged."""
    words = ["--witness", str(tmp_path / "never-written.txt"), "--client-cmd", "true", "--scenario", "versions"]
    assert cli.main(["observe", *words, "--out", str(tmp_path / "out")]) == 4
    assert "cannot read the witness" in capsys.readouterr().out
    assert (tmp_path / "out" / "report.html").is_file()
