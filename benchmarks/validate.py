"""How fast a report is judged against its whole profile, as ratios within one run.

    python benchmarks/validate.py

The floor is what nobody who reads JSON in Python can go below: `json.loads` and one walk over all nodes. Reports are
made in code, of 5 and of 50 groups. As among the reports of one payer, codes and the payer are the same in all, while
names, numbers, dates, texts and references are not. Reports that are all different and one report, judged again and
again, are told beside each other, since the validator remembers what comes back.
"""

from __future__ import annotations

import copy
import gc
import json
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from fhir.resources.R4B.measurereport import MeasureReport

from vbpr_conformance.fhir import json_codec
from vbpr_conformance.ig.loader import load_edition
from vbpr_conformance.validate.issue import is_valid
from vbpr_conformance.validate.validator import Validator

TEMPLATE = Path(__file__).parents[1] / "tests" / "validate" / "data" / "performance.json"
ROUNDS = 15
REPORTS = 150
PROMISED = {5: 10, 50: 14}
"""How many times as fast as fhir.resources parses a report of so many groups is judged."""
MOST_FLOORS = 3
OURS = "validated, from bytes"
THEIRS = "fhir.resources parses"


def report(groups: int, seed: int = 7) -> bytes:
    """Make a report with so many groups of about 2.2 kB each, no two alike."""
    made = json_codec.loads(TEMPLATE.read_bytes())
    group = made["group"][0]
    random = Random(seed)
    made["group"] = []
    made["id"] = f"performance-{seed}"
    made["identifier"][0]["value"] = f"2024-{seed}"
    made["subject"]["reference"] = f"Practitioner/p{seed}"
    made["subject"]["extension"][0]["valueReference"]["reference"] = f"Organization/provider-{seed}"
    for each in made["evaluatedResource"]:
        each["reference"] = f"MeasureReport/quality-{random.randrange(10**6)}"
    for number in range(groups):
        one = copy.deepcopy(group)
        one["id"] = f"g{number}"
        one["extension"].append(copy.deepcopy(one["extension"][0]))
        vary(one, random)
        made["group"].append(one)
    return json_codec.dumps(made).encode()


def vary(value: Any, random: Random) -> None:
    """Change numbers and dates to others of their kind, texts to one of twenty."""
    if type(value) is dict:
        for name, each in value.items():
            if type(each) is int:
                value[name] = random.randrange(10**6)
            elif isinstance(each, Decimal):
                value[name] = Decimal(random.randrange(10**6)) / 100
            elif name in {"start", "valueDate"}:
                month, day = random.randrange(1, 13), random.randrange(1, 29)
                value[name] = f"{random.randrange(2000, 2020)}-{month:02}-{day:02}"
            elif name in {"text", "unit", "display"}:
                value[name] = f"{each} {random.randrange(20)}"
            else:
                vary(each, random)
    elif type(value) is list:
        for each in value:
            vary(each, random)


def walk(value: Any) -> None:
    """Visit every node."""
    if type(value) is dict:
        for each in value.values():
            walk(each)
    elif type(value) is list:
        for each in value:
            walk(each)


def compare(reports: list[bytes], validator: Validator) -> dict[str, float]:
    """Time each way in turn, round by round, so that a busy machine is busy for all; give CPU time per report in ms.

    The turn counts whose ratio is the median.
    """
    ways: dict[str, Callable[[bytes], object]] = {
        "floor: json.loads and a walk": lambda data: walk(json.loads(data)),
        OURS: validator.issues_of,
        "of this, reading": json_codec.loads,
        THEIRS: MeasureReport.model_validate_json,
    }
    turns: list[dict[str, float]] = []
    share = len(reports) // ROUNDS
    for turn in range(ROUNDS):
        spent = {}
        for name, run in ways.items():
            gc.collect()  # what the way before has left is not this one's work
            start = time.process_time()
            for data in reports[turn * share : (turn + 1) * share]:
                run(data)
            spent[name] = (time.process_time() - start) * 1000 / share
        turns.append(spent)
    return sorted(turns, key=lambda each: each[THEIRS] / each[OURS])[ROUNDS // 2]


def main() -> int:
    """Print the table; 1 if a promised ratio is missed."""
    validator = Validator(load_edition("1.1.0"))
    missed = False
    for groups, promised in PROMISED.items():
        different = [report(groups, seed) for seed in range(REPORTS)]
        assert is_valid(validator.issues_of(different[0])), "the report is meant to be valid"  # noqa: S101  a script
        print(f"{groups} groups, {len(different[0]) // 1000} kB")
        for reports, said in ((different, "reports all different"), (different[:1] * REPORTS, "one report")):
            spent = compare(reports, validator)
            floor, ours, _, theirs = spent.values()
            for name, milliseconds in spent.items():
                print(f"  {name:<32} {milliseconds:8.2f} ms  {milliseconds / floor:6.1f} x floor")
            print(f"  {theirs / ours:.1f} times as fast as fhir.resources parses, promised {promised} ({said})")
            missed = missed or ours > MOST_FLOORS * floor or theirs < promised * ours
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
