"""Snapshots made from the differentials of official packages, against the snapshots these packages publish."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch
from typing import NamedTuple

import pytest

from vbpr_conformance.ig.definitions import Definitions
from vbpr_conformance.ig.diff_facts import Facts, of_profile
from vbpr_conformance.ig.package import read_package
from vbpr_conformance.ig.snapshot import Snapshots
from vbpr_conformance.ig.snapshot_model import profile

CORE = "hl7.fhir.r4.core-4.0.1"
EXTENSIONS = "hl7.fhir.uv.extensions.r4-"
CHAINS = {
    CORE: [],
    "hl7.fhir.us.core-3.1.1": [],
    "hl7.fhir.us.core-6.1.0": [f"{EXTENSIONS}5.2.0"],
    "hl7.fhir.us.qicore-4.1.1": ["hl7.fhir.us.core-3.1.1"],
    "hl7.fhir.us.qicore-6.0.0": ["hl7.fhir.us.core-6.1.0"],
    f"{EXTENSIONS}5.1.0": [],
    f"{EXTENSIONS}5.2.0": [],
    "hl7.fhir.uv.crmi-1.0.0": [f"{EXTENSIONS}5.1.0"],
    "hl7.fhir.us.cqfmeasures-3.0.0": ["hl7.fhir.us.core-3.1.1", "hl7.fhir.us.qicore-4.1.1"],
}
CHAINS["hl7.fhir.us.davinci-deqm-3.1.0"] = [
    f"{EXTENSIONS}5.1.0",
    *CHAINS["hl7.fhir.us.cqfmeasures-3.0.0"],
    "hl7.fhir.us.cqfmeasures-3.0.0",
]
CHAINS["hl7.fhir.us.davinci-deqm-5.0.0"] = [
    f"{EXTENSIONS}5.2.0",
    "hl7.fhir.uv.xver-r5.r4-0.0.0-synthetic",
    "hl7.fhir.us.core-6.1.0",
    "hl7.fhir.us.qicore-6.0.0",
    "hl7.fhir.uv.crmi-1.0.0",
    "hl7.fhir.us.cqfmeasures-3.0.0",
]
CHAINS["hl7.fhir.us.davinci-vbpr-1.0.0"] = [*CHAINS["hl7.fhir.us.davinci-deqm-3.1.0"], "hl7.fhir.us.davinci-deqm-3.1.0"]
CHAINS["hl7.fhir.us.davinci-vbpr-1.1.0"] = [*CHAINS["hl7.fhir.us.davinci-deqm-5.0.0"], "hl7.fhir.us.davinci-deqm-5.0.0"]

ASPECTS = {
    "type",
    "min",
    "max",
    "base max",
    "types",
    "fixed",
    "pattern",
    "binding",
    "must support",
    "slicing",
    "content of",
}


class Convention(NamedTuple):
    """Where a package differs from us, and why that is as good or better. Names are shell patterns."""

    package: str
    artifacts: str
    elements: str
    aspects: str
    reason: str


CONVENTIONS = [
    *(
        Convention(
            package,
            artifacts,
            elements,
            "min",
            "made before generators raised a list's minimum to what its slices need",
        )
        for package, artifacts, elements in [
            (CORE, "*", "*.extension"),
            (CORE, "*", "Observation.*code.coding"),
            (CORE, "bmi", "Observation.value[[]x]"),
            (CORE, "devicemetricobservation", "Observation.effective[[]x]"),
            ("*us.core-3.1.1", "us-core-race", "Extension.extension"),
            ("*us.core-3.1.1", "us-core-ethnicity", "Extension.extension"),
            ("*us.core-3.1.1", "us-core-pulse-oximetry", "Observation.code.coding"),
            ("*deqm-5.0.0", "parameters-caregap-remark-patch", "*.part"),
        ]
    ),
    *(
        Convention(
            package, "*", elements, aspects, "made when valueQuantity closed the choice even where it is optional"
        )
        for package, elements in [
            (CORE, "Observation.value[[]x]"),
            ("*us.core-3.1.1", "Observation.value[[]x]"),
            ("*us.core-3.1.1", "Goal.target.due[[]x]"),
        ]
        for aspects in ("types", "slicing")
    ),
    *(
        Convention(
            package,
            artifacts,
            "Observation.component:*.value[[]x]*",
            aspects,
            "narrows the choice in place, not in a slice",
        )
        for package, artifacts, each in [
            (CORE, "bp", ("types", "slicing", "presence")),
            ("*us.core-3.1.1", "us-core-pulse-oximetry", ("types", "slicing", "presence")),
            ("*us.core-6.1.0", "us-core-blood-pressure", ("types", "slicing", "presence")),
            ("*us.core-6.1.0", "us-core-pulse-oximetry", ("types", "slicing", "presence")),
            ("*us.core-6.1.0", "us-core-observation-occupation", ("slicing", "presence", "binding", "must support")),
        ]
        for aspects in each
    ),
    *(
        Convention(
            "*us.core-3.1.1", artifact, "Extension.extension:*.extension.*", "presence", "unfolds what is not used"
        )
        for artifact in ("us-core-race", "us-core-ethnicity")
    ),
    Convention(CORE, "*", "*.value", "types", "shows the type of a primitive's value as that of its parent's"),
    Convention("*cqfmeasures-3.0.0", "publishable-measure-cqfm", "*.value", "types", "the same, unfolded in a profile"),
    Convention(
        "*us.core-3.1.1", "us-core-patient", "*:birthsex", "binding", "drops the binding that its differential states"
    ),
    *(
        Convention(package, "*provenance*", "*.entity.agent", "content of", "points at a slice instead of the element")
        for package in (CORE, "*us.core-3.1.1")
    ),
    Convention(CORE, "catalog", "Composition.date", "presence", "has lost an element that its differential mentions"),
    Convention(
        CORE, "familymemberhistory-genetic", "FamilyMemberHistory.*", "presence", "has lost elements of its parent"
    ),
    Convention(CORE, "elementdefinition-de", "*:*", "presence", "unfolds extensions that nothing is said of"),
    Convention(CORE, "clinicaldocument", "*:versionNumber", "max", "takes the list's maximum, not the extension's own"),
    *(
        Convention(CORE, "structuredefinition-*-type", "Extension.*", aspects, "stems from a faulty Extension")
        for aspects in ("types", "slicing", "constraint *")
    ),
    Convention(f"{EXTENSIONS}*", "no-fixed-address", "Extension.value[[]x]", "slicing", "a slice without a slicing"),
    Convention(
        f"{EXTENSIONS}5.2.0",
        "artifact-versionAlgorithm",
        "Extension.value[[]x]",
        "slicing",
        "a slice without a slicing",
    ),
    *(
        Convention(f"{EXTENSIONS}5.2.0", "package-source", "Extension.extension:*", aspects, "states one element twice")
        for aspects in ("types", "min")
    ),
    Convention(
        "*deqm-5.0.0", "gaps-composition-deqm", "Composition.event.code", "binding", "pinned when it was published"
    ),
    *(
        Convention("*deqm-3.1.0", artifact, "Extension.value[[]x]", "slicing", "leaves a choice of one type open")
        for artifact in ("extension-measureScoring", "extension-submitDataUpdateType")
    ),
    Convention(
        "*deqm-3.1.0", "gaps-bundle-deqm", "*.resource", "constraint *", "repeats the invariants of the entry's profile"
    ),
]


@pytest.fixture(scope="module")
def read(packages):
    known = {}

    def resources(name):
        if name not in known:
            known[name] = [
                each
                for each in read_package(packages / f"{name}.tgz")
                if each[1]["resourceType"] == "StructureDefinition"
            ]
        return known[name]

    return resources


def differences(ours: Facts, theirs: Facts) -> Iterator[tuple[str, str, str, str]]:
    for element in {**ours, **theirs}:
        if element not in ours or element not in theirs:
            yield element, "presence", str(element in ours), str(element in theirs)
            continue
        mine, other = ours[element], theirs[element]
        for aspect in {**mine, **other}:
            if aspect in ASPECTS or aspect.startswith("constraint"):
                a, b = mine.get(aspect, ""), other.get(aspect, "")
                if a != b:
                    yield element, aspect, a, b


def convention(package, artifact, element, aspect):
    for each in CONVENTIONS:
        patterns = zip((package, artifact, element, aspect), each[:4], strict=True)
        if all(fnmatch(value, pattern) for value, pattern in patterns):
            return each
    return None


@pytest.mark.slow
@pytest.mark.parametrize("package", CHAINS)
def test_snapshots_equal_the_published_ones(read, package):
    """Every snapshot equals the published one in all that binds, but for known conventions, which all still occur."""
    below = Definitions(read(CORE))
    for name in CHAINS[package]:
        below = Definitions(read(name), below=below)
    definitions = Definitions(read(package), below=below)
    snapshots = Snapshots(definitions)
    compared, unexplained, used = 0, [], set()
    for url in sorted({resource["url"] for _, resource in read(package)}):
        held = definitions.find(url, "StructureDefinition")
        resource = held.resource
        known = not resource.get("baseDefinition") or definitions.find(resource["baseDefinition"])
        if not known or not resource.get("differential") or "snapshot" not in resource or resource["kind"] == "logical":
            continue
        compared += 1
        made = of_profile(profile(resource, snapshots.derived(held).flat()))
        published = of_profile(profile(resource, resource["snapshot"]["element"]))
        for element, aspect, ours, theirs in differences(made, published):
            found = convention(package, held.id, element, aspect)
            used.add(found)
            if found is None:
                unexplained.append(f"{held.id} · {element} · {aspect}: {ours} made, {theirs} published")
        if list(made) != list(published) and set(made) == set(published):
            unexplained.append(f"{held.id}: the elements stand in another order")
    assert compared
    assert not unexplained, "\n".join(unexplained)
    assert [each for each in CONVENTIONS if fnmatch(package, each.package) and each not in used] == []
