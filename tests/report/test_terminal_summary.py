"""The end of a run as people read it."""

from __future__ import annotations

import re
from dataclasses import replace

from vbpr_conformance.report.terminal_summary import head, summary
from vbpr_conformance.rest.printable import printable


def text(record):
    folder = "reports/x"
    lines = [*head(record), "", *summary(record, record.summary(), folder=folder, report=f"{folder}/report.html")]
    said = "\n".join(printable(line).rstrip() for line in lines) + "\n"
    return re.sub(r"(?m)^beyond   \d+", "beyond   N", said)  # how many the edition has grows with it


def test_a_broken_server_is_summed_up_by_cause(record, snapshot):
    """What is broken comes first, then what was missed, what is known and what was not tested, then how to go on."""
    snapshot("summary-broken", text(record))


def test_a_conformant_server_is_summed_up_in_a_line(conformant, snapshot):
    """Nothing to see again, and nothing left behind."""
    snapshot("summary-conformant", text(conformant))


def test_what_could_not_be_deleted_is_told_in_a_line(conformant):
    """The last line says how much still stands on the server and what deletes it."""
    conformant.tally.left = [f"MeasureReport/{n}" for n in range(100)]
    assert text(conformant).splitlines()[-1] == (
        "left     100 of 212 created; `vbpr-conformance cleanup https://payer.example/fhir` tries again"
    )


def test_an_interrupted_run_says_so(conformant):
    """Its verdict is over what it judged."""
    conformant.interrupted = True
    assert "INCOMPLETE" in text(conformant)
    assert "interrupted" in text(conformant)


def test_a_run_of_cases_without_requirements_counts_cases(conformant):
    """A suite of one's own need not name any requirement of the guide."""
    conformant.results = [conformant.results[0].__class__(**{**vars(conformant.results[0]), "requirements": ()})]
    conformant.selected = ()
    assert "CONFORMANT   1 of 1 case passed" in text(conformant)


def test_what_was_not_tested_is_grouped_by_its_reason(record):
    """That no resource has a value for one parameter or another is one reason; it names the parameter of one alone."""
    names = ["mr-search-status", "mr-search-date", "mr-search-period"]
    skipped = [replace(record.results[4], id=name, requirements=(name,), message="finds none by") for name in names]
    record.results = [replace(each, message=f"finds none by {each.id.rpartition('-')[2]}") for each in skipped]
    assert "not tested   mr-search-date and 2 more   finds none\n" in text(record)
    record.results = record.results[:1]
    assert "not tested   mr-search-status   finds none by status\n" in text(record)
