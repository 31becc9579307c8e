"""Serving over real sockets."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from small_resources import organization

from vbpr_conformance.errors import TargetError, UsageError
from vbpr_conformance.reference.listener import serve as serve_here
from vbpr_conformance.reference.process import running


@pytest.fixture(scope="module")
def url():
    with running("1.1.0") as found:
        yield found


def test_a_day_in_http(url):
    """Create, read, search and delete work over a socket, HEAD and compression included."""
    with httpx.Client() as http:
        created = http.post(f"{url}/Organization", json=organization(name="Ä"))
        assert created.status_code == 201
        place = created.headers["location"].partition("/_history")[0]
        assert place.startswith(url)
        head = http.head(place)
        assert head.content == b""
        assert head.headers["etag"] == 'W/"1"'
        assert int(head.headers["content-length"]) == len(http.get(place).content)
        found = http.get(f"{url}/Organization", params={"name": "ä", "_id": created.json()["id"]})
        assert found.json()["total"] == 1
        assert http.delete(place).status_code == 204
        assert http.get(place).status_code == 410
        assert http.get(url.removesuffix("/fhir")).status_code == 404
        assert http.get(f"{url}/metadata").json()["implementation"]["url"] == url


def test_faults_and_variations_cannot_be_seen(url):
    """Nothing in the CapabilityStatement or the headers tells a faulty server from a good one."""
    with running("1.1.0", fault="search-status-ignored") as other, httpx.Client() as http:
        answers = [http.get(f"{each}/metadata") for each in (url, other)]
        statements = [each.json() | {"date": "", "implementation": {}} for each in answers]
        assert statements[0] == statements[1]
        assert set(answers[0].headers) == set(answers[1].headers)


def test_a_server_that_does_not_start(tmp_path):
    """Why a server does not start is told in its own words."""
    with pytest.raises(TargetError, match="there is no fault nonsense"), running("1.1.0", fault="nonsense"):
        pass
    with pytest.raises(TargetError, match="cannot read"), running("1.1.0", data=[tmp_path / "none.json"]):
        pass


def test_port_in_use(edition):
    """A port that is taken is one sentence."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=rf"cannot listen on 127\.0\.0\.1:{port}: Address already in use"):
            serve_here("127.0.0.1", port, edition)
    with pytest.raises(UsageError, match=r"cannot listen on nowhere\.invalid"):
        serve_here("nowhere.invalid", 0, edition)


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_well(end):
    """SIGTERM and SIGINT end the server with exit code 0 and without a traceback."""
    command = [sys.executable, "-m", "vbpr_conformance.reference", "--edition", "1.1.0"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as process:
        assert process.stdout.readline().startswith("ready on http://127.0.0.1:")
        process.send_signal(end)
        assert process.wait(10) == 0
        assert process.stderr.read() == ""


def test_it_does_not_outlive_its_parent(tmp_path):
    """When the process that started it is killed, the server ends too."""
    script = tmp_path / "parent.py"
    script.write_text(
        "import time\nfrom vbpr_conformance.reference.process import running\n"
        "with running('1.1.0') as url:\n    print(url, flush=True)\n    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as parent:
        url = parent.stdout.readline().strip()
        assert httpx.get(f"{url}/metadata").status_code == 200
        parent.kill()
    for _ in range(100):
        try:
            httpx.get(f"{url}/metadata")
        except httpx.TransportError:
            return
        time.sleep(0.1)
    pytest.fail("the server is still there")


def test_data_and_store(packages, tmp_path):
    """Data can be loaded into a file at start."""
    package = packages / "hl7.fhir.us.davinci-vbpr-1.1.0.tgz"
    store = tmp_path / "data.db"
    with running("1.1.0", data=[package], store=store) as url:
        assert httpx.get(f"{url}/MeasureReport?_summary=count").json()["total"] == 28
    with running("1.1.0", store=store) as url:
        assert httpx.get(f"{url}/MeasureReport?_summary=count").json()["total"] == 28


def test_package_says_nothing_of_the_guide():
    """No fact of the guide stands in the server's code."""
    import vbpr_conformance.reference as package

    words = ("davinci", "vbp-", "payment-stream", "measurereport-category", "subject-organization")
    for file in Path(package.__file__).parent.rglob("*.py"):
        assert not any(word in file.read_text() for word in words), file
