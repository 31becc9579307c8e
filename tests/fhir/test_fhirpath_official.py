"""HL7's own FHIRPath suite for R4, against the list of cases that are known to be answered otherwise."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
import yaml
from lxml import etree

from vbpr_conformance.fhir import fhirpath
from vbpr_conformance.fhir.json_codec import loads

KNOWN = Path(__file__).parent / "fhirpath_known_failures.yaml"
CONFORMS = {"Patient": True, "Person": False}


@cache
def _input(folder: Path, name: str) -> dict:
    stem = Path(name).stem
    path = next(folder / f for f in (f"{stem}.conv.json", f"{stem}.json") if (folder / f).exists())
    return _without_comments(loads(path.read_bytes()))


def _without_comments(value):
    """The converted inputs hold XML comments as `fhir_comments`, which is no property of FHIR."""
    if isinstance(value, dict):
        return {key: _without_comments(each) for key, each in value.items() if key != "fhir_comments"}
    return [_without_comments(each) for each in value] if isinstance(value, list) else value


def _shown(value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _wanted(output) -> str:
    text = output.text or ""
    if output.get("type") in {"date", "dateTime", "time", None} and text.startswith("@"):
        return text.removeprefix("@").removeprefix("T")
    return text


def _same(got: str, wanted: str, kind: str | None) -> bool:
    return got == wanted or (kind in {"decimal", "integer"} and float(got) == float(wanted))


def _passes(test, node, types) -> bool:
    expression = test.find("expression")
    text = (expression.text or "").strip()
    env = fhirpath.Environment(
        node, types=types, conforms_to=lambda _resource, url: CONFORMS.get(url.rpartition("/")[2])
    )
    try:
        compiled = fhirpath.compile(text)
        found = [compiled.holds(node, env)] if test.get("predicate") == "true" else compiled.evaluate(node, env)
    except fhirpath.ExpressionError:
        return expression.get("invalid") is not None
    if expression.get("invalid"):
        return False
    outputs = test.findall("output")
    got, wanted = [_shown(each) for each in found], [_wanted(each) for each in outputs]
    if test.get("ordered") == "false":
        got.sort()
        wanted.sort()
    kinds = [each.get("type") for each in outputs]
    return len(got) == len(wanted) and all(map(_same, got, wanted, kinds))


def test_official_suite(shared, base_types):
    """Every case of the official suite passes, except exactly those listed with a reason."""
    folder = shared / "testcases" / "fhirpath"
    suite = folder / "tests-fhir-r4.xml"
    if not suite.exists():
        pytest.skip("the official FHIRPath suite is not beside the project")
    types = fhirpath.StructureTypes(base_types)
    tests = list(etree.parse(suite).getroot().iter("test"))
    failing = {
        test.get("name")
        for test in tests
        if not _passes(test, _input(folder, test.get("inputfile", "patient-example.xml")), types)
    }
    known = {name for entry in yaml.safe_load(KNOWN.read_text(encoding="utf-8")) for name in entry["cases"]}
    assert failing == known
    assert len(tests) == 935
