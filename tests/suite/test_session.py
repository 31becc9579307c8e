"""A run as pytest drives it: which cases it has, and what it keeps of them."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from vbpr_conformance.errors import TargetError, UsageError
from vbpr_conformance.suite.session import Session
from vbpr_conformance.suite.suite_file import packaged
from vbpr_conformance.suite.verdicts import CaseResult, Verdict


class NobodyThere:
    """A client of a server that does not answer."""

    base_url = "https://payer.example/fhir"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def capabilities(self, **_):
        raise TargetError("https://payer.example:443 could not be reached")


@pytest.fixture
def session():
    """Begin a session; nothing is sent."""

    def make(**options) -> Session:
        given = {
            "server": "https://payer.example/fhir/",
            "edition": "1.1.0",
            "suite": None,
            "examples": None,
            "seed": 1,
            "read_only": False,
            "strict": False,
            "run_id": "run",
            "redact_bodies": False,
            "shard": None,
            "stable": None,
            "embedded": False,
            "deviations": None,
            **options,
        }
        named = {f"vbpr_{name}": value for name, value in given.items()}
        return Session(argparse.Namespace(**named, keyword="", markexpr=""), None, lambda *_, **__: NobodyThere())

    return make


def test_two_cases_with_one_suite_and_id_are_refused(session, write):
    """Whatever files they stand in: neither result may hide the other."""
    made = session()
    first, second = write(name="one.yaml"), write(name="two.yaml")
    assert [case.id for case in made.cases(first)] == ["small"]
    with pytest.raises(UsageError, match=r"two.yaml:4: the suite 'Small' has a case 'small' already, .*one.yaml:4"):
        list(made.cases(second))


def test_the_same_id_in_another_suite_is_another_case(session, write):
    """A user's own `read` does not replace the packaged one, and its result neither."""
    made = session()
    one, two = write(name="one.yaml"), write("suite: Small", "suite: Other", name="two.yaml")
    made.select([*made.cases(one), *made.cases(two)])
    for suite, verdict in (("Small", Verdict.FAIL), ("Other", Verdict.PASS)):
        made.keep(CaseResult("small", suite, "A small case", "SHALL", verdict).as_dict())
    record = made.finish(interrupted=False)
    assert [(each.suite, each.verdict) for each in record.results] == [("Small", "fail"), ("Other", "pass")]


def test_cases_that_only_read_are_those_of_a_read_only_run(session):
    """In others they are not collected at all."""
    existing = next(path for path in packaged() if path.stem == "existing")
    assert list(session().cases(existing)) == []
    assert list(session(read_only=True).cases(existing))


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ({"suite": ["serch"]}, "no suite 'serch'; did you mean 'search'?"),
        ({"examples": 0}, "expected a whole number from 1 on"),
        ({"server": "payer.example"}, "is not a base URL"),
        ({"edition": "9.9"}, "9.9"),
    ],
)
def test_a_mistake_in_an_option_is_told_before_anything_is_sent(session, option, said):
    """In one sentence."""
    with pytest.raises(UsageError) as trouble:
        session(**option)
    assert said in str(trouble.value)


def test_a_suite_is_chosen_by_its_name_or_path(session, write):
    """And other YAML is never taken."""
    path = write()
    assert session().takes(path)
    assert not session(suite=["search"]).takes(path)
    assert session(suite=[str(path)]).takes(path)
    assert not session().takes(Path(__file__).parent / "nothing.yaml")


def test_a_target_that_is_not_there_is_the_trouble_of_the_run(session):
    """It is raised, and kept for the record."""
    made = session()
    with pytest.raises(TargetError, match="could not be reached"):
        made.probe()
    assert made.record.trouble == "https://payer.example:443 could not be reached"
    made.close()


def test_what_processes_did_adds_up(session):
    """Each counts from its own beginning; the last word of each counts."""
    made = session()
    done = {"requests": 3, "created": 2, "deleted": 1, "left": ["X/1"], "software": "S", "version": "1"}
    made.count("gw0", {**done, "requests": 1})
    made.count("gw0", done)
    made.count("gw1", {**done, "software": "", "limits": ["slow"]})
    tally = made.record.tally
    assert (tally.requests, tally.created, tally.deleted, tally.left) == (6, 4, 2, ["X/1", "X/1"])
    assert (tally.software, tally.limits) == ("S", ["slow"])
