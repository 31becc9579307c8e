"""What `validate` prints: a finding that comes back is one line with a count."""

from __future__ import annotations

import io

from vbpr_conformance.report import validation
from vbpr_conformance.validate.batch import Outcome
from vbpr_conformance.validate.issue import Issue

DOM_6 = Issue("warning", "invariant", "MeasureReport", "dom-6", "No narrative.", "")


def few(count=1, at="MeasureReport.group[{}].population"):
    """Give findings of one kind at several places of a resource."""
    return [Issue("error", "required", at.format(each), "min:x", "x is missing.", "") for each in range(count)]


def text(*issues, every=False):
    """Print outcomes with these issues."""
    out = io.StringIO()
    outcomes = [
        Outcome(f"a.ndjson:{number}", "MeasureReport", str(number), ("http://x/p",), tuple(each))
        for number, each in enumerate(issues, start=1)
    ]
    validation.write(outcomes, "text", out, every=every)
    return out.getvalue().splitlines()


def test_a_finding_of_a_thousand_resources_is_one_line_with_a_count():
    """It is told where it is met first, and at the end how often."""
    lines = text(*[[DOM_6]] * 1000)
    assert [each for each in lines if "dom-6" in each] == [
        "  warning     MeasureReport: No narrative.  [dom-6]",
        "1,000 times  warning     MeasureReport: No narrative.  [dom-6]  first in a.ndjson:1",
    ]
    assert lines[-1] == "1000 resources: 1000 valid, 0 invalid"


def test_an_invalid_resource_names_what_it_breaks_as_others_before():
    """Its line tells the rules; the sentences were told already."""
    lines = text(few(), few(), [])
    assert lines[:4] == [
        "INVALID  a.ndjson:1  MeasureReport/1  (p)",
        "  error       MeasureReport.group[0].population: x is missing.  [min:x]",
        "INVALID  a.ndjson:2  MeasureReport/2  (p)  as before: min:x",
        "valid    a.ndjson:3  MeasureReport/3  (p)",
    ]


def test_many_places_of_one_resource_are_one_line():
    """A few are shown, of many the first."""
    assert len(text(few(3))) == 3 + 2
    assert text(few(50))[1] == (
        "  error       MeasureReport.group[0].population: x is missing.  [min:x]  and at 49 more places"
    )


def test_all_shows_each_finding_at_each_place():
    """With `--all` nothing is counted together."""
    lines = text(few(50), few(50), every=True)
    assert len(lines) == 50 + 50 + 2 + 1
    assert " times " not in "".join(lines)
