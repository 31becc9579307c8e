"""What people get wrong on the command line: one sentence and exit code 2, and nothing written that should not be."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from vbpr_conformance import cli

CLOSED = "http://127.0.0.1:9/fhir"
"""Nothing listens on the discard port."""


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A folder of its own to work in, without a target file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VBPR_STATE_DIR", str(tmp_path / "state"))
    for name in ("VBPR_TOKEN", "VBPR_BASIC", "VBPR_HEADERS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def said(capsys, *arguments):
    """Run a command in this process; give its exit code and all that it printed."""
    try:
        code = cli.main([*map(str, arguments)])
    except SystemExit as ended:  # argparse
        code = ended.code
    shown = capsys.readouterr()
    return code, shown.out + shown.err


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("seed: -3", "seed"),
        ("examples: 0", "examples"),
        ("timeouts: {read: -5}", "read"),
        ("read-only: maybe", "read-only"),
        ("workers: -1", "workers"),
        ("suite: {a: b}", "suite"),
        ("tls: {ca: none.pem}", "none.pem"),
        ("timeouts: {read: soon}", "read"),
        ("- a list", "expected"),
        ("seed: 1\nseed: 2", "twice"),
        ("sed: 1", "sed"),
    ],
)
def test_a_mistake_in_a_target_file_is_one_sentence(here, capsys, text, part):
    """It names the file, and nothing is run or written."""
    (here / "vbpr.yaml").write_text(f"url: {CLOSED}\n{text}\n")
    code, shown = said(capsys, "run")
    assert code == 2, shown
    assert part in shown
    assert "Traceback" not in shown
    assert not (here / "reports").exists()


@pytest.mark.parametrize("name", ["read-only", "strict", "redact-bodies"])
@pytest.mark.parametrize("value", ["no", "off", "false"])
def test_no_is_not_taken_for_yes(here, capsys, name, value):
    """A flag of a target file is true or false; a word that is neither is refused, never taken for true."""
    (here / "vbpr.yaml").write_text(f"url: {CLOSED}\n{name}: {value}\n")
    code, shown = said(capsys, "run", "--show-config")
    if value == "false":
        assert code == 0
        assert f"{name}" in shown
    else:
        assert code == 2
        assert "true" in shown or "boolean" in shown


def test_one_suite_needs_no_list(here, capsys):
    """`suite: search` is the suite of that name, not six suites of one letter."""
    (here / "vbpr.yaml").write_text(f"url: {CLOSED}\nsuite: search\n")
    code, shown = said(capsys, "run", "--show-config")
    assert code == 0
    assert "search" in shown
    assert "'s'" not in shown


@pytest.mark.parametrize(
    "arguments",
    [
        ("--seed", "-3"),
        ("--timeout", "-5"),
        ("--timeout", "0"),
        ("--timeout", "nan"),
        ("--examples", "0"),
        ("--workers", "none"),
        ("--workers", "99999"),
        ("--suite", "serch"),
        ("--suite", "missing.yaml"),
        ("--edition", "9.9.9"),
        ("--header", "no colon"),
        ("--token", "a", "--basic", "b:c"),
        ("--key-id", "x"),
        ("--token-file", "missing"),
        ("--proxy", "socks9://x"),
        ("--proxy", "http://[::1"),
        ("--header", "a b: c"),
        ("--header", "a: \x07"),
        ("--out", "/dev/null"),
        ("--out", "/dev/null/below"),
        ("--shard", "3/2"),
        ("--resume", "nowhere"),
        ("--failed", "nowhere"),
        ("-k", "read and ("),
    ],
)
def test_a_wrong_option_is_one_sentence_and_leaves_no_folder(here, capsys, arguments):
    """Exit code 2, said once, before anything is sent or written."""
    code, shown = said(capsys, "run", CLOSED, *arguments)
    assert code == 2, shown
    assert "Traceback" not in shown
    assert not (here / "reports").exists()


@pytest.mark.parametrize("content", ["", "cases: 5", "hello", "a:\n\t- b"])
def test_a_file_that_is_no_suite_is_named_with_what_was_expected(here, capsys, content):
    """Exit code 2, and what a suite begins with."""
    (here / "own.yaml").write_text(content)
    code, shown = said(capsys, "run", CLOSED, "--suite", "own.yaml")
    assert (code, shown.count("own.yaml is no suite file, expected YAML with the key `suite`")) == (2, 1)


@pytest.mark.parametrize("content", [b"", b"no certificate", b"\x00\xff\xfe"])
def test_a_file_that_is_no_certificate_is_one_sentence(here, capsys, content):
    """`--ca` of something else: exit code 2, and the file is named."""
    (here / "ca.pem").write_bytes(content)
    code, shown = said(capsys, "run", "https://127.0.0.1:9/fhir", "--ca", "ca.pem")
    assert code == 2, shown
    assert "ca.pem" in shown


def test_a_mistake_of_the_harness_is_one_sentence_and_says_nothing_about_conformance(capsys, monkeypatch):
    """Exit code 1 would be read as "not conformant"."""

    def broken(_):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("vbpr_conformance.commands.schema.main", broken)
    assert cli.main(["schema", "results"]) == 3
    [line] = capsys.readouterr().err.splitlines()
    assert "the harness broke down, please report this: ZeroDivisionError: division by zero (" in line


def test_a_password_in_a_url_is_never_shown_nor_written(here, capsys):
    """User and password of a base URL log in, and are not in any output or file."""
    code, shown = said(capsys, "run", "http://somebody:s3cr3t-canary@127.0.0.1:9/fhir", "--out", here / "out")
    assert code == 3
    written = "".join(file.read_text(errors="replace") for file in here.rglob("*") if file.is_file())
    assert "s3cr3t-canary" not in shown + written
    assert "127.0.0.1:9" in shown


def test_trouble_of_the_network_is_an_error_in_junit(here):
    """A target that dies says nothing about conformance: errors, no failures."""
    server = "import http.server as h\nclass H(h.BaseHTTPRequestHandler):\n"
    script = here / "server.py"
    script.write_text(server + DYING)
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as process:
        url = process.stdout.readline().strip()
        command = [
            sys.executable,
            "-m",
            "vbpr_conformance",
            "run",
            url,
            "--out",
            here / "out",
            "-k",
            "read-unknown and not measure",
        ]
        ended = subprocess.run([*command, "--timeout", "5"], capture_output=True, text=True, check=False)
        process.kill()
    assert ended.returncode == 3, ended.stdout + ended.stderr
    root = ET.parse(here / "out" / "junit.xml").getroot()  # noqa: S314 - our own file
    assert int(root.get("errors")) > 0
    assert root.get("failures") == "0"
    lines = ended.stdout.splitlines()
    assert "seed" in lines[0]  # first of all, so that a run that is killed can be repeated
    assert url in lines[1]
    assert json.loads((here / "out" / "results.json").read_text())["counts"]["fail"] == 0


DYING = """
    count = 0
    def do_GET(self):
        H.count += 1
        if H.count > 2:
            import os; os._exit(0)
        body = b'{"resourceType": "CapabilityStatement", "status": "active", "fhirVersion": "4.0.1"}'
        if "metadata" not in self.path:
            body = b'{"resourceType": "Bundle", "type": "searchset", "total": 0}'
        self.send_response(200)
        self.send_header("Content-Type", "application/fhir+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    do_POST = do_PUT = do_DELETE = do_GET
    def log_message(self, *_): pass
s = h.ThreadingHTTPServer(("127.0.0.1", 0), H)
print(f"http://127.0.0.1:{s.server_port}/fhir", flush=True)
s.serve_forever()
"""


def test_readings_promise_no_login_that_is_not_there():
    """Where the readings of an edition name ways to log in, the client has them."""
    from vbpr_conformance.target.target_model import AuthSpec

    readings = Path(__file__).parents[1].glob("suites/editions/*/readings.yaml")
    text = "\n".join(file.read_text(encoding="utf-8") for file in readings)
    known = AuthSpec.model_json_schema()["properties"]["type"]["enum"]
    if "SMART Backend Services" in text:
        assert "smart-backend" in known
    if "mutual TLS" in text or "client certificate" in text:
        assert "mtls" in known
