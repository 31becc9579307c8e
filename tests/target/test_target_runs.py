"""Whole runs by a target file: what it lets in, leaves out and knows, and that no secret is written anywhere."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from served_here import serving

CANARIES = {
    "PASSWORD": "canary-password-4711-of-nobody",
    "HEADER": "canary-header-0815-of-nobody",
    "PROXY": "canary-proxy-1234-of-nobody",
    "SECRET": "canary-client-secret-of-nobody",
}
GIVEN = {"vbpr.yaml", "client.pem"}
KEY = ec.generate_private_key(ec.SECP384R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
TOKEN = "canary-token-that-came-during-the-run"  # noqa: S105  made up


@pytest.fixture
def run(nursery):
    """Runs the command line in a folder; gives what it ended with."""

    def make(folder, *arguments, **environment):
        words = ["run", "--examples", "1", "--seed", "1", "--out", "out", *arguments]
        ended = threading.Event()
        watcher = threading.Thread(target=watch, args=(folder / "processes", ended, environment.values()))
        watcher.start()
        try:
            done = nursery.run(words, cwd=folder, env={"CI": "1", **environment}, seconds=170)
        finally:
            ended.set()
            watcher.join()
        return subprocess.CompletedProcess(words, done.code, done.out, done.err)

    return make


def watch(file, ended, secrets):
    """Keep the command line of every process that shows a secret, as others on the machine may see it."""
    while not ended.wait(0.1):
        for each in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                line = each.read_bytes()
                if any(secret.encode() in line for secret in secrets):
                    file.write_bytes(line)


def everything(folder, result):
    """All that a run wrote: the two streams, every file but the target file, and the cache."""
    texts = [result.stdout.encode(), result.stderr.encode()]
    texts += [file.read_bytes() for file in folder.rglob("*") if file.is_file() and file.name not in GIVEN]
    cache = os.environ.get("VBPR_CACHE_DIR")
    texts += [file.read_bytes() for file in Path(cache).rglob("*") if file.is_file()] if cache else []
    return b"\n".join(texts)


class Echo(BaseHTTPRequestHandler):
    """Gives tokens, and answers everything else with all that it was told: headers, URL, pieces of the token."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if self.path.endswith("/token"):
            self.reply(200, {"access_token": TOKEN, "token_type": "bearer", "expires_in": 300})
        elif self.path.startswith("/fhir/metadata"):
            self.reply(200, {"resourceType": "CapabilityStatement"})
        elif self.path.startswith("/fhir/MeasureReport?_count=1"):
            self.reply(200, {"resourceType": "Bundle", "type": "searchset"})
        else:
            said = f"{self.path} {dict(self.headers)} {body[:50]} {TOKEN[:15]} {CANARIES['PASSWORD'][:12]}"
            issue = {"severity": "error", "code": "exception", "diagnostics": said}
            self.reply(500, {"resourceType": "OperationOutcome", "issue": [issue]})

    do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_GET  # noqa: N815  the names are those of http.server

    def reply(self, status, resource):
        data = json.dumps(resource).encode()
        self.send_response(status)
        for name, value in (
            ("Content-Type", "application/fhir+json"),
            ("Content-Length", str(len(data))),
            ("Set-Cookie", f"session={TOKEN}"),
            ("X-Echo", self.headers.get("Authorization", "none")),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data if self.command != "HEAD" else b"")

    def log_message(self, *_):
        pass


@pytest.fixture
def echo():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


