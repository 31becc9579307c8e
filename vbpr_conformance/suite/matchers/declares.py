"""The matcher of what a CapabilityStatement declares: https://hl7.org/fhir/R4/capabilitystatement.html."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vbpr_conformance.suite.answer import Answer
from vbpr_conformance.suite.claims import declared, declared_parameters
from vbpr_conformance.suite.evidence import Evidence
from vbpr_conformance.suite.findings import Finding, HarnessError
from vbpr_conformance.suite.sentences import printable
from vbpr_conformance.suite.untrusted import string

_OFFICIAL = "http://hl7.org/fhir/"
"""Below this URL stand the definitions of FHIR itself and of HL7's guides."""


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
        for parameter in declared_parameters(about, statement):
            _same_parameter(parameter, requirement.about, answer, evidence)


def _same_parameter(parameter: Mapping[str, Any], about: Mapping[str, Any], answer: Answer, evidence: Evidence) -> None:
    """What is declared under the name of a search parameter is that parameter: its type and its definition.

    Its definition SHALL be populated for what FHIR or a guide defines; one that names no URL, or one outside of the
    official names, is a SHOULD here, as it may be a definition of the server's own that says the same
    (https://hl7.org/fhir/R4/capabilitystatement-definitions.html#CapabilityStatement.rest.resource.searchParam.definition).
    """
    edition = evidence.edition
    found = next(each for each in edition.search_parameters(about["resource"]) if each.code == about["search"])
    held = edition.definitions.find(found.url, "SearchParameter")
    text = about_text(about)
    sentence = string(parameter, "type")
    if sentence not in {found.type, *([str(held.resource.get("type"))] if held else [])}:
        raise Finding(f"the CapabilityStatement declares {text} as {sentence}", (), [answer.exchange])
    defined = string(parameter, "definition").partition("|")[0]
    if defined != found.url:
        what = f"with the definition {printable(defined)}" if defined else "without its definition"
        raise Finding(
            f"the CapabilityStatement declares {text} {what}, expected {found.url}",
            (),
            [answer.exchange],
            should=not defined.startswith(_OFFICIAL),
            cause="the CapabilityStatement names search parameters without the definition that the guide gives them",
        )


def about_text(about: Mapping[str, Any]) -> str:
    """Say what a requirement is about, for a sentence."""
    rest = {key: value for key, value in about.items() if key != "resource"}
    text = " ".join(f"{key} {value}" for key, value in rest.items())
    return f"{text} of {about['resource']}" if "resource" in about and text else text or str(about.get("resource", ""))
