"""Reports that fit their Measure, and reports with one change that do not fit it any more."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from vbpr_conformance.fhir import json_codec

Object = dict[str, Any]

_HL7 = "http://terminology.hl7.org/CodeSystem"
POPULATIONS = {
    "proportion": ("initial-population", "denominator", "numerator"),
    "ratio": ("initial-population", "denominator", "numerator"),
    "continuous-variable": ("initial-population", "measure-population"),
}


def measures() -> list[Object]:
    """Give a Measure of each scoring, with two groups."""
    return [_measure(scoring) for scoring in POPULATIONS]


def reports() -> Iterator[tuple[str, Object]]:
    """Give a report of each Measure as it should be, and with each of the changes."""
    for scoring in POPULATIONS:
        yield f"{scoring}-fits", _report(scoring)
        for name, change in CHANGES.items():
            report = _report(scoring)
            change(report)
            yield f"{scoring}-{name}", report


def _concept(code: str, system: str = "http://example.org/codes") -> Object:
    return {"coding": [{"system": system, "code": code}]}


def _measure(scoring: str) -> Object:
    criteria = {"language": "text/fhirpath", "expression": "true"}
    populations = [
        {"code": _concept(each, f"{_HL7}/measure-population"), "criteria": criteria} for each in POPULATIONS[scoring]
    ]
    return {
        "resourceType": "Measure",
        "url": f"http://example.org/Measure/{scoring}",
        "status": "active",
        "scoring": _concept(scoring, f"{_HL7}/measure-scoring"),
        "group": [
            {
                "code": _concept(name),
                "population": populations,
                "stratifier": [{"code": _concept("sex"), "criteria": criteria}],
            }
            for name in ("one", "two")
        ],
    }


def _report(scoring: str) -> Object:
    score = {"value": Decimal("0.5")}
    populations = [{"code": _concept(each, f"{_HL7}/measure-population"), "count": 10} for each in POPULATIONS[scoring]]
    stratum = {"value": {"text": "female"}, "population": populations, "measureScore": score}
    group = {
        "population": populations,
        "measureScore": score,
        "stratifier": [{"code": [_concept("sex")], "stratum": [stratum]}],
    }
    return json_codec.loads(
        json_codec.dumps(
            {
                "resourceType": "MeasureReport",
                "status": "complete",
                "type": "summary",
                "measure": f"http://example.org/Measure/{scoring}",
                "period": {"start": "2024"},
                "group": [{"code": _concept(name), **group} for name in ("one", "two")],
            }
        )
    )


def _twice(items: list[Any]) -> None:
    items.append(copy.deepcopy(items[0]))


def _subjects(report: Object) -> None:
    entries = [{"item": {"reference": "Patient/1"}}]
    report["contained"] = [
        {"resourceType": "List", "id": "l", "status": "current", "mode": "snapshot", "entry": entries}
    ]
    report["group"][0]["population"][0]["subjectResults"] = {"reference": "#l"}


CHANGES: dict[str, Callable[[Object], object]] = {
    "group-unknown": lambda report: report["group"][0].update(code=_concept("other")),
    "group-without-code": lambda report: report["group"][0].pop("code"),
    "group-missing": lambda report: report["group"].pop(),
    "group-twice": lambda report: _twice(report["group"]),
    "population-unknown": lambda report: report["group"][0]["population"][0].update(code=_concept("other")),
    "population-without-code": lambda report: report["group"][0]["population"][0].pop("code"),
    "population-missing": lambda report: report["group"][0]["population"].pop(),
    "population-twice": lambda report: _twice(report["group"][0]["population"]),
    "stratifier-unknown": lambda report: report["group"][0]["stratifier"][0].update(code=[_concept("other")]),
    "stratifier-missing": lambda report: report["group"][0].pop("stratifier"),
    "score-missing": lambda report: report["group"][0].pop("measureScore"),
    "score-too-high": lambda report: report["group"][0].update(measureScore={"value": Decimal("1.5")}),
    "score-without-value": lambda report: report["group"][0].update(measureScore={"unit": "1"}),
    "score-with-unit": lambda report: report["group"][0]["measureScore"].update(unit="%"),
    "subjects-in-a-summary": _subjects,
    "order-reversed": lambda report: report["group"].reverse(),
    "other-count": lambda report: report["group"][0]["population"][0].update(count=0),
}
