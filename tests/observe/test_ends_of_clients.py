"""How a client ends, and what it says of answers that were none: choking, giving up, and keeping silent about it."""

from __future__ import annotations

import shlex
import sys

import pytest
from reading_client import ReadingClient
from test_observe_command import verdicts

from vbpr_conformance.observe.client_command import ClientEnd
from vbpr_conformance.observe.scenario_verdicts import ScenarioJudge
from vbpr_conformance.suite.verdicts import Verdict

READS = "import json,os,urllib.request as u;t=json.load(open(os.environ['VBPR_TASK_JSON']));"
READS += "b=u.urlopen(t['base']+'/'+t['report']).read();print(b.decode());"


def client(then):
    return f"{shlex.quote(sys.executable)} -c {shlex.quote(READS + then)}"


def test_choking_on_what_any_server_may_answer_is_a_failure(observe, tmp_path):
    """The plain scenario shows that it is that: there the same client ends well."""
    chokes = client("assert bytes([69, 43]) not in b, 'E+'") + " > /dev/null"
    done = observe("--client-cmd", chokes, "--scenario", "report", "--scenario", "exponents", "--out", tmp_path)
    found = verdicts(tmp_path)
    assert done.returncode == 1
    assert found["report/delivered"]["verdict"] == "pass"
    assert found["exponents/scores"]["verdict"] == "fail"
    assert "choked on conformant answers" in found["exponents/scores"]["message"]
    assert {each["verdict"] for each in found.values()} <= {"pass", "fail", "skip", "warn"}


def test_who_ends_with_an_error_whatever_it_is_given_does_not_choke(observe, tmp_path):
    """That says nothing about conformance."""
    broken = f"{client('raise SystemExit(3)')} > /dev/null"
    done = observe("--client-cmd", broken, "--scenario", "report", "--scenario", "exponents", "--out", tmp_path)
    assert done.returncode == 3
    assert verdicts(tmp_path)["exponents/scores"]["verdict"] == "error"


def test_a_client_that_chokes_fails_by_the_cases_about_its_task(bench):
    """What was seen before counts as it is; what is never done is told apart from it."""
    bench.visit("zero-scores")
    story = bench.stories["zero-scores"]
    story.trouble, story.choked, story.outputs = "the client ended with exit code 1", True, []
    found = bench.verdicts("zero-scores")
    assert found["delivered"].verdict is Verdict.PASS
    assert found["scores"].verdict is Verdict.FAIL
    assert "choked on conformant answers" in found["scores"].message
    assert Verdict.ERROR not in {each.verdict for each in found.values()}


def test_of_a_stack_trace_what_was_raised_is_told():
    said = b"Traceback (most recent call last):\n  File \"x.py\", line 1\n    f(x)\n    ^^^^\nKeyError: 'reference'\n"
    assert ClientEnd(1, errors=said).last_output == "Traceback (most recent call last): KeyError: 'reference'"


@pytest.mark.parametrize("name", ["outcome-instead", "html", "cut-bodies", "too-many-always"])
@pytest.mark.parametrize(
    ("code", "said", "verdict"),
    [
        (0, b"No results.", Verdict.WARN),
        (0, b"", Verdict.WARN),
        (0, b"The server reported an error.", Verdict.PASS),
        (1, b"", Verdict.PASS),
        (None, b"", Verdict.SKIP),
    ],
)
def test_who_passes_an_answer_that_is_none_off_as_nothing_found_is_warned(bench, name, code, said, verdict):
    bench.visit(name)
    story = bench.stories[name]
    story.code, story.outputs = code, [("stdout", said)]
    assert bench.verdicts(name)["admitted"].verdict is verdict


def test_what_another_server_said_is_not_shown_as_this_ones(bench):
    """As by a cache that forgets whom it asked."""
    plain, other = bench.visit("plain"), bench.session.scenario("report")
    story, held = bench.stories["plain"], other.data.held["first"]
    story.session = [plain, other]

    def unmixed():
        return next(each for each in ScenarioJudge(plain, story).results() if each.id == "plain/unmixed")

    assert unmixed().verdict is Verdict.PASS
    story.outputs = [*story.outputs, ("more", held.reference.encode())]
    assert unmixed().verdict is Verdict.FAIL
    assert f"{held.resource['id']} is shown, which only the server of report has" in unmixed().message
    story.witnessed = True  # a file that the tester named may hold what all tasks brought
    assert not unmixed().applicable


@pytest.mark.parametrize(
    ("said", "verdict"), [(b"No reports found.", Verdict.FAIL), (b"2 reports were loaded.", Verdict.SKIP)]
)
def test_who_says_that_there_is_nothing_though_it_came_is_wrong(bench, said, verdict):
    bench.visit("plain")
    bench.stories["plain"].outputs = [("stdout", said)]
    assert bench.verdicts("plain")["shown"].verdict is verdict


class ReadsOnly(ReadingClient):
    """Does nothing."""

    def do(self):
        pass


def test_who_never_writes_is_not_judged_by_what_the_server_holds(bench):
    bench.visit("patch", client=ReadsOnly)
    assert not bench.verdicts("patch")["left"].applicable
