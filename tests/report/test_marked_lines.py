"""Bodies with the element marked that a finding is about."""

from __future__ import annotations

import json

import pytest

from vbpr_conformance.report.marked_lines import marked_lines

REPORT = {
    "resourceType": "MeasureReport",
    "group": [
        {"measureScore": {"value": 12.5}, "extension": [{"url": "a", "valueQuantity": {"value": 1}}]},
        {"measureScore": {"value": 2}},
    ],
    "text": {"div": '{ "value": 3'},
}


def marked(resource, *expressions: str) -> list[str]:
    return [line.text.strip() for line in marked_lines(json.dumps(resource), expressions) if line.is_marked]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("group[0].measureScore.value", ['"value": 12.5']),
        ("MeasureReport.group[1].measureScore.value", ['"value": 2']),
        ("group[0].extension[0].value.ofType(Quantity).value", ['"value": 1']),
        ("group[1].measureScore", ['"measureScore": {', '"value": 2', "}"]),
        ("MeasureReport.group[1].extension[2].valueMarkdown", ["{"]),
        ("MeasureReport", []),
        ("date", []),
        ("date.", []),
        ("[", []),
        ("no path [at all", []),
    ],
)
def test_an_element_is_marked_where_it_stands(expression, expected):
    """Not others of its name; what is missing is marked where it should stand."""
    assert marked(REPORT, expression) == expected


def test_in_a_bundle_the_element_of_its_resources_is_marked():
    """A path of a resource is looked for in what the Bundle holds."""
    assert marked({"entry": [{"resource": REPORT}]}, "group[1].measureScore.value") == ['"value": 2']


def test_of_a_long_body_what_is_marked_is_seen():
    """The beginning and what stands around the mark, and how much is left out."""
    group = [{"measureScore": {"value": number}} for number in range(900)]
    lines = marked_lines(json.dumps({**REPORT, "group": group}), ["group[700].measureScore.value"])
    assert len(lines) < 50
    assert [line.text.strip() for line in lines if line.is_marked] == ['"value": 700']
    assert [line.text for line in lines if line.text.startswith("…")] == ["… 3,485 more lines", "… 994 more lines"]
    assert len(marked_lines(json.dumps({"group": group}), [])) < 900


@pytest.mark.parametrize("body", ["", "no JSON", "{", "{]", '[[[{"a', "x" * 20_000, '{"a": [{"b": "c… (12,345 bytes)'])
def test_any_body_is_shown(body):
    """What is no JSON, or was cut off, is text; nothing raises."""
    assert "".join(line.text for line in marked_lines(body, ["a[0].b"]))[:1] == body[:1]


def test_what_was_cut_off_is_laid_out_too():
    """As far as it goes."""
    assert [line.text for line in marked_lines('{"a":[{"b":1.50,"x":[]},{"c"… (12,345 bytes)', ())] == [
        "{",
        '  "a": [',
        "    {",
        '      "b": 1.50,',
        '      "x": []',
        "    },",
        "    {",
        '      "c"… (12,345 bytes)',
    ]


@pytest.mark.parametrize(
    "body",
    ['{"a": ' * 4_000 + "1" + "}" * 4_000, "[" * 4_000 + "]" * 4_000, json.dumps({"x" * 1_000_000: {"y": 1}})],
    ids=["objects", "arrays", "a long name"],
)
def test_what_is_no_resource_at_all_takes_no_time(body):
    """Nobody's element stands deeper or is called longer than FHIR has it."""
    for expression in ("X" * 1_000_000, "a." * 100_000, "[0]" * 100_000):
        assert not any(len(line.place) > 1_000_600 for line in marked_lines(body, [expression]))
