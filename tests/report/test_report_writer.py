"""Outputs are written whole or not at all, and one that cannot be written ends no other."""

from __future__ import annotations

import errno
import json
import os

import pytest

from vbpr_conformance.report.outputs import standard_writers
from vbpr_conformance.report.report_writer import RunWriters, write_whole
from vbpr_conformance.report.results_json import ResultsJson


def test_a_file_is_replaced_only_by_a_whole_one(tmp_path):
    """On a full disk the old file stays and no half of the new one is left."""
    file = tmp_path / "a.txt"
    write_whole(file, "old")

    def full():
        yield "n"
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(OSError, match="No space left") as caught:
        write_whole(file, full())
    assert caught.value.filename == str(file)
    assert [each.name for each in tmp_path.iterdir()] == ["a.txt"]
    assert file.read_text() == "old"


def test_what_cannot_be_written_is_one_sentence_and_ends_nothing_else(tmp_path, record):
    """Here a file stands where the folder should be."""
    (tmp_path / "taken").write_text("")
    writers = RunWriters([ResultsJson(tmp_path / "taken"), ResultsJson(tmp_path / "out")])
    writers.begin(record)
    writers.end(record, record.summary())
    assert len(writers.troubles) == 1
    assert str(tmp_path / "taken") in writers.troubles[0]
    assert json.loads((tmp_path / "out" / "results.json").read_text())["verdict"] == "non-conformant"


def test_a_run_that_is_killed_has_left_what_it_judged(tmp_path, record):
    """Every output that can be read on the way says that the run was not finished."""
    results, record.results, record.interrupted = record.results, [], True
    writers = RunWriters(standard_writers(tmp_path))
    writers.begin(record)
    record.results.append(results[0])
    writers.add(record, results[0])
    assert writers.troubles == []
    found = json.loads((tmp_path / "results.json").read_text())
    assert (found["run"]["interrupted"], found["verdict"]) == (True, "incomplete")
    assert 'name="interrupted" value="true"' in (tmp_path / "junit.xml").read_text() or found["cases"] == []
    assert len(list((tmp_path / "allure-results").glob("*-result.json"))) == 1
