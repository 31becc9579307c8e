"""The matcher of what a CapabilityStatement declares: https://hl7.org/fhir/R4/capabilitystatement.html."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vbpr_conformance.suite.answer import Answer
from vbpr_conformance.suite.claims import declared, declared_types
from vbpr_conformance.suite.evidence import Evidence
from vbpr_conformance.suite.findings import Finding, HarnessError


def declares(value: str, answer: Answer, evidence: Evidence) -> None:
    """The statement declares what the requirement of this id is about."""
    requirement = next((each for each in evidence.edition.requirements if each.id == value), None)
    if requirement is None:
        raise HarnessError(f"{evidence.source}: no requirement {value!r}")
    statement = answer.resource or {}
    names = [requirement.about]
    if requirement.stated_as and "search" in requirement.about:
        names.append({**requirement.about, "search": requirement.stated_as})
    if not any(declared(about, statement) for about in names):
        raise Finding(
            f"the CapabilityStatement does not declare {about_text(requirement.about)}",
            (),
            [answer.exchange],
        )
    for about in names if "search" in requirement.about else ():
        said = declared_types(about, statement) - _types(requirement.about, evidence)
        if said:
            text = about_text(requirement.about)
            raise Finding(f"the CapabilityStatement declares {text} as {min(said)}", (), [answer.exchange])


def _types(about: Mapping[str, Any], evidence: Evidence) -> set[str]:
    """The types of a search parameter: as it is published, and as the edition reads it."""
    edition = evidence.edition
    found = next(each for each in edition.search_parameters(about["resource"]) if each.code == about["search"])
    held = edition.definitions.find(found.url, "SearchParameter")
    return {found.type, *([str(held.resource.get("type"))] if held else [])}


def about_text(about: Mapping[str, Any]) -> str:
    """Say what a requirement is about, for a sentence."""
    rest = {key: value for key, value in about.items() if key != "resource"}
    said = " ".join(f"{key} {value}" for key, value in rest.items())
    return f"{said} of {about['resource']}" if "resource" in about and said else said or str(about.get("resource", ""))
