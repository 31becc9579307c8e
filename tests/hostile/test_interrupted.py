"""A run that is ended from outside leaves nothing behind, or `cleanup` finds it."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from xml.etree import ElementTree as ET

import httpx
import pytest
from hostile_server import hostile

from vbpr_conformance.reference.process import running

SELECTED = "search or read or create or update or transaction"


class Store:
    """What a reference server holds."""

    def __init__(self, url, client):
        self.url = url
        self._client = client
        statement = self._client.get("/metadata").json()
        self._types = [each["type"] for each in statement["rest"][0]["resource"]]

    def count(self):
        """How many resources there are, of all types."""
        return sum(self._client.get(f"/{each}", params={"_summary": "count"}).json()["total"] for each in self._types)

    def empty(self):
        """Delete everything."""
        while self.count():
            for kind in self._types:
                for entry in self._client.get(f"/{kind}").json().get("entry", []):
                    self._client.delete(f"/{kind}/{entry['resource']['id']}")

    def reports(self):
        """How many reports there are: cheap enough to ask while a run goes on."""
        return self._client.get("/MeasureReport", params={"_summary": "count"}).json()["total"]


@pytest.fixture(scope="module")
def store():
    """A server of its own, so that what is left can be counted."""
    with running("1.1.0") as url, httpx.Client(base_url=url, timeout=30) as client:
        yield Store(url, client)


@pytest.fixture(autouse=True)
def _starts_empty(store):
    """What one test left behind is not the failure of the next."""
    store.empty()


class Moment:
    """Sends a signal once, some time after a run has created something."""

    def __init__(self, store, number, after):
        self._store, self._number, self._after = store, number, after
        self._seen = None
        self.sent = None

    def __call__(self, spent):
        if self._seen is None and self._store.reports():
            self._seen = spent
        if self.sent is None and self._seen is not None and spent >= self._seen + self._after:
            self.sent = spent
            return self._number
        return None


def arguments(url, *more):
    return ["run", url, "--examples", "2", "--timeout", "5", "-k", SELECTED, *more]


def cleaned_up(nursery, store, tmp_path):
    """`cleanup`, again while a killed run's workers have not noticed yet."""
    for attempt in range(20):
        ended = nursery.run(["cleanup", store.url], cwd=tmp_path, name=f"cleanup{attempt}")
        assert "Traceback" not in ended.text
        if ended.code == 0 and store.count() == 0:
            return
        time.sleep(0.5)
    pytest.fail(f"{store.count()} resources are left\n{ended.text}")


ALONE, WORKERS = (), ("--workers", "2")
ALL = [(number, workers) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) for workers in (ALONE, WORKERS)]
SAMPLE = [(signal.SIGINT, ALONE), (signal.SIGTERM, WORKERS)]


@pytest.mark.parametrize(
    ("number", "workers"), [pytest.param(*each, marks=() if each in SAMPLE else pytest.mark.hostile) for each in ALL]
)
def test_a_signal_ends_a_run_in_order(nursery, store, tmp_path, number, workers):
    """What was created is deleted, and the results so far are written and say that the run was interrupted."""
    moment = Moment(store, number, 0.4)
    is_terminal = number == signal.SIGINT  # which tells all processes of the run
    ended = nursery.run(arguments(store.url, *workers), cwd=tmp_path, interrupt=moment, group=is_terminal, seconds=60)
    assert moment.sent is not None
    assert ended.seconds - moment.sent < 20
    assert "Traceback" not in ended.text
    assert ended.code in {1, 4}, ended.text
    assert ended.results["run"]["interrupted"] is True
    assert ended.results["run"]["created"] == ended.results["run"]["deleted"] > 0
    assert "interrupted" in ended.out
    assert "left     nothing" in ended.out
    assert store.count() == 0
    assert ET.parse(ended.folder / "junit.xml").getroot().tag == "testsuites"  # noqa: S314 - our own file


@pytest.mark.parametrize("workers", [ALONE, pytest.param(WORKERS, marks=pytest.mark.hostile)])
def test_what_a_killed_run_left_is_found_by_cleanup(nursery, store, tmp_path, workers):
    """`kill -9`: nothing can be done then; the journal on disk tells `cleanup` what to delete."""
    ended = nursery.run(
        arguments(store.url, *workers), cwd=tmp_path, interrupt=Moment(store, signal.SIGKILL, 0.3), group=not workers
    )
    assert ended.code == -signal.SIGKILL
    cleaned_up(nursery, store, tmp_path)


