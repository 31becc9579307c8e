"""What is recorded of the servers: nothing is hidden by it, and nothing in it grows old unseen."""

from __future__ import annotations

import pytest
from recorded import FOLDER, Deviation, Expected, expected, problems
from servers import SERVERS

STALE_IF_MATCH = Deviation("409", "fail", ("update-stale",), ("mr-update",), "", "", "", says="answered 409")
ZEROS = Deviation("zeros", "fail", ("ms/*",), (), "", "", "", differs="precision")


def case(name: str, verdict: str = "pass", message: str = "", *differs: str) -> dict:
    return {
        "id": name,
        "verdict": verdict,
        "message": message,
        "requirements": ["mr-update"],
        "details": [["differs", each] for each in differs] + [["specification", "https://hl7.org/fhir/R4"]],
    }


def compared(deviation: Deviation, *cases: dict) -> list[str]:
    return [each.partition(":")[0] for each in problems(Expected(1, (deviation,)), list(cases))]


@pytest.mark.parametrize("server", SERVERS, ids=lambda server: server.name)
def test_the_records_of_each_server_can_be_read(server):
    """Every server has its records, with a reason, a link and evidence for each."""
    for deviation in expected(server.name).deviations:
        assert deviation.reason, deviation.what
        assert deviation.seen, deviation.what
        assert deviation.link.startswith("https://hl7.org/fhir/"), deviation.what
        assert bool(deviation.says) is not bool(deviation.differs), deviation.what


def test_no_record_is_of_a_server_that_nobody_starts():
    """The files are those of the servers."""
    assert {path.stem for path in FOLDER.iterdir()} == {server.name for server in SERVERS}


@pytest.mark.parametrize("verdict", ["fail", "warn", "skip", "error"])
def test_what_is_not_recorded_is_reported(verdict):
    """Any verdict but `pass` needs a record, whatever else is recorded."""
    cases = case("update-stale", "fail", "PUT answered 409"), case("read", verdict, "something else")
    assert compared(STALE_IF_MATCH, *cases) == ["not recorded"]


@pytest.mark.parametrize(
    "changed", [case("update-stale"), case("update-stale", "warn", "answered 409"), case("update-stale", "fail", "500")]
)
def test_a_record_that_is_true_no_longer_is_reported(changed):
    """A recorded case that passes, or fails otherwise than recorded, is stale."""
    assert "stale" in compared(STALE_IF_MATCH, changed)


def test_a_record_of_no_case_is_reported():
    """A case that was renamed takes its record with it."""
    assert "stale" in compared(STALE_IF_MATCH, case("read"))


def test_a_pattern_stands_for_every_case_it_fits():
    """One row of a family that passes makes the record of the family stale."""
    family = Deviation("all", "fail", ("ms/*",), (), "", "", "", says="lost")
    assert compared(family, case("ms/a", "fail", "lost"), case("ms/b", "fail", "lost")) == []
    assert compared(family, case("ms/a", "fail", "lost"), case("ms/b")) == ["stale"]


@pytest.mark.parametrize(
    ("differs", "hidden"),
    [
        (["a.value: sent 0.10, got 0.1"], True),
        (["a.value: sent 0.10, got 0.1", "b.value: sent 5.00, got 5.0"], True),
        (["a.value: sent 0.10, got 0.1", "b.value: sent 1E+2, got 100.0"], True),
        (["a.value: sent 0.10, got 0.1", 'b: sent "x", got nothing'], False),
        (["a.value: sent 0.10, got 0.2"], False),
        (["a.value: sent 0.1, got 0.10"], False),
        (["a.value: sent 0.10, got nothing"], False),
        (["a.value: sent 12345.678, got 12345.68"], False),
        ([], False),
    ],
)
def test_lost_zeros_hide_nothing_else(differs, hidden):
    """Only cases that differ in zeros at the end of decimals or in exponents, and in nothing else, are taken so."""
    others = case("ms/other", "fail", "", "c.value: sent 1.0, got 1")
    found = compared(ZEROS, others, case("ms/a", "fail", "comes back changed", *differs))
    assert found == ([] if hidden else ["not recorded"])


def test_lost_zeros_that_no_case_shows_are_stale():
    """Whether one case shows them hangs on its payload; that none does means that they are kept."""
    assert compared(ZEROS, case("ms/a"), case("ms/b")) == ["stale"]


def test_one_case_has_one_record():
    """Two records of a case would hide which of them is true."""
    twice = Expected(1, (STALE_IF_MATCH, STALE_IF_MATCH))
    assert problems(twice, [case("update-stale", "fail", "answered 409")])[-1].startswith("recorded twice")
