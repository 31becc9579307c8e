"""The plugin under plain pytest, each run in a process of its own and as small as it can be."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest

pytest_plugins = ["pytester"]

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
SECOND = """
  - id: second
    title: A report that is not there is not found the second time
    requirements: [mr-read]
    steps:
      - read: {type: MeasureReport, id: not-there}
        expect: {status: SECOND}
"""


@pytest.fixture
def folder(pytester):
    """The folder in which pytest is run."""
    return pytester.path


@pytest.fixture
def run(pytester, nursery):
    """Run pytest in its folder, in a process of its own."""

    def make(*arguments):
        ended = nursery.run(["pytest", *arguments], cwd=pytester.path, seconds=120)
        return pytest.RunResult(ended.code, ended.out.splitlines(), ended.err.splitlines(), ended.seconds)

    return make


def two(first: str, second: str) -> str:
    """A suite of two cases that expect these statuses, where 404 comes."""
    return MINE.replace("STATUS", first).lstrip() + SECOND.replace("SECOND", second).lstrip("\n")


def test_packaged_cases_run_without_a_path(good_server, run, folder):
    """Without a path the packaged suites run; `-k`, `--junitxml`, `--alluredir` and `--vbpr-out` do what they do."""
    ended = run(
        f"--vbpr-server={good_server}",
        "--vbpr-suite=errors",
        "-k",
        "errors and not media",
        "--junitxml=junit.xml",
        "--alluredir=allure",
        "--vbpr-out=out",
        "--vbpr-seed=3",
    )
    assert ended.ret == 0, str(ended.stdout)
    results = json.loads((folder / "out" / "results.json").read_text())
    assert results["run"]["seed"] == 3
    assert results["counts"]["pass"] == len(results["cases"]) > 5
    assert {case.get("name") for case in ET.parse(folder / "junit.xml").iter("testcase")} == {  # noqa: S314  our own
        case["id"] for case in results["cases"]
    }
    assert len(list((folder / "allure").glob("*-result.json"))) == len(results["cases"])


@pytest.mark.parametrize(("status", "code"), [("404", 0), ("200", 1)])
def test_a_suite_of_ones_own_is_collected(good_server, run, folder, status, code):
    """A suite file in a folder is a test file; its failure begins with the verdict and names the place."""
    (folder / "mine.yaml").write_text(MINE.replace("STATUS", status).lstrip())
    (folder / "other.yaml").write_text("a: b\n")
    ended = run(f"--vbpr-server={good_server}", ".")
    assert ended.ret == code, str(ended.stdout)
    if code:
        assert "FAIL  mine   GET MeasureReport/not-there answered 404, expected 200" in str(ended.stdout)
        assert f"{folder / 'mine.yaml'}:4" in str(ended.stdout)


def test_a_mistake_in_a_suite_is_one_line(good_server, run, folder):
    """A wrong suite ends the collection with its place, without a traceback."""
    (folder / "mine.yaml").write_text(MINE.replace("steps", "stepz").lstrip())
    ended = run(f"--vbpr-server={good_server}", ".")
    assert f"{folder / 'mine.yaml'}:7: unknown key 'stepz'; did you mean 'steps'?" in str(ended.stdout)
    assert "Traceback" not in str(ended.stdout) + str(ended.stderr)


def test_the_first_failure_ends_the_run(good_server, run, folder):
    """With `-x` nothing is run after the first case that fails."""
    (folder / "mine.yaml").write_text(two("200", "200"))
    ended = run(f"--vbpr-server={good_server}", "-x", ".")
    ended.assert_outcomes(failed=1)
    run(f"--vbpr-server={good_server}", ".").assert_outcomes(failed=2)


def test_only_what_failed_is_run_again(good_server, run, folder):
    """With `--lf` the cases that failed in the run before are run, and no other."""
    (folder / "mine.yaml").write_text(two("404", "200"))
    run(f"--vbpr-server={good_server}", ".").assert_outcomes(passed=1, failed=1)
    again = run(f"--vbpr-server={good_server}", "--lf", ".")
    again.assert_outcomes(failed=1)
    again.stdout.fnmatch_lines("*FAIL  second*")


def test_workers_share_a_run(good_server, run, folder):
    """With xdist the results of all workers come together, and nothing is left on the server."""
    some = ("--vbpr-suite=references", "--vbpr-suite=capabilities")
    ended = run(f"--vbpr-server={good_server}", "-n2", *some, "--vbpr-examples=1", "--vbpr-out=out")
    assert ended.ret == 0, str(ended.stdout)
    results = json.loads((folder / "out" / "results.json").read_text())
    assert results["counts"]["pass"] > 3
    assert results["not_expanded"]
    assert results["run"]["created"] == results["run"]["deleted"] > 0


def test_python_tests_get_the_target_and_a_client(good_server, run, folder):
    """The fixtures give tests written in Python the server and a client that is logged in."""
    (folder / "test_mine.py").write_text(
        "def test_it(vbpr_target, vbpr_client):\n"
        "    assert vbpr_target.url == vbpr_client.base_url\n"
        "    assert vbpr_client.capabilities().status == 200\n"
    )
    assert run(f"--vbpr-server={good_server}", "test_mine.py").ret == 0
    assert "1 skipped" in str(run("test_mine.py").stdout)


def test_without_a_server_nothing_changes(pytester, folder):
    """Without `--vbpr-server` suite files are no tests, and the plugin loads nothing heavy."""
    (folder / "mine.yaml").write_text(MINE.lstrip())
    (folder / "test_it.py").write_text(
        "import sys\n\ndef test_it():\n    assert not {'pydantic', 'httpx', 'lxml'} & set(sys.modules)\n"
    )
    ended = pytester.runpytest_subprocess("-p", "no:hypothesispytest", "-p", "no:anyio")
    assert "1 passed" in str(ended.stdout), str(ended.stdout)


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--vbpr-edition=9.9", "9.9"),
        ("--vbpr-suite=serch", "did you mean 'search'?"),
        ("--vbpr-examples=0", "from 1 on"),
    ],
)
def test_a_wrong_option_is_one_sentence(good_server, run, option, said):
    """A wrong value of an option is told in one sentence, as pytest tells its own."""
    ended = run(f"--vbpr-server={good_server}", option)
    assert ended.ret == 4
    assert said in str(ended.stderr)
    assert "Traceback" not in str(ended.stderr)