def test_another_machine_cleans_up_by_the_tag(nursery, store, tmp_path):
    """A container that is gone took the journal with it: the tags on the server are enough."""
    killed = nursery.run(arguments(store.url), cwd=tmp_path, interrupt=Moment(store, signal.SIGKILL, 0.3), group=True)
    assert killed.code == -signal.SIGKILL
    elsewhere = {"VBPR_STATE_DIR": str(tmp_path / "elsewhere")}
    ended = nursery.run(["cleanup", store.url, "--by-tag"], cwd=tmp_path, env=elsewhere, name="cleanup")
    assert ended.code == 0, ended.text
    assert store.count() == 0
    nursery.run(["cleanup", store.url], cwd=tmp_path, name="journals")


def test_a_refusal_to_delete_is_one_line_and_a_file_of_commands(nursery, store, tmp_path):
    """The commands in the file delete what is left, once the server lets them."""

    def refuses_deletes(conn):
        if conn.request.method == "DELETE":
            conn.send(b"", 405, "text/plain")
        else:
            conn.pass_on()

    with hostile(refuses_deletes, store.url) as server:
        ended = nursery.run(["run", server.url, "--examples", "1", "-k", "read-unknown or vread"], cwd=tmp_path)
        script = (ended.folder / "left.sh").read_text()
        line = next(each for each in ended.out.splitlines() if each.startswith("left "))
        assert "the server answered 405 to its delete" in line
        assert "left.sh" in line
        (tmp_path / "left.sh").write_text(script.replace(server.url, store.url))
    assert store.count() > 0
    subprocess.run(["sh", "left.sh"], cwd=tmp_path, check=True, capture_output=True, timeout=60)
    assert store.count() == 0
    nursery.run(["cleanup", store.url], cwd=tmp_path, name="cleanup")


@pytest.mark.hostile
@pytest.mark.parametrize("seed", range(50))
def test_killed_at_any_moment(nursery, store, tmp_path, seed):
    """Any signal at any moment, with and without workers: after `cleanup` the store is empty."""
    chance = random.Random(seed)
    number = chance.choice([signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL, signal.SIGKILL])
    workers = chance.choice([ALONE, WORKERS])
    moment = Moment(store, number, chance.uniform(0, 3))
    ended = nursery.run(arguments(store.url, *workers), cwd=tmp_path, interrupt=moment, group=chance.random() < 0.5)
    assert "Traceback" not in ended.text
    cleaned_up(nursery, store, tmp_path)


def test_a_slow_target_is_given_up(nursery, good_server, tmp_path):
    """Where deletes hang, an interrupted run ends all the same, and says what is left and how to remove it."""

    def hangs_at_deletes(conn):
        if conn.request.method == "DELETE":
            conn.wait(60)
        else:
            conn.pass_on()

    with hostile(hangs_at_deletes, good_server) as server:

        class Created:
            sent = None

            def __call__(self, spent):
                if self.sent is None and any(each.method == "POST" for each in server.seen):
                    self.sent = spent
                    return signal.SIGINT
                return None

        moment = Created()
        ended = nursery.run(
            ["run", server.url, "--examples", "1", "-k", "read and not measure"], cwd=tmp_path, interrupt=moment
        )
    assert ended.seconds - moment.sent < 20
    assert "cleanup" in ended.out
    assert ended.results["run"]["left"]


def test_foreign_resources_are_left_alone(nursery, store, tmp_path):
    """Also those that look like ours, and those that somebody changes while a run goes on."""
    tag = {"system": "urn:ietf:rfc:3986", "value": "urn:uuid:0"}
    report = {"resourceType": "MeasureReport", "status": "complete", "type": "summary", "identifier": [tag]}
    report |= {"measure": "http://payer.example/Measure/m", "period": {"start": "2024"}}
    made = httpx.post(f"{store.url}/MeasureReport", json=report).json()
    url = f"{store.url}/MeasureReport/{made['id']}"

    def changes_it(_spent):
        httpx.put(url, json={**report, "id": made["id"], "language": "en"})

    ended = nursery.run(
        ["run", store.url, "--examples", "1", "-k", "search-status or update"], cwd=tmp_path, interrupt=changes_it
    )
    assert "Traceback" not in ended.text
    nursery.run(["cleanup", store.url], cwd=tmp_path, name="cleanup")
    assert httpx.get(url).json()["language"] == "en"
    assert httpx.delete(url).status_code in {200, 204}
    assert store.count() == 0


@pytest.mark.hostile
def test_two_runs_at_once_do_not_disturb_each_other(nursery, store, tmp_path):
    """Each finds only its own, and deletes only its own."""
    other = subprocess.Popen(
        [sys.executable, "-m", "vbpr_conformance", *arguments(store.url), "--out", str(tmp_path / "other")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    mine = nursery.run(arguments(store.url), cwd=tmp_path, seconds=120)
    said, _ = other.communicate(timeout=120)
    assert (mine.code, other.returncode) == (0, 0), mine.text + said
    found = json.loads((tmp_path / "other" / "results.json").read_text())
    assert found["run"]["created"] == found["run"]["deleted"] > 0
    assert store.count() == 0
