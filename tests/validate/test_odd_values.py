"""Whatever stands where another type is expected: it is judged, and nothing breaks down."""

from __future__ import annotations

import copy
import random

import pytest

from vbpr_conformance import validate

ODD = (None, [], {}, [[]], [{}], {"a": []}, "", 0, -1, True, "x", ["x"], [1], [None], {"value": []})
DIV = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">a</div>'}
COMPOSITION = {
    "resourceType": "Composition",
    "id": "c",
    "text": DIV,
    "status": "final",
    "type": {"text": "t"},
    "date": "2024",
    "author": [{"reference": "Practitioner/p"}],
    "title": "t",
    "section": [{"title": "s", "entry": [{"reference": "MeasureReport/r"}, {"reference": "urn:uuid:1"}]}],
}
REPORT = {
    "resourceType": "MeasureReport",
    "id": "r",
    "status": "complete",
    "type": "summary",
    "measure": "http://example.org/Measure/m|1",
    "period": {"start": "2024-01-01", "end": "2024-12-31"},
    "reporter": {"reference": "Organization/o"},
    "group": [{"code": {"text": "g"}, "measureScore": {"value": 1}, "stratifier": [{"stratum": [{}]}]}],
}
RESOURCES = [
    {
        "resourceType": "Bundle",
        "type": "document",
        "identifier": {"system": "urn:x", "value": "1"},
        "timestamp": "2024-01-01T00:00:00Z",
        "entry": [
            {"fullUrl": "http://example.org/Composition/c", "resource": COMPOSITION},
            {"fullUrl": "http://example.org/MeasureReport/r", "resource": REPORT},
        ],
    },
    {
        "resourceType": "Bundle",
        "type": "searchset",
        "link": [{"relation": "self", "url": "http://example.org/MeasureReport?status=complete"}],
        "entry": [{"fullUrl": "http://example.org/MeasureReport/r", "resource": REPORT, "search": {"mode": "match"}}],
    },
    {
        "resourceType": "StructureDefinition",
        "url": "http://example.org/StructureDefinition/s",
        "name": "S",
        "status": "draft",
        "kind": "resource",
        "abstract": False,
        "type": "MeasureReport",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/MeasureReport",
        "derivation": "constraint",
        "differential": {
            "element": [
                {"id": "MeasureReport.date", "path": "MeasureReport.date", "min": 1, "max": "1"},
                {"id": "MeasureReport.status", "path": "MeasureReport.status", "fixedCode": "complete"},
                {"id": "MeasureReport.group", "path": "MeasureReport.group", "type": [{"code": "BackboneElement"}]},
            ]
        },
    },
]


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda each: each.get("type"))
def test_odd_values_break_nothing(resource):
    """At every place of a resource stands everything odd, once; and often two of them at once."""
    draw = random.Random(7)
    for number in range(len(places(resource)) * len(ODD)):
        odd = copy.deepcopy(resource)
        for place in (number // len(ODD), draw.randrange(len(places(resource))))[: 1 + number % 2]:
            found = places(odd)
            owner, key = found[place % len(found)]
            owner[key] = copy.deepcopy(ODD[number % len(ODD)])
        assert isinstance(validate(odd), list)


def places(value):
    """The objects and lists of a resource, each with each of its keys."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [place for key in keys for place in ((value, key), *places(value[key]))]
