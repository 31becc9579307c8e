"""HL7's own validator and ours agree on what is valid, or a reason is on record."""

from __future__ import annotations

import os
import random
import tarfile
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import measured
import pytest
from mutants import Mutator
from oracle import build, explanation, judge, missing, reasons

from vbpr_conformance.fhir import json_codec
from vbpr_conformance.generate.api import payloads
from vbpr_conformance.ig.loader import editions, load_edition

pytestmark = pytest.mark.interop

SEED = 4711
TIMES = int(os.environ.get("ORACLE_TIMES", "1"))
"""How many times the sample that CI judges: five are 800 conformant and 800 faulty resources."""
SHARE = {
    "vbp-performance-measurereport": 60 * TIMES,
    "vbp-quality-measurereport": 40 * TIMES,
    "vbp-measure": 30 * TIMES,
    "us-core-organization": 10 * TIMES,
    "us-core-practitioner": 10 * TIMES,
    "us-core-practitionerrole": 10 * TIMES,
}
"""How many of the generated resources, conformant and faulty, are of each profile."""
GENERATED = sum(SHARE.values())
PACKAGES = 5 * TIMES
MUTANTS = 150 * TIMES
DEQM = {"1.0.0": "3.1.0", "1.1.0": "5.0.0"}


def examples(path, keep=lambda _: True):
    """Give the examples of a package."""
    with tarfile.open(path) as archive:
        for member in sorted(archive.getmembers(), key=lambda each: each.name):
            name = member.name.rpartition("/")[2]
            if member.name.startswith("package/example/") and name.endswith(".json") and not name.startswith("."):
                example = json_codec.loads(archive.extractfile(member).read())
                if keep(example):
                    yield name.removesuffix(".json"), example


def held(edition):
    """Whether an example is of profiles that the edition holds, and needs no Library or Bundle that is not at hand."""

    def keep(example):
        claimed = example.get("meta", {}).get("profile", [])
        plain = example.get("resourceType") in {"MeasureReport", "Organization"}
        return plain and all(edition.find_profile(each) is not None for each in claimed)

    return keep


def corpus(edition, shared):
    """Give all that both shall judge, by a name that starts with its kind."""
    packages = shared / "ig" / "packages"
    guide = dict(
        examples(packages / f"hl7.fhir.us.davinci-vbpr-{edition.version}.tgz", lambda each: "resourceType" in each)
    )
    found = {f"guide-{name}": each for name, each in guide.items()}
    deqm = packages / f"hl7.fhir.us.davinci-deqm-{DEQM[edition.version]}.tgz"
    found |= {f"deqm-{name}": each for name, each in examples(deqm, held(edition))}
    for path in sorted((shared / "testcases" / "r4-examples").glob("*.json")):
        found[f"r4-{path.stem}"] = json_codec.loads(path.read_bytes())
    for profile, count in SHARE.items():
        for number, each in enumerate(payloads(profile, edition, n=count, seed=SEED)):
            found[f"conformant-{profile}-{number:03}"] = each
        for number, each in enumerate(payloads(profile, edition, n=count, seed=SEED, faulty=True)):
            found[f"faulty-{profile}-{number:03}"] = each
    for number, each in enumerate(payloads("contract-package", edition, n=PACKAGES, seed=SEED)):
        found[f"package-{number:02}"] = each
    for number, each in enumerate(islice(mutants(edition, guide.values()), MUTANTS)):
        found[f"mutant-{number:03}"] = each
    found |= {f"measured-{name}": each for name, each in measured.reports()}
    for reason in reasons():
        found[f"reason-{reason.name}"] = reason.shown_by
    return found


def mutants(edition, guide):
    """Give resources with one change, of the guide's examples and of generated ones."""
    rng = random.Random(SEED)
    generated = [each for profile in SHARE for each in payloads(profile, edition, n=30, seed=SEED + 1)]
    bases = [*guide, *guide, *(each for each in generated if len(json_codec.dumps(each)) < 15_000)]
    mutator = Mutator(bases, rng)
    while True:
        yield mutator.mutant(bases[rng.randrange(len(bases))])


@pytest.fixture(scope="session")
def judged(shared, tmp_path_factory):
    """What both say, by edition; two at once where there are processors for it."""
    lacking = missing()
    if lacking is not None:
        pytest.skip(lacking)
    build()
    both = [load_edition(each) for each in sorted(editions())]
    work = [(each, corpus(each, shared), tmp_path_factory.mktemp("oracle")) for each in both]
    with ThreadPoolExecutor(max_workers=2 if (os.cpu_count() or 1) > 2 else 1) as pool:
        answers = pool.map(lambda each: judge(*each, known=measured.measures()), work)
        return {edition.version: answer for edition, answer in zip(both, answers, strict=True)}


VERSIONS = pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])


@VERSIONS
def test_all_examples_of_the_guide_are_valid_for_both(judged, version):
    """All 33 examples of each edition have no error."""
    found = [each for name, each in judged[version].items() if name.startswith("guide-")]
    assert len(found) == 33
    assert not [str(each) for each in found if each.ours or each.theirs]


@VERSIONS
@pytest.mark.parametrize("kind", ["conformant", "faulty"])
def test_both_agree_on_what_is_generated(judged, version, kind):
    """On at least 99.5 % of the conformant and of the faulty resources."""
    found = [each for name, each in judged[version].items() if name.startswith(kind)]
    assert len(found) == GENERATED
    differing = [str(each) for each in found if not each.agreed]
    assert len(differing) <= GENERATED * 0.005, differing
    # A fault may be that no profile is claimed: by what it claims, such a resource is valid.
    invalid = len([each for each in found if each.ours])
    assert invalid >= GENERATED * 0.995 if kind == "faulty" else invalid == 0


@VERSIONS
def test_contract_packages_are_valid_for_both(judged, version):
    """A whole package as a Bundle has no error."""
    found = [each for name, each in judged[version].items() if name.startswith("package-")]
    assert len(found) == PACKAGES
    assert not [str(each) for each in found if each.ours or each.theirs]


@VERSIONS
def test_both_find_the_same_reports_unfit_for_their_measure(judged, version):
    """With the Measure at hand both compare, and agree on every change."""
    found = [each for name, each in judged[version].items() if name.startswith("measured-")]
    assert {each.name for each in found if not each.ours} >= {f"measured-{each}-fits" for each in measured.POPULATIONS}
    assert not [str(each) for each in found if not each.agreed]
    assert len([each for each in found if each.ours]) > len(found) / 2


@VERSIONS
def test_where_they_differ_a_reason_is_on_record(judged, version):
    """Every error of the side that objects is covered by a reason."""
    known = [each for each in reasons() if version in each.editions]
    differing = [each for each in judged[version].values() if not each.agreed]
    assert not [str(each) for each in differing if explanation(each, known) is None]


@VERSIONS
@pytest.mark.parametrize("reason", reasons(), ids=lambda each: each.name)
def test_each_reason_still_holds(judged, version, reason):
    """The resource that shows a difference still shows it, and no other reason covers it."""
    if version not in reason.editions:
        pytest.skip(f"this is about {', '.join(reason.editions)}")
    found = judged[version][f"reason-{reason.name}"]
    assert not found.agreed, found
    assert bool(found.ours) == (reason.side == "ours"), found
    assert reason.name in (explanation(found, [reason]) or ()), found
