"""The self-test that users run."""

from __future__ import annotations

import io
import json
import sys

import pytest

from vbpr_conformance.cli import main
from vbpr_conformance.reference.permitted_variations import PERMITTED_VARIATIONS
from vbpr_conformance.selftest import prove
from vbpr_conformance.selftest.fault_matrix import FaultMatrix
from vbpr_conformance.selftest.selftest_html import selftest_html
from vbpr_conformance.selftest.selftest_text import selftest_text
from vbpr_conformance.selftest.trial import TrialResult
from vbpr_conformance.selftest.trial_progress import TrialProgress
from vbpr_conformance.suite.verdicts import Verdict


def matrix(edition, *names, workers=1, **more):
    """The matrix of a few faults and variations."""
    return prove.fault_matrix(edition, wanted=lambda name: name in names, workers=workers, **more)


def test_a_fault_is_caught_by_a_case_about_what_it_breaks(edition):
    """And that case is seen to fail."""
    made = matrix(edition, "read-missing-200")
    assert made.seen["read-missing-200"]
    assert set(made.reds) == set(made.seen["read-missing-200"])
    assert (made.partial, made.is_proven) == (True, True)


def test_faults_behind_a_login_are_tried_there(edition):
    """Against a server that asks for credentials; what no run can see is told with its reason."""
    made = matrix(edition, "security-any-token", "search-category-first-only")
    assert made.seen["security-any-token"]
    assert list(made.unseen) == ["search-category-first-only"]
    assert made.is_proven


def test_several_processes_find_the_same(edition):
    """In the same order."""
    names = ("read-missing-200", "create-no-location", "security-any-token")
    assert matrix(edition, *names, workers=2).seen == matrix(edition, *names).seen


def test_what_is_not_caught_proves_nothing():
    """Nor what cannot fail, nor a good server that is accused, nor a list of exceptions that is stale."""
    fault = {"faults": {"a": "does"}}
    assert FaultMatrix("1.1.0").is_proven
    assert FaultMatrix("1.1.0", **fault, seen={"a": ["case"]}, cases={"case": "Title"}).is_proven
    assert FaultMatrix("1.1.0", **fault, seen={"a": []}, unseen={"a": "why"}).is_proven
    wrong = (
        FaultMatrix("1.1.0", **fault, seen={"a": []}),
        FaultMatrix("1.1.0", cases={"a": "Title"}),
        FaultMatrix("1.1.0", **fault, seen={"a": ["case"]}, unseen={"a": "why"}),
        FaultMatrix("1.1.0", good_server=["a: wrong"]),
        FaultMatrix("1.1.0", permitted={"gzip": ["a: wrong"]}),
    )
    for made, word in zip(wrong, ("not caught", "cannot fail", "stale", "good server", "gzip"), strict=True):
        assert not made.is_proven
        assert selftest_text(made).startswith("NOT PROVEN")
        assert word in selftest_text(made).splitlines()[1]
        assert "NOT PROVEN" in selftest_html(made)


def test_a_variation_that_is_accused_is_named(edition, monkeypatch):
    """Of the several that a server has together, the one that it is for."""

    def accuse(trial):
        wrong = "gzip" in trial.variations
        return [TrialResult(trial.cases[0], Verdict.FAIL if wrong else Verdict.PASS, applicable=True, message="no")]

    monkeypatch.setattr(prove, "performed", accuse)
    made = matrix(edition, *PERMITTED_VARIATIONS)
    assert [name for name, wrong in made.permitted.items() if wrong] == ["gzip"]
    assert not made.is_proven


def test_every_variation_is_tried():
    """The table of servers names each of them."""
    assert {each for group in prove.servers() for each in group} == set(PERMITTED_VARIATIONS)


def test_progress_is_a_line_for_each_tenth_without_a_terminal():
    """And one live line of a terminal's width with one."""
    quiet, live = io.StringIO(), io.StringIO()
    for out, is_live in ((quiet, False), (live, True)):
        show = TrialProgress(out, live=is_live)
        for done in range(1, 101):
            show(done, 100, "a-fault: " + "seen " * 30)
    assert len(quiet.getvalue().splitlines()) == 10
    assert "\n" not in live.getvalue()
    assert all(len(each) < 80 for each in live.getvalue().split("\r\x1b[K"))


def test_the_command_writes_what_it_found(tmp_path, capsys):
    """As data and as a page."""
    assert main(["selftest", "--only", "read-missing-200", "--workers", "1", "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith("PROVEN")
    found = json.loads((tmp_path / "selftest.json").read_text())
    assert (found["proven"], found["partial"]) == (True, True)
    page = (tmp_path / "selftest.html").read_text()
    assert "PROVEN" in page
    assert "Only a part of the faults was tried" in page
    assert "read-missing-200" in page


@pytest.mark.parametrize("words", [["--only", "nothing-is-called-so"], ["--edition", "9.9"], ["--workers", "0"]])
def test_a_wrong_option_is_one_sentence(words, capsys):
    """Exit code 2."""
    with pytest.raises(SystemExit) as ended:
        sys.exit(main(["selftest", *words]))
    assert ended.value.code == 2
    assert "Traceback" not in capsys.readouterr().err
