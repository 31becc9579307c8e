"""Matchers of what a server held before the run: for runs that write nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from vbpr_conformance.suite.answer import Answer
from vbpr_conformance.suite.evidence import Evidence
from vbpr_conformance.suite.findings import Finding, NotTestedError
from vbpr_conformance.suite.must_support import select
from vbpr_conformance.suite.sentences import short_url
from vbpr_conformance.suite.untrusted import member, reference_to, strings


def every_valid(value: Literal[True], answer: Answer, evidence: Evidence) -> None:  # noqa: ARG001  all matchers are called alike
    """Every match that claims a profile of the guide conforms to FHIR and to the profiles it claims.

    What claims none breaks none: that it is no valid resource is a warning.
    """
    if not answer.matches:
        raise NotTestedError(f"{short_url(answer.exchange)} finds nothing; load resources, or let the client read them")
    known = {each.url for each in evidence.edition.profiles}
    claiming = [each for each in answer.matches if known & _claimed(each)]
    others = [each for each in answer.matches if not known & _claimed(each)]
    _report_invalid(claiming, "resources", answer, evidence, should=False)
    _report_invalid(others, "resources without a profile of the guide", answer, evidence, should=True)
    if not claiming:
        raise NotTestedError("none of the resources the server shows claims a profile of the guide; load some that do")


def _report_invalid(
    resources: Sequence[dict[str, Any]], what: str, answer: Answer, evidence: Evidence, *, should: bool
) -> None:
    lines = []
    for each in resources:
        errors = [issue for issue in evidence.validator.issues(each) if issue.severity == "error"]
        if errors:
            place = f"{reference_to(each)} {errors[0].expression}"
            lines.append(("invalid", f"{place}: {errors[0].message} ({errors[0].rule})"))
    if lines:
        raise Finding(
            f"{len(lines)} of {len(resources)} {what} that {short_url(answer.exchange)} returned do not conform: "
            f"{lines[0][1]}",
            lines[:5],
            [answer.exchange],
            should=should,
        )


def shows_somewhere(value: str, answer: Answer, evidence: Evidence) -> None:
    """The element is present in at least one match that claims the profile of the row; otherwise it is not verified."""
    profile = evidence.edition.profile(evidence.row["profile"])
    claiming = [match for match in answer.matches if profile.url in _claimed(match)]
    if not claiming:
        raise NotTestedError(f"none of the resources the server shows claims {profile.id}; load some that do")
    if not any(select(match, value, profile) for match in claiming):
        raise NotTestedError(f"not verified: none of {len(claiming)} resources has {value}; load one that has it")


def _claimed(resource: dict[str, Any]) -> set[str]:
    """The profiles that a resource claims, without their versions."""
    return {each.partition("|")[0] for each in strings(member(resource, "meta"), "profile")}
