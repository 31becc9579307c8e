"""Measures and the reports on them, as FHIR relates the two.

Populations are subsets of each other, the score of a proportion is numerator over denominator, strata divide every
population without remainder (https://hl7.org/fhir/R4/measurereport.html, https://hl7.org/fhir/R4/measure.html).
"""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

from vbpr_conformance.fhir.measure_scoring import POPULATION_SYSTEM, REQUIRED_POPULATIONS, SCORING_SYSTEM
from vbpr_conformance.generate.drawn_choices import Choices
from vbpr_conformance.generate.json_location import without_ids

Object = dict[str, Any]

_SCORING = "proportion"
_DIVISIONS = ("Synthetic region", "Synthetic age group", "Synthetic product line")


def define_groups(measure: Object, b: Choices) -> None:
    """Give a Measure one or two groups that define a proportion, one of them divided."""
    code = {"system": SCORING_SYSTEM, "code": _SCORING, "display": _SCORING.title()}
    measure["scoring"] = {"coding": [code]}
    measure["group"] = [_defined_group(number, b) for number in range(1, b.between(1, 2) + 1)]


def _defined_group(number: int, b: Choices) -> Object:
    made: Object = {
        "id": f"group-{number}",
        "code": {"text": f"Synthetic rate {number}"},
        "population": [
            {
                "id": f"group-{number}-{code}",
                "code": {"coding": [{"system": POPULATION_SYSTEM, "code": code, "display": _display(code)}]},
                "criteria": {"language": "text/fhirpath", "expression": "Patient.active"},
            }
            for code in (*REQUIRED_POPULATIONS[_SCORING], "denominator-exclusion")
        ],
    }
    if b.chance(0.6):
        made["stratifier"] = [
            {
                "id": f"group-{number}-stratifier",
                "code": {"text": b.pick(_DIVISIONS)},
                "criteria": {"language": "text/fhirpath", "expression": "Patient.address.state"},
            }
        ]
    return made


def _display(code: str) -> str:
    """The display that the code system gives a population."""
    return code.replace("-", " ").title()


def report_groups(report: Object, measure: Object, b: Choices) -> None:
    """Let a report have the groups of its Measure, with counts and scores that follow from each other.

    What else the groups of the report hold stays.
    """
    built = report.get("group") or [{}]
    groups = []
    for number, defined in enumerate(measure.get("group", ())):
        group = copy.deepcopy(built[number % len(built)])
        without_ids(group)
        group["id"] = defined.get("id", f"report-group-{number + 1}")
        for name in ("population", "stratifier", "code"):
            group.pop(name, None)
        if "code" in defined:
            group["code"] = copy.deepcopy(defined["code"])
        _count(group, defined, b)
        groups.append(group)
    report["group"] = groups


def _count(group: Object, defined: Object, b: Choices) -> None:
    codes = [each["code"] for each in defined.get("population", ())]
    counts = [_counts(b) for _ in range(b.between(2, 4))]
    if codes:
        total = {name: sum(each[name] for each in counts) for name in counts[0]}
        group["population"] = _populations(codes, total)
        group["measureScore"] = {**_kept(group.get("measureScore", {})), "value": _score(total)}
    stratifiers = []
    for each in defined.get("stratifier", ()):
        code = copy.deepcopy(each.get("code", {}))
        strata = [
            {
                "value": {"text": f"{code.get('text', 'Synthetic part')} {number}"},
                **({"population": _populations(codes, part)} if codes else {}),
                **({"measureScore": {"value": _score(part)}} if codes else {}),
            }
            for number, part in enumerate(counts, 1)
        ]
        stratifiers.append({**({"code": [code]} if code else {}), "stratum": strata})
    if stratifiers:
        group["stratifier"] = stratifiers


def _kept(score: Object) -> Object:
    """What a score keeps of the one that was built: its extensions, not its unit."""
    return {name: part for name, part in score.items() if name == "extension"}


def _counts(b: Choices) -> dict[str, int]:
    """Counts of one stratum, each population within the one before."""
    initial = b.between(50, 400)
    excluded = b.between(0, initial // 10)
    return {
        "initial-population": initial,
        "denominator": initial,
        "denominator-exclusion": excluded,
        "numerator": b.between((initial - excluded) // 3, initial - excluded),
    }


def _populations(codes: list[Object], counts: dict[str, int]) -> list[Object]:
    return [
        {"code": copy.deepcopy(code), "count": counts.get(code.get("coding", [{}])[0].get("code", ""), 0)}
        for code in codes
    ]


def _score(counts: dict[str, int]) -> Decimal:
    """The score of a proportion, to four digits."""
    rest = counts["denominator"] - counts["denominator-exclusion"]
    return (Decimal(counts["numerator"]) / Decimal(rest)).quantize(Decimal("0.0001"))