TARGETS = {
    "basic": "url: http://{host}/fhir\nauth: {{type: basic, user: me, password: '${{PASSWORD}}'}}",
    "url": "url: http://me:${{PASSWORD}}@{host}/fhir",
    "oauth": (
        "url: http://{host}/fhir\nauth:\n  type: client-credentials\n  token-url: http://{host}/token\n"
        "  client-id: c\n  client-secret: ${{SECRET}}"
    ),
    "unreachable": "url: http://127.0.0.1:9/fhir\nauth: {{type: bearer, token: '${{SECRET}}'}}",
    "dead proxy": "url: http://payer.example/fhir\nproxy: http://me:${{PROXY}}@127.0.0.1:9",
    "certificate": (
        "url: https://{host}/fhir\nauth: {{type: bearer, token: '${{SECRET}}'}}\n"
        "tls: {{cert: client.pem, password: '${{PASSWORD}}'}}"
    ),
    "refused tokens": (
        "url: http://{host}/fhir\nrefused-tokens: {{expired: '${{SECRET}}'}}\n"
        "auth: {{type: client-credentials, token-url: 'http://{host}/token', client-id: c, "
        "client-secret: '${{PASSWORD}}'}}"
    ),
    "key": (
        "url: http://{host}/fhir\nauth:\n  type: smart-backend\n  client-id: c\n  token-url: http://{host}/refused\n"
        "  key: ${{file:client.pem}}\n  scopes: system/*.rs"
    ),
    "cookie": "url: http://{host}/fhir\nheaders: {{Cookie: 'session=${{SECRET}}', X-Api-Key: '${{PASSWORD}}'}}",
    "mistake": "url: http://{host}/fhir\nauth: {{type: basic, user: me, key: '${{PASSWORD}}'}}",
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", TARGETS)
@pytest.mark.parametrize("workers", [[], ["--workers", "2"]], ids=["alone", "workers"])
def test_no_secret_is_written_anywhere(run, tmp_path, echo, kind, workers):
    """Canaries in every place that holds a secret, a server that says them all again, and every file is searched."""
    if workers and kind not in {"oauth", "url"}:
        pytest.skip("one of each kind is enough for parallel runs")
    text = TARGETS[kind].format(host=echo)
    text += "" if kind == "cookie" else "\nheaders: {X-Api-Key: '${HEADER}'}\n"
    (tmp_path / "client.pem").write_text(KEY, encoding="ascii")
    (tmp_path / "vbpr.yaml").write_text(text)
    result = run(tmp_path, "-k", "read or create or metadata or security-expired", "-v", *workers, **CANARIES)
    assert result.returncode in {1, 2, 3}, result.stderr
    assert "Traceback" not in result.stdout + result.stderr
    written = everything(tmp_path, result)
    basic = base64.b64encode(f"me:{CANARIES['PASSWORD']}".encode())
    key = KEY.splitlines()[1].encode()
    for secret in [*(each.encode() for each in CANARIES.values()), TOKEN.encode(), basic, key]:
        assert secret not in written
    piece = {"basic": CANARIES["PASSWORD"][:12], "oauth": TOKEN[:15]}.get(kind, TOKEN)
    assert piece.encode() not in written


@pytest.fixture(scope="module")
def broken(edition):
    with serving(edition, fault="search-status-ignored") as url:
        yield url


def test_known_deviations_are_recorded_and_then_known(run, tmp_path, broken):
    """A first file comes from a run; with reasons filled in, the same run breaks nothing."""
    result = run(tmp_path, broken, "-k", "search-status", "--record-deviations", "known.yaml")
    assert result.returncode == 1
    text = (tmp_path / "known.yaml").read_text()
    assert 'reason: ""' in text
    (tmp_path / "vbpr.yaml").write_text(f"url: {broken}\n{text}")
    refused = run(tmp_path)
    assert refused.returncode == 2
    assert "expected `reason:` here" in refused.stderr
    (tmp_path / "vbpr.yaml").write_text(f"url: {broken}\n{text}".replace('reason: ""', "reason: ticket 4711"))
    result = run(tmp_path, "-k", "search-status")
    assert result.returncode == 0, result.stdout
    assert "ticket 4711" in result.stdout


def test_what_is_left_out_is_not_run(run, tmp_path, broken):
    """It is a skip with the user's reason."""
    text = f"url: {broken}\nleave-out: [{{case: search-status*, reason: no search yet}}]"
    (tmp_path / "vbpr.yaml").write_text(text)
    result = run(tmp_path, "-k", "search-status")
    assert result.returncode == 4, result.stdout
    cases = json.loads((tmp_path / "out" / "results.json").read_text())["cases"]
    left_out = [each for each in cases if each["id"].startswith("search-status")]
    assert {each["verdict"] for each in left_out} == {"skip"}
    assert "it is left out of the runs against this target: no search yet" in left_out[0]["message"]


def test_ids_that_exist_are_used(run, tmp_path, broken):
    """A read-only run reads what the user names, also where no search would show it."""
    (tmp_path / "vbpr.yaml").write_text(f"url: {broken}\nread-only: true\nexisting: {{MeasureReport: nobody}}")
    result = run(tmp_path, "-k", "read")
    assert "Traceback" not in result.stderr
    har = (tmp_path / "out" / "exchanges.har").read_text() if (tmp_path / "out" / "exchanges.har").exists() else ""
    assert not har or "MeasureReport/nobody" in har
