"""Matchers of what a server held before the run: for runs that write nothing."""

from __future__ import annotations

from typing import Literal

from vbpr_conformance.suite.answer import Answer
from vbpr_conformance.suite.evidence import Evidence
from vbpr_conformance.suite.findings import Finding, NotTestedError
from vbpr_conformance.suite.must_support import select
from vbpr_conformance.suite.sentences import short_url
from vbpr_conformance.suite.untrusted import member, reference_to, strings


def every_valid(value: Literal[True], answer: Answer, evidence: Evidence) -> None:  # noqa: ARG001  all matchers are called alike
    """Every match conforms to FHIR and to the profiles it claims."""
    if not answer.matches:
        raise NotTestedError(f"{short_url(answer.exchange)} finds nothing; load resources, or let the client read them")
    lines = []
    for match in answer.matches:
        errors = [issue for issue in evidence.validator.issues(match) if issue.severity == "error"]
        if errors:
            place = f"{reference_to(match)} {errors[0].expression}"
            lines.append(("invalid", f"{place}: {errors[0].message} ({errors[0].rule})"))
    if lines:
        raise Finding(
            f"{len(lines)} of {len(answer.matches)} resources that {short_url(answer.exchange)} returned do not "
            f"conform: {lines[0][1]}",
            lines[:5],
            [answer.exchange],
        )


def shows_somewhere(value: str, answer: Answer, evidence: Evidence) -> None:
    """The element is present in at least one match that claims the profile of the row; otherwise it is not verified."""
    profile = evidence.edition.profile(evidence.row["profile"])
    claiming = [match for match in answer.matches if _claims(match, profile.url)]
    if not claiming:
        raise NotTestedError(f"none of the resources the server shows claims {profile.id}; load some that do")
    if not any(select(match, value, profile) for match in claiming):
        raise NotTestedError(f"not verified: none of {len(claiming)} resources has {value}; load one that has it")


def _claims(resource: dict[str, object], url: str) -> bool:
    return any(each.partition("|")[0] == url for each in strings(member(resource, "meta"), "profile"))
