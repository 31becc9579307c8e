"""The tables of faults and variations: a row that cannot work is refused with its place."""

from __future__ import annotations

import pytest

from vbpr_conformance.errors import UsageError
from vbpr_conformance.reference.behaviour import Behaviour
from vbpr_conformance.reference.changes.change_table import read_rows


def only_row(tmp_path, row):
    file = tmp_path / "faults.yaml"
    file.write_text(f"- breaks: {{topic: errors}}\n  rows:\n    odd: {row}\n")
    (found,) = read_rows(file)
    return found


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        ("{says: odd, respond: {set-status: 200}}", "there is no point respond"),
        ("{says: odd, response: {set-stat: 200}}", "there is no action set-stat here"),
        ("{says: odd, bundle: {drop-member: id}}", "there is no action drop-member here"),
        ("{says: odd, switch: {xm: true}}", "there is no switch xm"),
        ("{says: odd, request: {as: delete}}", "`as` takes read, create, update or conditional-update"),
    ],
)
def test_what_is_not_known_is_refused_with_its_line(tmp_path, row, wrong):
    """Points, actions and switches that do not exist are told with file, line and name of the row."""
    with pytest.raises(ValueError, match=rf"faults.yaml:3: odd: {wrong}"):
        _ = only_row(tmp_path, row).change


def test_a_row_says_what_it_does(tmp_path):
    """A row without words is refused."""
    with pytest.raises(UsageError, match=r"faults.yaml:3: odd: expected a mapping with `says`"):
        only_row(tmp_path, "{switch: {xml: false}}")


def test_a_row_acts_at_several_points(tmp_path):
    """Names in braces are filled in, and all points of a row are changed together."""
    row = only_row(tmp_path, '{says: "of {main}", switch: {xml: false}, format: always-json, refusal: as-html}')
    filled = row.filled({"main": "Measure"})
    changed = filled.change(Behaviour())
    assert filled.says == "of Measure"
    assert (changed.xml, len(changed.format), len(changed.refusal), len(changed.response)) == (False, 1, 1, 0)
