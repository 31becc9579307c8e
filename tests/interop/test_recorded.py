"""What is recorded of the servers: nothing is hidden by it, and nothing in it grows old unseen."""

from __future__ import annotations

import pytest
from recorded import FOLDER, known_deviations, problems, target
from servers import SERVERS

from vbpr_conformance.suite.deviations import Deviation

STALE_IF_MATCH = Deviation(("update-stale",), says="answered 409", verdict="fail")
ZEROS = Deviation(("ms/*",), differs="precision")


def case(name: str, verdict: str = "pass", message: str = "", *differs: str) -> dict:
    return {
        "id": name,
        "verdict": verdict,
        "message": message,
        "requirements": ["mr-update"],
        "details": [["differs", each] for each in differs] + [["specification", "https://hl7.org/fhir/R4"]],
    }


def compared(deviation: Deviation, *cases: dict) -> list[str]:
    return [each.partition(":")[0] for each in problems([deviation], list(cases))]


@pytest.mark.parametrize("server", SERVERS, ids=lambda server: server.name)
def test_the_records_of_each_server_are_a_target_file(server, tmp_path, edition):
    """The product reads them, with a reason, a link and evidence for each, and requirements that the edition has."""
    found = target(server.name, tmp_path)
    assert known_deviations(found)
    requirements = {each.id for each in edition.requirements}
    for deviation in found.spec.deviations:
        assert deviation.what
        assert deviation.seen, deviation.what
        assert deviation.verdict, deviation.what
        assert deviation.link.startswith("https://hl7.org/fhir/"), deviation.what
        assert set(deviation.breaks) <= requirements, deviation.what


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
    family = Deviation(("ms/*",), says="lost")
    assert compared(family, case("ms/a", "fail", "lost"), case("ms/b", "fail", "lost")) == []
    assert compared(family, case("ms/a", "fail", "lost"), case("ms/b")) == ["stale"]


def test_lost_zeros_that_no_case_shows_are_stale():
    """Whether one case shows them hangs on its payload; that none does means that they are kept."""
    assert compared(ZEROS, case("ms/a"), case("ms/b")) == ["stale"]
    assert compared(ZEROS, case("ms/a", "fail", "changed", "a: sent 0.10, got 0.1"), case("ms/b")) == []


def test_one_case_has_one_record():
    """Two records of a case would hide which of them is true."""
    found = problems([STALE_IF_MATCH, STALE_IF_MATCH], [case("update-stale", "fail", "answered 409")])
    assert found[-1].startswith("recorded twice")
