"""The plugin under plain pytest, each run in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from vbpr_conformance.reference.process import running

MINE = """
suite: Mine
actor: server
cases:
  - id: mine
    title: A report that is not there is not found
    requirements: [mr-read]
    steps:
      - read: {type: MeasureReport, id: not-there}
        expect: {status: STATUS}
"""


@pytest.fixture(scope="module")
def url(edition):
    """The URL of a good server."""
    with running(edition.version) as base:
        yield base


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)


def test_packaged_cases_run_without_a_path(url, tmp_path):
    """Without a path the packaged suites run; `-k`, `--junitxml`, `--alluredir` and `--vbpr-out` do what they do."""
    ended = run(
        tmp_path,
        f"--vbpr-server={url}",
        "-k",
        "errors",
        "--junitxml=junit.xml",
        "--alluredir=allure",
        "--vbpr-out=out",
        "--vbpr-seed=3",
    )
    assert ended.returncode == 0, ended.stdout
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert results["run"]["seed"] == 3
    assert results["counts"]["pass"] == 4
    assert {case.get("name") for case in ET.parse(tmp_path / "junit.xml").iter("testcase")} == {  # noqa: S314  our own
        case["id"] for case in results["cases"]
    }
    assert len(list((tmp_path / "allure").glob("*-result.json"))) == 4


@pytest.mark.parametrize(("status", "code"), [("404", 0), ("200", 1)])
def test_a_suite_of_ones_own_is_collected(url, tmp_path, status, code):
    """A suite file in a folder is a test file; its failure begins with the verdict and names the place."""
    (tmp_path / "mine.yaml").write_text(MINE.replace("STATUS", status).lstrip())
    (tmp_path / "other.yaml").write_text("a: b\n")
    ended = run(tmp_path, f"--vbpr-server={url}", ".")
    assert ended.returncode == code, ended.stdout
    if code:
        assert "FAIL  mine   GET MeasureReport/not-there answered 404, expected 200" in ended.stdout
        assert f"{tmp_path / 'mine.yaml'}:4" in ended.stdout


def test_a_mistake_in_a_suite_is_one_line(url, tmp_path):
    """A wrong suite ends the collection with its place, without a traceback."""
    (tmp_path / "mine.yaml").write_text(MINE.replace("steps", "stepz").lstrip())
    ended = run(tmp_path, f"--vbpr-server={url}", ".")
    assert f"{tmp_path / 'mine.yaml'}:7: unknown key 'stepz'; did you mean 'steps'?" in ended.stdout
    assert "Traceback" not in ended.stdout + ended.stderr


def test_workers_share_a_run(url, tmp_path):
    """With xdist the results of all workers come together, and nothing is left on the server."""
    ended = run(tmp_path, f"--vbpr-server={url}", "-n", "2", "-k", "delete or errors", "--vbpr-out=out")
    assert ended.returncode == 0, ended.stdout
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert results["counts"]["pass"] > 3
    assert results["not_expanded"]
    assert results["run"]["created"] == results["run"]["deleted"] > 0


def test_python_tests_get_the_target_and_a_client(url, tmp_path):
    """The fixtures give tests written in Python the server and a client that is logged in."""
    (tmp_path / "test_mine.py").write_text(
        "def test_it(vbpr_target, vbpr_client):\n"
        "    assert vbpr_target.url == vbpr_client.base_url\n"
        "    assert vbpr_client.capabilities().status == 200\n"
    )
    assert run(tmp_path, f"--vbpr-server={url}", "test_mine.py").returncode == 0
    assert "1 skipped" in run(tmp_path, "test_mine.py").stdout


def test_without_a_server_nothing_changes(tmp_path):
    """Without `--vbpr-server` suite files are no tests, and the plugin loads nothing heavy."""
    (tmp_path / "mine.yaml").write_text(MINE.lstrip())
    (tmp_path / "test_it.py").write_text(
        "import sys\n\ndef test_it():\n    assert not {'pydantic', 'httpx', 'lxml'} & set(sys.modules)\n"
    )
    ended = run(tmp_path, "-p", "no:hypothesispytest", "-p", "no:anyio")
    assert "1 passed" in ended.stdout, ended.stdout


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--vbpr-edition=9.9", "9.9"),
        ("--vbpr-suite=serch", "did you mean 'search'?"),
        ("--vbpr-examples=0", "from 1 on"),
    ],
)
def test_a_wrong_option_is_one_sentence(url, tmp_path, option, said):
    """A wrong value of an option is told in one sentence, as pytest tells its own."""
    ended = run(tmp_path, f"--vbpr-server={url}", option)
    assert ended.returncode == 4
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
