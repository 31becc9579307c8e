"""Small resources of all kinds, each with its verdict: slicings, bindings, contexts, references, Bundles, narrative."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from vbpr_conformance.validate.issue import is_valid
from vbpr_conformance.validate.validator import Validator

PROBES = Path(__file__).with_name("probes")
CORE = Path(__file__).parents[3] / "shared" / "ig" / "packages" / "hl7.fhir.r4.core-4.0.1.tgz"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(name: str) -> list[dict]:
    """Read the rows of a file."""
    return yaml.load((PROBES / name).read_text(encoding="utf-8"), LOADER)  # noqa: S506 - a safe loader


@pytest.fixture(scope="module")
def judge(edition, tmp_path_factory):
    """Give a validator that knows R4 and the definitions of the probes."""
    if not CORE.exists():
        pytest.skip("the official artifacts are not at hand")
    folder = tmp_path_factory.mktemp("definitions")
    for each in read("definitions.yaml"):
        (folder / f"{each['id']}.json").write_text(json.dumps(each), encoding="utf-8")
    return Validator(edition.with_packages([CORE, folder]))


@pytest.mark.parametrize("probe", read("resources.yaml"), ids=lambda each: each["name"])
def test_probe(judge, probe):
    """The verdict is the one that is written beside it."""
    issues = judge.issues_of(json.dumps(probe["resource"]))
    assert is_valid(issues) == probe["valid"], issues
