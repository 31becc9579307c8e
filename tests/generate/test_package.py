"""Contract packages and the front of the command line."""

from __future__ import annotations

from decimal import Decimal

import pytest

from vbpr_conformance.errors import UsageError
from vbpr_conformance.fhir.json_codec import dumps
from vbpr_conformance.generate.api import payloads
from vbpr_conformance.generate.proof import first_bundle_error

PACKAGES = 4


@pytest.fixture(scope="module", params=["1.1.0", "1.0.0"])
def packages(request):
    """A few contract packages of an edition."""
    held = request.getfixturevalue("edition" if request.param == "1.1.0" else "edition_1_0_0")
    made = list(payloads("contract-package", held, n=PACKAGES, seed=7))
    return held, made


def _of(bundle, kind, profile=""):
    found = [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind]
    return [each for each in found if profile in each["meta"]["profile"][0]]


def test_packages_hang_together(packages):
    """A package is valid as a whole, and what it refers to is in it."""
    edition, made = packages
    for bundle in made:
        assert first_bundle_error(bundle, edition) == ""
        held = {entry["fullUrl"].removeprefix("http://example.org/fhir/") for entry in bundle["entry"]}
        urls = {f"{each['url']}|{each['version']}" for each in _of(bundle, "Measure")}
        for report in _of(bundle, "MeasureReport"):
            assert report["measure"] in urls
            assert report["reporter"]["reference"] in held
        performance = _of(bundle, "MeasureReport", "performance")[0]
        told = {each["reference"] for each in performance["evaluatedResource"]}
        assert told == {f"MeasureReport/{each['id']}" for each in _of(bundle, "MeasureReport", "quality")}


def test_packages_make_sense(packages):
    """Scores follow from counts, strata add up, thresholds rise, periods nest."""
    _, made = packages
    for bundle in made:
        performance = _of(bundle, "MeasureReport", "performance")[0]
        for report in _of(bundle, "MeasureReport", "quality"):
            assert performance["period"]["start"] <= report["period"]["start"]
            assert report["period"]["end"] <= performance["period"]["end"] < report["date"]
            for group in report["group"]:
                counts = _counts(group)
                rest = counts["denominator"] - counts["denominator-exclusion"]
                assert group["measureScore"]["value"] == (Decimal(counts["numerator"]) / rest).quantize(
                    Decimal("0.0001")
                )
                for stratifier in group.get("stratifier", ()):
                    parts = [_counts(stratum) for stratum in stratifier["stratum"]]
                    assert {name: sum(part[name] for part in parts) for name in counts} == counts
            thresholds = _thresholds(report)
            assert thresholds == sorted(thresholds)


def _counts(holder):
    return {each["code"]["coding"][0]["code"]: each["count"] for each in holder["population"]}


def _thresholds(report):
    return [
        part["valueDecimal"]
        for extension in report["extension"]
        for part in extension.get("extension", ())
        if part["url"] == "threshold" and "valueDecimal" in part
    ]


def test_ids_are_unique_among_packages(packages):
    """Packages can be stored side by side, and the same seed gives the same ones."""
    edition, made = packages
    urls = [entry["fullUrl"] for bundle in made for entry in bundle["entry"]]
    assert len(urls) == len(set(urls))
    again = list(payloads("contract-package", edition, n=1, seed=7))
    assert dumps(again[0]) == dumps(made[0])


def test_front(edition):
    """Payloads come by the id, the URL or the type of what they are; each depends on its number and the seed alone."""
    profile = edition.profile("vbp-measure")
    for name in (profile.id, profile.url):
        assert [each["resourceType"] for each in payloads(name, edition, n=2, seed=1)] == ["Measure"] * 2
    assert next(payloads("Organization", edition, n=1, seed=1))["resourceType"] == "Organization"
    few, many = (list(payloads(profile.id, edition, n=n, seed=3)) for n in (2, 3))
    assert [dumps(each) for each in few] == [dumps(each) for each in many[:2]]
    assert len(list(payloads(profile.id, edition, n=3, seed=1, faulty=True))) == 3
    assert "url" not in next(payloads(profile.id, edition, n=1, seed=1, faulty="min:Measure.url"))


@pytest.mark.parametrize(
    ("name", "faulty", "words"),
    [
        ("nothing", None, "is no profile of a resource .* there are .*contract-package"),
        ("Period", None, "is no profile of a resource"),
        ("contract-package", True, "has no faulty form"),
        ("vbp-measure", "min:nothing", "has no rule 'min:nothing'"),
        ("vbp-performance-measurereport", "mrp-1", "is never broken alone: It is about"),
    ],
)
def test_what_cannot_be_generated_is_said(edition, name, faulty, words):
    """A name that is not known, or a rule that cannot be broken, is a usage error that says what there is."""
    with pytest.raises(UsageError, match=words):
        list(payloads(name, edition, n=1, seed=1, faulty=faulty))
