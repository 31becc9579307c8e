"""The record of a run, from which everything can be made again."""

from __future__ import annotations

import pytest

from vbpr_conformance.errors import UsageError
from vbpr_conformance.report.record_file import FILE, RecordFile, read_record


def written(folder, record, *, end=True):
    results, record.results = record.results, []
    writer = RecordFile(folder)
    writer.begin(record)
    for result in results:
        record.results.append(result)
        writer.add(record, result)
    if end:
        writer.end(record, record.summary())
    return read_record(folder)


def test_what_is_written_is_read_again(tmp_path, record):
    """Nothing of a run is lost."""
    record.interrupted = False
    assert written(tmp_path, record) == record


def test_a_killed_run_has_all_that_it_judged(tmp_path, record):
    """Without an end, and with a last line that was cut off, it counts as interrupted."""
    results = list(record.results)
    found = written(tmp_path, record, end=False)
    assert (found.results, found.interrupted) == (results, True)
    file = tmp_path / FILE
    file.write_text(file.read_text()[:-20])
    assert read_record(tmp_path).results == results[:-1]


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ('"verdict": "', '"verdict": "x'),
        ('"details": ', '"details": 7, "x": '),
        ('"exchanges": [', '"exchanges": ["x", '),
        ('"selected": [', '"selected": [null, '),
        ('"tally": {', '"tally": {"x": 5, '),
    ],
)
def test_a_damaged_record_is_refused_in_a_sentence(tmp_path, record, was, now):
    """Whatever somebody made of it: exit code 2, and no mistake of ours."""
    written(tmp_path, record)
    file = tmp_path / FILE
    text = file.read_text()
    assert was in text
    file.write_text(text.replace(was, now, 1))
    with pytest.raises(UsageError, match=r"damaged record of a run.*expected"):
        read_record(tmp_path)


@pytest.mark.parametrize("text", [None, "", "{}\n", "no json"])
def test_what_is_no_record_is_refused_in_a_sentence(tmp_path, text):
    """With the file and what was expected."""
    if text is not None:
        (tmp_path / FILE).write_text(text)
    with pytest.raises(UsageError, match=r"record\.ndjson: no record of a run.*expected"):
        read_record(tmp_path)
