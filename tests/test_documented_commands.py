"""Every command that README.md and docs/ show is run, in the order in which it is shown."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SHELL = re.compile(r"[|<>&;$*~`#]")
"""What only a shell understands."""
PUBLIC = "https://payer.example/fhir"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NOT_HERE = {
    "python3 -m venv": ".ci/run installs from scratch, tests, and runs from the wheel",
    "vbpr-conformance report": "npm fetches Allure: tests/report/test_allure_html.py",
    "--certify": "its self-test takes minutes: tests/report/test_certification_bundle.py makes bundles and checks them",
}
"""Commands that something else runs, by what is in them."""
NARROWED = {
    "vbpr-conformance run": ("-k read-unknown --examples 1", ("-k ", "--failed", "--show-config", "--suite")),
    "vbpr-conformance observe": ("--scenario plain --for 3 --port 0", ("--list-scenarios",)),
    "vbpr-conformance selftest": ("--only read-missing-200 --workers 1", ()),
    "pytest --vbpr-server": ("-k 'read-unknown or final-reports' -p no:cacheprovider", ("-k ",)),
}
"""What makes a command short enough for a test, unless it has one of these already."""
OTHER_CODES = {
    "--failed": {0, 2, 4},
    "-k read-unknown": {0, 4},
    "observe": {0, 1, 4},
    "ig diff": {0, 1},
    "--faulty": {0},
}
"""The exit codes besides 0 that a part of a run may end with: not all was tested."""


def commands(document: Path) -> list[str]:
    """The commands that a document shows: lines of fenced blocks without a language, without a comment at the end."""
    text = document.read_text(encoding="utf-8")
    lines = [line for language, block in FENCE.findall(text) if not language for line in block.splitlines()]
    found = [line.partition("  #")[0].replace("…", "x").strip() for line in lines]
    return [line for line in found if re.match(r"(VBPR_\w+=\S+ )?(vbpr-conformance|pytest|openssl|python3) ", line)]


def test_documents_show_commands():
    """The blocks are found: a change of their form would leave this file without anything to do."""
    assert sum(len(commands(each)) for each in DOCUMENTS) > 40


@pytest.fixture(scope="module")
def started(nursery):
    """Runs a command as a shell does, this package's from these sources; by fork where it needs no shell."""

    def run(command, folder):
        words = shlex.split(command)
        if words[0] == "vbpr-conformance" and not SHELL.search(command):
            ended = nursery.run(words[1:], cwd=folder, seconds=280)
            return subprocess.CompletedProcess(words, ended.code, ended.out, ended.err)
        return subprocess.run(
            ["/bin/sh", "-c", command.replace("vbpr-conformance ", f"{sys.executable} -m vbpr_conformance ", 1)],
            cwd=folder,
            env={**os.environ, "VBPR_STATE_DIR": str(folder / "state"), "PATH": path()},
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )

    return run


@pytest.fixture(scope="module")
def folder(tmp_path_factory, good_server, started):
    """A folder that holds what the commands name."""
    here = tmp_path_factory.mktemp("documented")
    page = (ROOT / "docs" / "writing-a-suite.md").read_text(encoding="utf-8")
    suite = next(block for language, block in FENCE.findall(page) if language == "yaml")
    (here / "our-contracts.yaml").write_text(suite)
    (here / "our-own-suites").mkdir()
    (here / "our-own-suites" / "contract.yaml").write_text(suite)
    (here / "our-client.sh").write_text('#!/bin/sh\ncurl -s "$VBPR_BASE/MeasureReport"\n')
    (here / "our-client.sh").chmod(0o755)
    (here / "authority.pem").write_bytes(certificate())
    prepared = (
        "generate vbp-performance-measurereport --seed 1",
        "generate vbp-performance-measurereport --seed 2 --format ndjson",
    )
    for line, name in zip(prepared, ("report.json", "reports.ndjson"), strict=True):
        (here / name).write_text(started(f"vbpr-conformance {line}", here).stdout)
    started(f"vbpr-conformance run {good_server} -k read-unknown --examples 1 --out reports/first", here)
    for name in ("second", "ci"):
        shutil.copytree(here / "reports" / "first", here / "reports" / name)
    return here


def certificate() -> bytes:
    """The certificate of an authority that signed nothing."""
    import tempfile

    from vbpr_conformance.reference.access.throwaway_keys import certificates

    with tempfile.TemporaryDirectory() as made:
        return certificates(Path(made), "127.0.0.1").ca.read_bytes()


def path() -> str:
    """Where `pytest` is this one."""
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


def narrowed(command: str) -> str:
    """The command with what makes it short, before its output is sent elsewhere."""
    for start, (more, unless) in NARROWED.items():
        if start in command and not any(each in command for each in unless):
            return f"{command} {more}"
    return command


def serves(command: str, folder: Path) -> str:
    """Start a server, wait until it is ready, end it; gives what it said."""
    words = shlex.split(re.sub(r"--port \d+", "", command).replace("vbpr-conformance ", ""))
    process = subprocess.Popen(
        [sys.executable, "-m", "vbpr_conformance", *words, "--port", "0"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = ""
    for line in process.stdout:
        said += line
        if line.startswith("ready on "):
            process.send_signal(signal.SIGTERM)
    process.wait(30)
    process.stdout.close()
    return said


@pytest.mark.slow
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: each.name)
def test_what_a_document_shows_runs(document, folder, started, good_server, packages):
    """Each ends as it says: with 0, or with what a part of a run ends with."""
    wrong = []
    for shown in commands(document):
        if any(part in shown for part in NOT_HERE) or (shown.startswith("openssl") and not shutil.which("openssl")):
            continue
        command = re.sub(r"http://127\.0\.0\.1:8099/fhir", good_server, shown.replace(PUBLIC, good_server))
        if "verify " in command:
            signed(folder)
        if "diff" in command or "--package" in command:
            official = packages / "hl7.fhir.us.davinci-vbpr-1.1.0.tgz"
            command = re.sub(r"\S+\.tgz", str(official), command)
        if " serve " in command and "--list-faults" not in command:
            said = serves(command, folder)
            if "ready on " not in said:
                wrong.append(f"{shown}: {said}")
            continue
        done = started(narrowed(command), folder)
        codes = next((codes for part, codes in OTHER_CODES.items() if part in narrowed(command)), {0})
        if done.returncode not in codes or "Traceback" in done.stderr:
            wrong.append(f"{shown}: {done.returncode} {done.stdout[-400:]} {done.stderr[-400:]}")
    assert wrong == []


def signed(folder: Path) -> None:
    """Put a bundle where the document's certified run leaves it, signed by the key that the document makes."""
    from vbpr_conformance.report.certification_bundle import read_private_key, signed_bundle

    run = {"target": PUBLIC, "edition": "1.1.0", "started": "2026-11-28T10:00:00Z", "harness": "1"}
    place = folder / "reports" / "certified" / "certification.zip"
    place.parent.mkdir(parents=True, exist_ok=True)
    key = read_private_key(folder / "certifier.pem")
    place.write_bytes(signed_bundle({"results.json": b"{}"}, {"run": run, "verdict": "conformant"}, key))
